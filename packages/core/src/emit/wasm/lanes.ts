import { DTYPE, type Dtype } from "../../base/dtype.ts"
import { i32 } from "../../ir/build.ts"
import {
  type Binary,
  type Block,
  type Buffer,
  type Expression,
  type Statement,
  scalarOf,
  statementsOf,
  type Unary,
} from "../../ir/program.ts"
import { type Bytes, unsigned } from "./binary.ts"
import { countUp, type Loop, roundsOf } from "./loop.ts"
import * as op from "./opcode.ts"

/**
 * Parallel loops as SIMD128: four neighbouring rounds become the lanes of a vector, up to four vectors a pass. Each
 * lane does what its round would do, in the same order, so the bits are those of the plain loop, which also runs the
 * rounds that are left over. Source: WebAssembly core specification 2.0, section 4.3.3.
 *
 * A name either varies from lane to lane, and then has one vector local for each vector of a pass; or it is the same in
 * all lanes, and then has its scalar local, for addresses and counts, and one vector local with four copies of it.
 */

/** What the emitter of scalar code lends. */
export interface Scope {
  expression(e: Expression): Bytes
  /** The byte at which an element lies, from the start of its buffer. */
  address(dtype: op.Stored, index: Expression): Bytes
  slot(name: string, scalar: "i32" | "f32"): Bytes
  fresh(type: "i32" | "v128"): Bytes
  start(buffer: string): number
}

const simd = (code: number): Bytes => [0xfd, unsigned(code)]
const SPLAT = { i32: simd(0x11), f32: simd(0x13) } as const
const [BITSELECT, AND, DIFFER, F32_NE] = [simd(0x52), simd(0x4e), simd(0x38), simd(0x42)]
const LANES_OF: Readonly<Partial<Record<Unary | Binary, Bytes>>> = {
  "f32.sqrt": simd(0xe3),
  "i32.from_f32": simd(0xf8),
  "f32.from_i32": simd(0xfa),
  "f32.of_bits": [],
  "i32.add": simd(0xae),
  "i32.sub": simd(0xb1),
  "i32.mul": simd(0xb5),
  "i32.min": simd(0xb6),
  "i32.max": simd(0xb8),
  "i32.and": AND,
  "i32.or": simd(0x50),
  "i32.xor": simd(0x51),
  "i32.shl": simd(0xab),
  "i32.shr_s": simd(0xac),
  "i32.shr_u": simd(0xad),
  "f32.add": simd(0xe4),
  "f32.sub": simd(0xe5),
  "f32.mul": simd(0xe6),
  "f32.div": simd(0xe7),
  "f32.min": simd(0xea),
  "f32.max": simd(0xeb), // pmin and pmax: compare and select, as the judge does
}
/** These give all ones or zeros in a lane: a mask, where the judge gives 1 or 0. */
const MASK_OF: Readonly<Partial<Record<Binary, Bytes>>> = {
  "i32.eq": simd(0x37),
  "i32.ne": DIFFER,
  "i32.lt_s": simd(0x39),
  "i32.lt_u": simd(0x3a),
  "i32.le_s": simd(0x3d),
  "f32.eq": simd(0x41),
  "f32.lt": simd(0x43),
  "f32.le": simd(0x45),
}
/** Their count is a scalar, the same in all lanes. */
const SHIFTS: readonly Binary[] = ["i32.shl", "i32.shr_s", "i32.shr_u"]

/** Reads four elements as 32-bit lanes. */
const LOAD: Readonly<Record<op.Stored, readonly [load: Bytes, widen: Bytes]>> = {
  i8: [simd(0x5c), [simd(0x87), simd(0xa7)]], // four bytes, never more: the last ones may end the memory
  u8: [simd(0x5c), [simd(0x89), simd(0xa9)]],
  i16: [simd(0x03), []],
  u16: [simd(0x04), []],
  i32: [simd(0x00), []],
  f32: [simd(0x00), []],
}
const shuffle = (width: number): Bytes => [
  simd(0x0d),
  Array.from({ length: 16 }, (_, i) => (i < 4 * width ? 4 * Math.floor(i / width) + (i % width) : 0)),
]
const STORE: Readonly<Record<1 | 2 | 4, (place: Bytes) => Bytes>> = {
  1: (place) => [simd(0x5a), place, 0], // lane 0 of 32 or 64 bits, where `together` has put them
  2: (place) => [simd(0x5b), place, 0],
  4: (place) => [simd(0x0b), place],
}

