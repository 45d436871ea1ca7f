import { bytesOf, DTYPE, numbersOf, type Scalar } from "../../base/dtype.ts"
import { type Binary, type Expression, type Packed, type Program, type Statement, scalarOf } from "../../ir/program.ts"
import { intervalsOf } from "./address.ts"
import { type Bytes, float, sized, text, unsigned, vector, wasmModule } from "./binary.ts"
import { canRunAsLanes, emitLanes, type Scope } from "./lanes.ts"
import { countUp, type Loop, roundsOf } from "./loop.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

export interface WasmModule {
  readonly bytes: Uint8Array<ArrayBuffer> // exports `memory` and `run`
  /** The byte of memory at which each buffer starts. */
  readonly starts: ReadonlyMap<string, number>
}

/** The program as one WebAssembly module: its buffers side by side in one memory, its body one function. */
export function emitWasm(program: Program): WasmModule {
  const { buffers, body } = program
  const starts = new Map<string, number>()
  let size = 0
  for (const { name, dtype, length } of buffers) {
    starts.set(name, size)
    size += Math.ceil((length * DTYPE[dtype].bytes) / 16) * 16 // as wide as a vector, so that none straddles two
  }

  const types: number[] = []
  const fresh = (type: keyof typeof op.TYPE): Bytes => unsigned(types.push(op.TYPE[type]) - 1)
  const slots = new Map<string, Bytes>()
  const slot = (name: string, scalar: Scalar): Bytes => {
    const known = slots.get(name) ?? fresh(narrow(scalar))
    slots.set(name, known)
    return known
  }
  /** Two locals of each scalar for operations that need an operand twice; free again at once. */
  const SPARE = { i32: [fresh("i32"), fresh("i32")], f32: [fresh("f32"), fresh("f32")] } as const
  const address = (dtype: op.Stored, index: Expression): Bytes => {
    const shift = Math.log2(DTYPE[dtype].bytes)
    return shift === 0 ? expression(index) : [expression(index), op.constI32(shift), op.i32_shl]
  }
  const place = (buffer: string, dtype: op.Stored): Bytes => [
    Math.log2(DTYPE[dtype].bytes),
    unsigned(starts.get(buffer)!),
  ]

  const expression = (e: Expression): Bytes => {
    switch (e.kind) {
      case "constant":
        return narrow(e.scalar) === "i32" ? op.constI32(e.value) : [op.f32_const, float(e.value)]
      case "local":
        return [op.local_get, slot(e.name, e.scalar)]
      case "load": {
        const dtype = stored(e.dtype)
        if (e.packed) return [address(dtype, e.index), packedWord(e.packed, dtype, unsigned(starts.get(e.buffer)!))]
        return [address(dtype, e.index), op.LOAD[dtype], place(e.buffer, dtype)]
      }
      case "unary":
        return [expression(e.value), unary(e.op)]
      case "binary":
        return binary(e.op, e.left, e.right)
      case "select":
        return [expression(e.yes), expression(e.no), expression(e.condition), op.select]
      default:
        return e satisfies never
    }
  }
  const unary = (name: Extract<Expression, { kind: "unary" }>["op"]): Bytes => {
    if (name !== "i32.bits_of_f32") return op.DIRECT[name] ?? missing(name)
    const [x] = SPARE.f32
    const canonical = [op.local_set, x, op.constI32(0x7fc00000)] // counts for any NaN
    const bits = [op.local_get, x, op.i32_reinterpret_f32]
    return [canonical, bits, op.local_get, x, op.local_get, x, op.f32_ne, op.select]
  }
  const binary = (name: Binary, left: Expression, right: Expression): Bytes => {
    const direct = op.DIRECT[name]
    if (direct) return [expression(left), expression(right), direct]
    if (name.startsWith("i32.dot"))
      return dot(name, [expression(left), simd.SPLAT.i32, expression(right), simd.SPLAT.i32])
    const divide = op.DIVIDE[name]
    if (divide !== undefined) {
      if (right.kind === "constant" && right.value > 0) return [expression(left), expression(right), divide]
      return [expression(left), expression(right), guarded(name, divide)]
    }
    const [a, b] = SPARE[narrow(scalarOf(left))]
    const less = scalarOf(left) === "i32" ? op.i32_lt_s : op.f32_lt
    const [low, high] = name.endsWith(".min") ? [b, a] : name.endsWith(".max") ? [a, b] : missing(name)
    const compare = [op.local_get, low, op.local_get, high, less]
    const operands = [expression(left), expression(right), op.local_set, b, op.local_set, a]
    return [operands, op.local_get, b, op.local_get, a, compare, op.select]
  }
  /** In the first lanes of vectors; what the others hold is left. */
  const dot = (name: Binary, operands: Bytes): Bytes => {
    if (name === "i32.dot2_i16") return [operands, simd.DOT2, simd.FIRST]
    const sums = fresh("v128")
    const pairs = [operands, simd.PRODUCTS_OF_BYTES, simd.PAIRS, op.local_tee, sums, simd.FIRST]
    return [pairs, op.local_get, sums, simd.SECOND, op.i32_add]
  }
  /** x / 0 is 0, x rem 0 is x, INT_MIN / -1 wraps: where WebAssembly would trap. */
  const guarded = (name: Binary, divide: number): Bytes => {
    const [a, b] = SPARE.i32
    const [getA, getB] = [[op.local_get, a] as const, [op.local_get, b] as const]
    const either = (condition: Bytes, yes: Bytes, no: Bytes): Bytes => [
      [condition, op.if_, op.TYPE.i32],
      [yes, op.else_, no, op.end],
    ]
    const divided = [getA, getB, divide]
    const negated = [op.constI32(0), getA, op.i32_sub]
    const whole = name === "i32.div_s" ? either([getB, op.constI32(-1), op.i32_eq], negated, divided) : divided
    const byZero = name.includes("div") ? op.constI32(0) : getA
    return [op.local_set, b, op.local_set, a, either([getB, op.i32_eqz], byZero, whole)]
  }

  const scope: Scope = {
    ...{ expression, address, slot, fresh, start: (buffer) => starts.get(buffer)! },
    interval: intervalsOf(program),
  }
  const statement = (s: Statement): Bytes => {
    switch (s.kind) {
      case "let":
      case "set":
        return [expression(s.value), op.local_set, slot(s.name, scalarOf(s.value))]
      case "store": {
        const dtype = stored(buffers.find(({ name }) => name === s.buffer)!.dtype)
        return [address(dtype, s.index), expression(s.value), op.STORE[dtype], place(s.buffer, dtype)]
      }
      case "if": {
        const otherwise = s.no.length > 0 ? [op.else_, s.no.map(statement)] : []
        return [expression(s.condition), op.if_, op.NO_RESULT, s.yes.map(statement), otherwise, op.end]
      }
      case "loop": {
        const i = slot(s.index, "i32")
        const lanes = canRunAsLanes(s, buffers) ? emitLanes(s, buffers, scope) : []
        return [op.constI32(0), op.local_set, i, lanes, rounds(s, i)]
      }
      default:
        return s satisfies never
    }
  }
  /** Runs the loop on from the index it has. */
  const rounds = (s: Loop, i: Bytes): Bytes => {
    const count = roundsOf(s)
    if (count.kind === "constant") return countUp(i, expression(count), s.body.map(statement), 1)
    const n = fresh("i32")
    return [expression(count), op.local_set, n, countUp(i, [op.local_get, n], s.body.map(statement), 1)]
  }

  const code = [body.map(statement), op.end] // before `types` is read: it finds the locals
  const data = buffers.flatMap(({ name, dtype, values }): Bytes[] => {
    if (!values) return []
    return [[0, op.constI32(starts.get(name)!), op.end, sized([...bytesOf(numbersOf(dtype, values))])]]
  })
  const bytes = wasmModule([
    [1, [[0x60, 0, 0]]], // the only type: () -> ()
    [3, [[0]]],
    [5, [[0, unsigned(Math.max(1, Math.ceil(size / 65536)))]]], // memory, in pages
    [
      7,
      [
        [text("run"), 0, 0],
        [text("memory"), 2, 0],
      ],
    ],
    [10, [sized([vector(types.map((type) => [1, type])), code])]],
    [11, data],
  ])
  return { bytes, starts }
}

/** Reads no byte beyond the word: it may be the last one of the memory. */
function packedWord(packed: Packed, dtype: op.Stored, start: Bytes): Bytes {
  if (packed * DTYPE[dtype].bytes === 4) return [op.LOAD.i32, 0, start]
  return [op.LOAD.u16, 0, start, simd.SPLAT.i32, simd.WIDEN_BYTES[dtype as "i8" | "u8"], simd.FIRST]
}

const missing = (name: string): never => {
  throw new Error(`bug: WebAssembly has no ${name} here`)
}
const narrow = (scalar: Scalar): "i32" | "f32" => (scalar === "f64" ? missing("f64") : scalar)
const stored = (dtype: keyof typeof DTYPE): op.Stored => (dtype === "f64" ? missing("f64") : dtype)
