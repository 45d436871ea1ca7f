import { DTYPE, type Dtype } from "../../base/dtype.ts"
import { i32 } from "../../ir/build.ts"
import type { Interval } from "../../ir/interval.ts"
import { type Expression, operandsOf, type Statement, scalarOf, statementsOf } from "../../ir/program.ts"
import { type Loop, type Names, roundsOf, SHIFTS, type Target, varies } from "../lanes.ts"
import { type Split, splitIndex } from "./address.ts"
import { type Code, each, unsigned } from "./binary.ts"
import { countUp } from "./loop.ts"
import * as op from "./opcode.ts"
import * as simd from "./simd.ts"

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
  expression(e: Expression): Code
  /** The byte at which an element lies, from the start of its buffer. */
  address(dtype: op.Stored, index: Expression): Code
  slot(name: string, scalar: "i32" | "f32"): Code
  fresh(type: "i32" | "v128"): Code
  start(buffer: string): number
  dtype(buffer: string): Dtype
  interval(name: string): Interval
  /** Whether relaxed SIMD may be used, where the result is one and the same. */
  readonly relaxed: boolean
}

/** What SIMD128 does on four lanes. */
export const SIMD128: Target = {
  lanes: 4,
  does: (op) =>
    op === "i32.bits_of_f32" || op === "i32.dot4_i8" || (simd.LANES_OF[op] ?? simd.MASK_OF[op]) !== undefined,
}

/** Which names that all lanes share are asked for as scalars, for addresses and counts, and which as vectors. */
interface Uses {
  readonly asScalar: ReadonlySet<string>
  readonly asVector: ReadonlySet<string>
}
function usesOf(loop: Loop, { varying }: Names): Uses {
  const [asScalar, asVector] = [new Set<string>(), new Set<string>()]
  const scalars = (e: Expression): void => {
    if (e.kind === "local") asScalar.add(e.name)
    else for (const inner of operandsOf(e)) scalars(inner)
  }
  const lanes = (e: Expression): void => {
    if (e.kind === "local") asVector.add(e.name)
    else if (!varies(e, varying) || e.kind === "load") scalars(e)
    else if (e.kind === "binary" && SHIFTS.includes(e.op)) {
      lanes(e.left)
      scalars(e.right)
    } else for (const inner of operandsOf(e)) lanes(inner)
  }
  for (const s of statementsOf(loop.body)) {
    if (s.kind === "store") {
      scalars(s.index)
      lanes(s.value)
    } else if (s.kind === "loop") scalars(s.count)
    else if (s.kind !== "if") (varying.has(s.name) ? lanes : scalars)(s.value)
  }
  return { asScalar, asVector }
}
/** Whether every byte of a word is proved to be 0 … 127: by a mask, here or where the name is bound. */
function below128(e: Expression, names: Names): boolean {
  if (e.kind === "local") {
    const value = names.assigned.has(e.name) ? undefined : names.bound.get(e.name)
    return value !== undefined && below128(value, names)
  }
  if (e.kind === "constant") return (e.value & 0x80808080) === 0
  if (e.kind !== "binary" || e.op !== "i32.and") return false
  return below128(e.left, names) || below128(e.right, names)
}

/** Runs as many rounds as fill whole vectors, and leaves the loop's index at the first round that is left. */
export function emitLanes(loop: Loop, names: Names, scope: Scope): Code {
  const rounds = roundsOf(loop)
  if (rounds.kind !== "constant") throw new Error("bug: lanes of a loop without a known number of rounds")
  const whole = Math.floor(rounds.value / 4)
  const passes = [...(whole >= 4 ? [4] : []), ...(whole % 4 > 0 ? [whole % 4] : [])]
  const known = { ...names, ...usesOf(loop, names) }
  return each(passes, (vectors) => emitPass(loop, rounds.value, vectors, known, scope))
}