/** Names whose value differs from lane to lane: the index, and what is computed from it. */
function varyingIn(loop: Loop): ReadonlySet<string> {
  const varying = new Set([loop.index])
  const visit = (block: Block): void => {
    for (const s of block) {
      if ((s.kind === "let" || s.kind === "set") && varies(s.value, varying)) varying.add(s.name)
      if (s.kind === "loop") visit(s.body)
    }
  }
  for (let before = 0; before < varying.size; ) {
    // a `set` late in a loop reaches the reads before it
    before = varying.size
    visit(loop.body)
  }
  return varying
}
function varies(e: Expression, varying: ReadonlySet<string>): boolean {
  switch (e.kind) {
    case "constant":
      return false
    case "local":
      return varying.has(e.name)
    case "load":
      return varies(e.index, varying)
    case "unary":
      return varies(e.value, varying)
    case "binary":
      return varies(e.left, varying) || varies(e.right, varying)
    case "select":
      return [e.condition, e.yes, e.no].some((each) => varies(each, varying))
    default:
      return e satisfies never
  }
}

/** Whether neighbouring lanes touch neighbouring elements: the loop's index plus what all lanes share. */
function isContiguous(index: Expression, loop: Loop, varying: ReadonlySet<string>): boolean {
  if (index.kind === "local") return index.name === loop.index
  if (index.kind !== "binary" || index.op !== "i32.add") return false
  const [left, right] = [varies(index.left, varying), varies(index.right, varying)]
  return left !== right && isContiguous(left ? index.left : index.right, loop, varying)
}

/** Whether a loop does only what lanes can do too; the others stay as they are. */
export function canRunAsLanes(loop: Loop, buffers: readonly Buffer[]): boolean {
  const rounds = roundsOf(loop)
  if (!loop.parallel || rounds.kind !== "constant" || rounds.value < 4) return false
  const varying = varyingIn(loop)
  const own = new Set([...statementsOf(loop.body)].flatMap((s) => (s.kind === "let" ? [s.name] : [])))
  const fits = (e: Expression): boolean => {
    if (!varies(e, varying)) return true
    switch (e.kind) {
      case "constant":
        return true
      case "local":
        return e.name !== loop.index
      case "load":
        return isContiguous(e.index, loop, varying)
      case "unary":
        return (e.op === "i32.bits_of_f32" || LANES_OF[e.op] !== undefined) && fits(e.value)
      case "binary":
        if (SHIFTS.includes(e.op) && varies(e.right, varying)) return false
        return (LANES_OF[e.op] ?? MASK_OF[e.op]) !== undefined && fits(e.left) && fits(e.right)
      case "select":
        return fits(e.condition) && fits(e.yes) && fits(e.no)
      default:
        return e satisfies never
    }
  }
  const allows = (block: Block): boolean =>
    block.every((s) => {
      switch (s.kind) {
        case "let":
          return fits(s.value)
        case "set":
          return own.has(s.name) && fits(s.value) // a local from outside would carry a value from round to round
        case "store":
          return isContiguous(s.index, loop, varying) && fits(s.value)
        case "loop":
          return !varies(s.count, varying) && allows(s.body)
        case "if":
          return false
        default:
          return s satisfies never
      }
    })
  return allows(loop.body) && buffers.every(({ dtype }) => dtype !== "f64")
}

/** Runs as many rounds as fill whole vectors, and leaves the loop's index at the first round that is left. */
export function emitLanes(loop: Loop, buffers: readonly Buffer[], scope: Scope): Bytes {
  const rounds = roundsOf(loop)
  if (rounds.kind !== "constant") throw new Error("bug: lanes of a loop without a known number of rounds")
  const whole = Math.floor(rounds.value / 4)
  const passes = [...(whole >= 4 ? [4] : []), ...(whole % 4 > 0 ? [1] : [])]
  return passes.map((vectors) => emitPass(loop, rounds.value, vectors, buffers, scope))
}

