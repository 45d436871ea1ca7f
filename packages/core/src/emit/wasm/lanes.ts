import { DTYPE } from "../../base/dtype.ts"
import { i32 } from "../../ir/build.ts"
import { type Block, type Expression, operandsOf, type Statement, scalarOf } from "../../ir/program.ts"
import { type Loop, type Names, roundsOf, SHIFTS, type Target, varies } from "../lanes.ts"
import { type Split, splitIndex } from "./address.ts"
import { type Code, unsigned } from "./binary.ts"
import { address, expression } from "./expression.ts"
import { type Frame, fresh, narrow, slotOf, sparesOf, stored } from "./frame.ts"
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
interface FoundUses extends Uses {
  readonly asScalar: Set<string>
  readonly asVector: Set<string>
}
function usesOf(loop: Loop, { varying }: Names): Uses {
  const uses = { asScalar: new Set<string>(), asVector: new Set<string>() }
  findUses(loop.body, uses, varying)
  return uses
}
function findUses(block: Block, uses: FoundUses, varying: ReadonlySet<string>): void {
  for (let at = 0; at < block.length; at++) {
    const s = block[at]!
    if (s.kind === "store") {
      useAsScalars(s.index, uses)
      useAsLanes(s.value, uses, varying)
    } else if (s.kind === "loop") {
      useAsScalars(s.count, uses)
      findUses(s.body, uses, varying)
    } else if (s.kind !== "if") {
      if (varying.has(s.name)) useAsLanes(s.value, uses, varying)
      else useAsScalars(s.value, uses)
    }
  }
}
function useAsScalars(e: Expression, uses: FoundUses): void {
  switch (e.kind) {
    case "constant":
      return
    case "local":
      uses.asScalar.add(e.name)
      return
    case "load":
      return useAsScalars(e.index, uses)
    case "unary":
      return useAsScalars(e.value, uses)
    case "binary":
      useAsScalars(e.left, uses)
      return useAsScalars(e.right, uses)
    case "select":
      useAsScalars(e.condition, uses)
      useAsScalars(e.yes, uses)
      return useAsScalars(e.no, uses)
    default:
      return e satisfies never
  }
}
function useAsLanes(e: Expression, uses: FoundUses, varying: ReadonlySet<string>): void {
  if (e.kind === "local") uses.asVector.add(e.name)
  else if (e.kind === "load" || !varies(e, varying)) useAsScalars(e, uses)
  else if (e.kind === "binary") {
    useAsLanes(e.left, uses, varying)
    if (SHIFTS.includes(e.op)) useAsScalars(e.right, uses)
    else useAsLanes(e.right, uses, varying)
  } else for (const inner of operandsOf(e)) useAsLanes(inner, uses, varying)
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

/** Takes so many vectors of rounds at a time. */
interface Pass {
  readonly frame: Frame
  readonly vectors: number
  readonly names: Names
  readonly loop: Loop
  /** Found when it is first asked for. */
  uses: Uses | undefined
  /** The locals of a name, one for each vector; a name that does not vary has one for all. */
  readonly locals: Map<string, readonly Code[]>
  /** Of the statement that is being printed: computed for its first vector, and the same but for an offset for the others. */
  readonly addresses: Address[]
}
interface Address extends Split {
  readonly index: Expression
  readonly bytes: number
  readonly local: Code
}

/** Runs as many rounds as fill whole vectors, and leaves the loop's index at the first round that is left. */
export function emitLanes(loop: Loop, names: Names, frame: Frame): Code {
  const rounds = roundsOf(loop)
  if (rounds.kind !== "constant") throw new Error("bug: lanes of a loop without a known number of rounds")
  const whole = Math.floor(rounds.value / 4)
  const four = whole >= 4 ? emitPass(loop, rounds.value, 4, names, frame) : ""
  return whole % 4 > 0 ? four + emitPass(loop, rounds.value, whole % 4, names, frame) : four
}
/** For as long as all rounds of its vectors are there. */
function emitPass(loop: Loop, rounds: number, vectors: number, names: Names, frame: Frame): Code {
  const pass: Pass = { frame, vectors, names, loop, uses: undefined, locals: new Map(), addresses: [] }
  const width = 4 * vectors
  const index = slotOf(frame, loop.index, "i32")
  return countUp(index, op.constI32(rounds - width + 1), statements(loop.body, pass), width)
}

const localOf = (name: string, v: number, pass: Pass): Code => {
  const known = pass.locals.get(name)
  if (known) return known[v % known.length]!
  const made: Code[] = []
  const count = pass.names.varying.has(name) ? pass.vectors : 1
  while (made.length < count) made.push(fresh(pass.frame, "v128"))
  pass.locals.set(name, made)
  return made[v % count]!
}

function statements(block: Block, pass: Pass): Code {
  let all = ""
  for (let at = 0; at < block.length; at++) all += statement(block[at]!, pass)
  return all
}
function statement(s: Statement, pass: Pass): Code {
  const { frame, vectors, names } = pass
  pass.addresses.length = 0
  switch (s.kind) {
    case "let":
    case "set": {
      if (!names.varying.has(s.name)) return shared(s.name, s.value, pass)
      let all = ""
      for (let v = 0; v < vectors; v++) all += boundTo(s.value, v, pass) + op.local_set + localOf(s.name, v, pass)
      return all
    }
    case "store": {
      const { bytes } = frame.shared.places.get(s.buffer)!
      let all = ""
      for (let v = 0; v < vectors; v++) {
        const { address, place } = at(s.buffer, s.index, v, 1, pass)
        all += address + together(lanes(s.value, v, pass), bytes, frame) + simd.STORE[bytes as 1 | 2 | 4](place)
      }
      return all
    }
    case "loop": {
      const [i, n] = [slotOf(frame, s.index, "i32"), fresh(frame, "i32")]
      const enter = expression(roundsOf(s), frame) + op.local_set + n + op.constI32(0) + op.local_set + i
      return enter + countUp(i, op.local_get + n, statements(s.body, pass), 1)
    }
    case "if":
      throw new Error("bug: a branch has no lanes")
    default:
      return s satisfies never
  }
}
const usesIn = (pass: Pass): Uses => (pass.uses ??= usesOf(pass.loop, pass.names))
/** Names what is the same in all lanes. */
function shared(name: string, value: Expression, pass: Pass): Code {
  const { frame } = pass
  const uses = usesIn(pass)
  const scalar = narrow(scalarOf(value))
  const vector = uses.asVector.has(name) ? localOf(name, 0, pass) : undefined
  if (!uses.asScalar.has(name)) return vector ? splat(value, pass) + op.local_set + vector : ""
  const slot = slotOf(frame, name, scalar)
  if (!vector) return expression(value, frame) + op.local_set + slot
  return expression(value, frame) + op.local_tee + slot + simd.SPLAT[scalar] + op.local_set + vector
}

/** Where vector `v` begins: the loop's index stands at the first round of the pass. */
function at(
  buffer: string,
  index: Expression,
  v: number,
  step: number,
  pass: Pass,
): { readonly dtype: op.Stored; readonly address: Code; readonly place: Code } {
  const { frame, vectors, addresses } = pass
  const { dtype: kept, bytes, start } = frame.shared.places.get(buffer)!
  const dtype = stored(kept)
  const known = addresses.find((other) => other.index === index && other.bytes === bytes)
  const { rest, constant } = known ?? splitIndex(index, frame.shared.interval)
  const place = UNALIGNED + unsigned(start + (constant + 4 * v * step) * bytes)
  if (known) return { dtype, address: op.local_get + known.local, place }
  if (vectors === 1) return { dtype, address: address(dtype, rest, frame), place }
  const local = fresh(frame, "i32")
  addresses.push({ index, rest, constant, bytes, local })
  return { dtype, address: address(dtype, rest, frame) + op.local_tee + local, place }
}
const UNALIGNED = unsigned(0)

/** Four copies of what all lanes share; straight from memory where nothing else asks for it. */
function splat(e: Expression, pass: Pass): Code {
  const bytes = e.kind === "load" ? DTYPE[e.dtype].bytes * (e.packed ?? 1) : 0
  if (e.kind !== "load" || bytes < 2 || (bytes === 2 && !e.packed))
    return expression(e, pass.frame) + simd.SPLAT[narrow(scalarOf(e))]
  const { dtype, address, place } = at(e.buffer, e.index, 0, 1, pass)
  if (bytes === 2) return address + simd.LOAD16_SPLAT + place + simd.WIDEN_BYTES[dtype as "i8" | "u8"]
  return address + simd.LOAD_SPLAT + place
}
/** The lanes of vector `v`. */
function lanes(e: Expression, v: number, pass: Pass): Code {
  const { varying, bound } = pass.names
  if (!varies(e, varying))
    return e.kind === "local" && bound.has(e.name) ? op.local_get + localOf(e.name, v, pass) : splat(e, pass)
  switch (e.kind) {
    case "local":
      return op.local_get + localOf(e.name, v, pass)
    case "load": {
      const { dtype, address, place } = at(e.buffer, e.index, v, e.packed ?? 1, pass)
      if (e.packed) return address + simd.LOAD_PACKED[e.packed][dtype]! + place
      const [load, widen] = simd.LOAD[dtype]
      return address + load + place + widen
    }
    case "unary": {
      const value = lanes(e.value, v, pass)
      if (e.op !== "i32.bits_of_f32") return value + simd.LANES_OF[e.op]!
      return splat(i32(0x7fc00000), pass) + value + value + value + simd.F32_NE + simd.BITSELECT // any NaN is this one
    }
    case "binary": {
      if (simd.MASK_OF[e.op]) return mask(e, v, pass) + splat(i32(1), pass) + simd.AND
      if (e.op === "i32.dot4_i8") return dotOf(e.left, e.right, v, i32(0), pass)
      const left = lanes(e.left, v, pass) // before the right: what is printed first computes the addresses
      const right = SHIFTS.includes(e.op) ? expression(e.right, pass.frame) : lanes(e.right, v, pass)
      return left + right + simd.LANES_OF[e.op]!
    }
    case "select":
      return lanes(e.yes, v, pass) + lanes(e.no, v, pass) + mask(e.condition, v, pass) + simd.BITSELECT
    case "constant":
      throw new Error("bug: a constant does not vary")
    default:
      return e satisfies never
  }
}
/** The value of a `let` or `set` for vector `v`. */
function boundTo(e: Expression, v: number, pass: Pass): Code {
  if (e.kind !== "binary" || e.op !== "i32.add") return lanes(e, v, pass)
  const { left: sum, right: dot } = e
  if (dot.kind !== "binary" || dot.op !== "i32.dot4_i8" || !varies(dot, pass.names.varying)) return lanes(e, v, pass)
  return dotOf(dot.left, dot.right, v, sum, pass)
}
/** `sum` and four products more: with one side proved below 128, the relaxed instruction has only one result. */
function dotOf(left: Expression, right: Expression, v: number, sum: Expression, pass: Pass): Code {
  const { frame, names } = pass
  const [any, small] = below128(right, names) ? [left, right] : [right, left]
  if (!frame.shared.relaxed || !below128(small, names))
    return dot4(lanes(left, v, pass), lanes(right, v, pass), frame) + lanes(sum, v, pass) + simd.I32_ADD
  return lanes(any, v, pass) + lanes(small, v, pass) + lanes(sum, v, pass) + simd.RELAXED_DOT4_ADD
}
/** All ones in the lanes in which `e` is not 0, zeros in the others. */
function mask(e: Expression, v: number, pass: Pass): Code {
  const comparison = e.kind === "binary" && simd.MASK_OF[e.op]
  if (comparison && varies(e, pass.names.varying)) return lanes(e.left, v, pass) + lanes(e.right, v, pass) + comparison
  return lanes(e, v, pass) + splat(i32(0), pass) + simd.DIFFER
}
/** Even and odd bytes apart, as halves. */
function dot4(left: Code, right: Code, frame: Frame): Code {
  const even = (of: Code): Code =>
    op.local_get + of + op.constI32(8) + simd.HALVES_SHL + op.constI32(8) + simd.HALVES_SHR
  const odd = (of: Code): Code => op.local_get + of + op.constI32(8) + simd.HALVES_SHR
  const [a, b] = sparesOf(frame, "v128")
  const both = even(a) + even(b) + simd.DOT2 + odd(a) + odd(b) + simd.DOT2 + simd.I32_ADD
  return left + right + op.local_set + b + op.local_set + a + both
}
/** The low bytes of the lanes, brought together. */
function together(value: Code, bytes: number, frame: Frame): Code {
  if (bytes === 4) return value
  const spare = sparesOf(frame, "v128")[0]
  return value + op.local_tee + spare + op.local_get + spare + simd.TOGETHER[bytes as 1 | 2]
}