/** Takes `vectors` vectors of rounds at a time for as long as all of their rounds are there. */
function emitPass(loop: Loop, rounds: number, vectors: number, names: Names & Uses, scope: Scope): Code {
  const { varying, bound, asScalar, asVector } = names
  const eachVector = (emit: (vector: number) => Code): Code => {
    let code = ""
    for (let v = 0; v < vectors; v++) code += emit(v)
    return code
  }

  const locals = new Map<string, readonly Code[]>()
  /** The local of a name for vector `v`; a name that does not vary has one for all. */
  const localOf = (name: string, v: number): Code => {
    const count = varying.has(name) ? vectors : 1
    const known = locals.get(name) ?? Array.from({ length: count }, () => scope.fresh("v128"))
    locals.set(name, known)
    return known[v % count]!
  }
  /** Where vector `v` begins: the loop's index stands at the first round of the pass. */
  const at = (
    buffer: string,
    index: Expression,
    v: number,
    step = 1,
  ): { dtype: op.Stored; address: Code; place: Code } => {
    const dtype = stored(scope.dtype(buffer))
    const { bytes } = DTYPE[dtype]
    const found = addresses.get(index)
    const known = found?.bytes === bytes ? found : undefined
    const { rest, constant } = known ?? splitIndex(index, scope.interval)
    const place = UNALIGNED + unsigned(scope.start(buffer) + (constant + 4 * v * step) * bytes)
    if (known) return { dtype, address: op.local_get + known.local, place }
    if (vectors === 1) return { dtype, address: scope.address(dtype, rest), place }
    const local = scope.fresh("i32")
    addresses.set(index, { rest, constant, bytes, local })
    return { dtype, address: scope.address(dtype, rest) + op.local_tee + local, place }
  }
  /** Of the statement that is being printed: computed for its first vector, and the same but for an offset for the others. */
  const addresses = new Map<Expression, Split & { readonly bytes: number; readonly local: Code }>()

  /** Four copies of what all lanes share; straight from memory where nothing else asks for it. */
  const splat = (e: Expression): Code => {
    const bytes = e.kind === "load" ? DTYPE[e.dtype].bytes * (e.packed ?? 1) : 0
    if (e.kind !== "load" || bytes < 2 || (bytes === 2 && !e.packed)) return scope.expression(e) + simd.SPLAT[narrow(e)]
    const { dtype, address, place } = at(e.buffer, e.index, 0)
    if (bytes === 2) return address + simd.LOAD16_SPLAT + place + simd.WIDEN_BYTES[dtype as "i8" | "u8"]
    return address + simd.LOAD_SPLAT + place
  }
  const lanes = (e: Expression, v: number): Code => {
    if (!varies(e, varying))
      return e.kind === "local" && bound.has(e.name) ? op.local_get + localOf(e.name, v) : splat(e)
    switch (e.kind) {
      case "local":
        return op.local_get + localOf(e.name, v)
      case "load": {
        const { dtype, address, place } = at(e.buffer, e.index, v, e.packed)
        if (e.packed) return address + simd.LOAD_PACKED[e.packed][dtype]! + place
        const [load, widen] = simd.LOAD[dtype]
        return address + load + place + widen
      }
      case "unary": {
        const value = lanes(e.value, v)
        if (e.op !== "i32.bits_of_f32") return value + simd.LANES_OF[e.op]!
        return splat(i32(0x7fc00000)) + value + value + value + simd.F32_NE + simd.BITSELECT // any NaN is this one
      }
      case "binary": {
        if (simd.MASK_OF[e.op]) return mask(e, v) + splat(i32(1)) + simd.AND
        if (e.op === "i32.dot4_i8") return dotOf(e.left, e.right, v, () => splat(i32(0)))
        const left = lanes(e.left, v) // before the right: what is printed first computes the addresses
        const right = SHIFTS.includes(e.op) ? scope.expression(e.right) : lanes(e.right, v)
        return left + right + simd.LANES_OF[e.op]!
      }
      case "select":
        return lanes(e.yes, v) + lanes(e.no, v) + mask(e.condition, v) + simd.BITSELECT
      case "constant":
        throw new Error("bug: a constant does not vary")
      default:
        return e satisfies never
    }
  }
  /** `sum` and four products more: with one side proved below 128, the relaxed instruction has only one result. */
  const dotOf = (left: Expression, right: Expression, v: number, sum: () => Code): Code => {
    const [any, small] = below128(right, names) ? [left, right] : [right, left]
    if (!scope.relaxed || !below128(small, names)) return dot4(lanes(left, v), lanes(right, v)) + sum() + simd.I32_ADD
    return lanes(any, v) + lanes(small, v) + sum() + simd.RELAXED_DOT4_ADD
  }
  /** The value of a `let` or `set` for vector `v`. */
  const boundTo = (e: Expression, v: number): Code => {
    const [sum, dot] = e.kind === "binary" && e.op === "i32.add" ? [e.left, e.right] : []
    if (sum && dot?.kind === "binary" && dot.op === "i32.dot4_i8" && varies(dot, varying))
      return dotOf(dot.left, dot.right, v, () => lanes(sum, v))
    return lanes(e, v)
  }
  /** All ones in the lanes in which `e` is not 0, zeros in the others. */
  const mask = (e: Expression, v: number): Code => {
    const comparison = e.kind === "binary" && simd.MASK_OF[e.op]
    if (comparison && varies(e, varying)) return lanes(e.left, v) + lanes(e.right, v) + comparison
    return lanes(e, v) + splat(i32(0)) + simd.DIFFER
  }

  let spares: readonly [Code, Code] | undefined
  /** For values that are needed twice; free again at once. */
  const twice = (): readonly [Code, Code] => (spares ??= [scope.fresh("v128"), scope.fresh("v128")])
  /** Even and odd bytes apart, as halves. */
  const dot4 = (left: Code, right: Code): Code => {
    const even = (of: Code): Code =>
      op.local_get + of + op.constI32(8) + simd.HALVES_SHL + op.constI32(8) + simd.HALVES_SHR
    const odd = (of: Code): Code => op.local_get + of + op.constI32(8) + simd.HALVES_SHR
    const [a, b] = twice()
    const both = even(a) + even(b) + simd.DOT2 + odd(a) + odd(b) + simd.DOT2 + simd.I32_ADD
    return left + right + op.local_set + b + op.local_set + a + both
  }
  /** The low bytes of the lanes, brought together. */
  const together = (value: Code, bytes: 1 | 2 | 4): Code => {
    if (bytes === 4) return value
    const [spare] = twice()
    return value + op.local_tee + spare + op.local_get + spare + simd.TOGETHER[bytes]
  }
  const statement = (s: Statement): Code => {
    addresses.clear()
    switch (s.kind) {
      case "let":
      case "set": {
        if (varying.has(s.name)) return eachVector((v) => boundTo(s.value, v) + op.local_set + localOf(s.name, v))
        const scalar = narrow(s.value)
        const vector = asVector.has(s.name) ? localOf(s.name, 0) : undefined
        if (!asScalar.has(s.name)) return vector ? splat(s.value) + op.local_set + vector : ""
        const slot = scope.slot(s.name, scalar)
        if (!vector) return scope.expression(s.value) + op.local_set + slot
        return scope.expression(s.value) + op.local_tee + slot + simd.SPLAT[scalar] + op.local_set + vector
      }
      case "store":
        return eachVector((v) => {
          const { dtype, address, place } = at(s.buffer, s.index, v)
          const { bytes } = DTYPE[dtype]
          return address + together(lanes(s.value, v), bytes) + simd.STORE[bytes](place)
        })
      case "loop": {
        const [i, n] = [scope.slot(s.index, "i32"), scope.fresh("i32")]
        const enter = scope.expression(roundsOf(s)) + op.local_set + n + op.constI32(0) + op.local_set + i
        return enter + countUp(i, op.local_get + n, each(s.body, statement), 1)
      }
      case "if":
        throw new Error("bug: a branch has no lanes")
      default:
        return s satisfies never
    }
  }
  const width = 4 * vectors
  return countUp(scope.slot(loop.index, "i32"), op.constI32(rounds - width + 1), each(loop.body, statement), width)
}
const UNALIGNED = unsigned(0)

const narrow = (e: Expression): "i32" | "f32" => {
  const scalar = scalarOf(e)
  if (scalar === "f64") throw new Error("bug: f64 has no lanes")
  return scalar
}
const stored = (dtype: Dtype): op.Stored => {
  if (dtype === "f64") throw new Error("bug: f64 has no lanes")
  return dtype
}