/** Takes `vectors` vectors of rounds at a time for as long as all of their rounds are there. */
function emitPass(loop: Loop, rounds: number, vectors: number, buffers: readonly Buffer[], scope: Scope): Bytes {
  const varying = varyingIn(loop)
  const dtypeOf = new Map(buffers.map(({ name, dtype }) => [name, dtype]))
  const each = (emit: (vector: number) => Bytes): Bytes => Array.from({ length: vectors }, (_, v) => emit(v))

  const locals = new Map<string, readonly Bytes[]>()
  /** The local of a name for vector `v`; a name that does not vary has one for all. */
  const localOf = (name: string, v: number): Bytes => {
    const count = varying.has(name) ? vectors : 1
    const known = locals.get(name) ?? Array.from({ length: count }, () => scope.fresh("v128"))
    locals.set(name, known)
    return known[v % count]!
  }
  /** Where vector `v` begins: the loop's index stands at the first round of the pass. */
  const at = (buffer: string, index: Expression, v: number): { dtype: op.Stored; address: Bytes; place: Bytes } => {
    const dtype = stored(dtypeOf.get(buffer)!)
    const offset = scope.start(buffer) + 4 * v * DTYPE[dtype].bytes
    return { dtype, address: scope.address(dtype, index), place: [0, unsigned(offset)] }
  }

  const splat = (e: Expression): Bytes => [scope.expression(e), SPLAT[narrow(e)]]
  const lanes = (e: Expression, v: number): Bytes => {
    if (!varies(e, varying)) {
      return e.kind === "local" && locals.has(e.name) ? [op.local_get, localOf(e.name, v)] : splat(e)
    }
    switch (e.kind) {
      case "local":
        return [op.local_get, localOf(e.name, v)]
      case "load": {
        const { dtype, address, place } = at(e.buffer, e.index, v)
        const [load, widen] = LOAD[dtype]
        return [address, load, place, widen]
      }
      case "unary": {
        const value = lanes(e.value, v)
        if (e.op !== "i32.bits_of_f32") return [value, LANES_OF[e.op]!]
        return [splat(i32(0x7fc00000)), value, value, value, F32_NE, BITSELECT] // any NaN is this one
      }
      case "binary": {
        if (MASK_OF[e.op]) return [mask(e, v), splat(i32(1)), AND]
        const right = SHIFTS.includes(e.op) ? scope.expression(e.right) : lanes(e.right, v)
        return [lanes(e.left, v), right, LANES_OF[e.op]!]
      }
      case "select":
        return [lanes(e.yes, v), lanes(e.no, v), mask(e.condition, v), BITSELECT]
      case "constant":
        throw new Error("bug: a constant does not vary")
      default:
        return e satisfies never
    }
  }
  /** All ones in the lanes in which `e` is not 0, zeros in the others. */
  const mask = (e: Expression, v: number): Bytes => {
    const comparison = e.kind === "binary" && MASK_OF[e.op]
    if (comparison && varies(e, varying)) return [lanes(e.left, v), lanes(e.right, v), comparison]
    return [lanes(e, v), splat(i32(0)), DIFFER]
  }

  const spare = scope.fresh("v128")
  /** The low bytes of the lanes, brought together. */
  const together = (value: Bytes, bytes: 1 | 2 | 4): Bytes =>
    bytes === 4 ? value : [value, op.local_tee, spare, op.local_get, spare, shuffle(bytes)]
  const statement = (s: Statement): Bytes => {
    switch (s.kind) {
      case "let":
      case "set": {
        if (varying.has(s.name)) return each((v) => [lanes(s.value, v), op.local_set, localOf(s.name, v)])
        const scalar = narrow(s.value)
        const both = [op.local_tee, scope.slot(s.name, scalar), SPLAT[scalar], op.local_set]
        return [scope.expression(s.value), both, localOf(s.name, 0)]
      }
      case "store":
        return each((v) => {
          const { dtype, address, place } = at(s.buffer, s.index, v)
          const { bytes } = DTYPE[dtype]
          return [address, together(lanes(s.value, v), bytes), STORE[bytes](place)]
        })
      case "loop": {
        const [i, n] = [scope.slot(s.index, "i32"), scope.fresh("i32")]
        const enter = [scope.expression(roundsOf(s)), op.local_set, n, op.constI32(0), op.local_set, i]
        return [enter, countUp(i, [op.local_get, n], s.body.map(statement), 1)]
      }
      case "if":
        throw new Error("bug: a branch has no lanes")
      default:
        return s satisfies never
    }
  }
  const width = 4 * vectors
  return countUp(scope.slot(loop.index, "i32"), op.constI32(rounds - width + 1), loop.body.map(statement), width)
}

const narrow = (e: Expression): "i32" | "f32" => {
  const scalar = scalarOf(e)
  if (scalar === "f64") throw new Error("bug: f64 has no lanes")
  return scalar
}
const stored = (dtype: Dtype): op.Stored => {
  if (dtype === "f64") throw new Error("bug: f64 has no lanes")
  return dtype
}
