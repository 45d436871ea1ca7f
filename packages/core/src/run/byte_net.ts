import type { Dtype, Numbers } from "../base/dtype.ts"
import { refuse } from "../base/problem.ts"
import { type Shape, sameShape } from "../base/shape.ts"
import { programOf } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { SHIFT_MAX, SHIFT_MIN } from "../graph/requantise.ts"
import type { Program } from "../ir/program.ts"
import { byteFrequencies, byteSharers, ROWS_MAX } from "../kernels/byte_frequencies.ts"
import { byteTree } from "../kernels/byte_tree.ts"
import type { Tensor } from "../module/safetensors.ts"
import {
  type ByteNetShape,
  type ByteNetShifts,
  byteNetGraph,
  byteNetTensors,
  HIDDEN_MAX,
  type QuantisedByteNet,
} from "../quantise/byte_net.ts"
import { gateTables } from "../quantise/gru.ts"

/** A net over bytes as a program. */
export interface ByteNet {
  /**
   * Inputs `byte` i32 [1] and the weights; state `h` i16 [H]; outputs `frequencies` and `tree` i32 [256]. The entry
   * `prepare` is to be called once, when the weights have been set; then each run is a step. A lean one has none.
   */
  readonly program: Program
  /** What its weights are to be set to, by buffer. */
  readonly weights: Readonly<Record<string, Numbers>>
  readonly shape: ByteNetShape
}
export type Tensors = Readonly<Record<string, Tensor>>

/**
 * The program of a net from its tensors, which may be a stranger's: any bytes in weights and state give frequencies of 1
 * or more that add up to 2²⁰. Shapes and numbers: quantise/byte_net.ts.
 * Errors: OB333 when a tensor is missing, or shapes, dtypes or shifts do not fit.
 */
export function byteNet(tensors: Tensors, engine: Pick<Engine, "tiles"> = {}, isLean = false): ByteNet {
  const found = (name: string): Tensor =>
    Object.hasOwn(tensors, name) ? tensors[name]! : unfit(`there is no tensor \`${name}\``)
  const [rows, features] = sizesOf("table", found("table"))
  const [hidden] = sizesOf("head", found("head"))
  bounded("rows", rows!, ROWS_MAX)
  bounded("numbers to a row", features!, FEATURES_MAX)
  bounded("numbers of state", hidden!, HIDDEN_MAX)
  const shape = { rows: rows!, features: features!, hidden: hidden! }
  const types: Readonly<Record<string, readonly [Dtype, Shape]>> = { ...byteNetTensors(shape), ...SHIFTS }
  for (const [name, [dtype, wanted]] of Object.entries(types)) {
    const { dtype: own, shape: given } = found(name)
    if (own !== dtype || !sameShape(given, wanted)) unfit(`\`${name}\` is ${own}[${given}], not ${dtype}[${wanted}]`)
  }
  const kernels = { sharers: byteSharers(shape.rows), frequencies: byteFrequencies(shape.rows), tree: byteTree() }
  const graph = byteNetGraph(shape, shiftsOf(found("shifts").data), kernels, isLean)
  const lowered = programOf({ name: "byte_net", prepares: !isLean, ...graph }, engine)
  const tables: Readonly<Record<string, Numbers>> = gateTables()
  const buffers = lowered.buffers.map((buffer) =>
    Object.hasOwn(tables, buffer.name)
      ? { ...buffer, access: "constant" as const, values: [...tables[buffer.name]!] }
      : buffer,
  )
  const weights = Object.fromEntries(Object.keys(byteNetTensors(shape)).map((name) => [name, found(name).data]))
  return { program: { ...lowered, buffers }, weights, shape }
}

/** A net as tensors: what `byteNet` takes. */
export function byteNetTensorsOf({ shape, shifts, weights }: QuantisedByteNet): Tensors {
  const types = Object.entries(byteNetTensors(shape))
  const tensors = types.map(([name, [dtype, size]]): readonly [string, Tensor] => [
    name,
    { dtype, shape: size, data: weights[name as keyof typeof weights] },
  ])
  const numbers = PRODUCTS.flatMap((product) => [shifts[product].lift, shifts[product].shift])
  return { ...Object.fromEntries(tensors), shifts: { dtype: "i8", shape: [6], data: Int8Array.from(numbers) } }
}
/** What a file says of itself beside them, for those who read it elsewhere. */
export function byteNetMetadata({ shape, weights }: QuantisedByteNet): Readonly<Record<string, string>> {
  const last = shape.rows - 1
  const known = [...weights.row_of].flatMap((row, byte) => (row === last && shape.rows < 256 ? [] : [byte]))
  return {
    kind: "open-brains byte net 1",
    rows: `${shape.rows}`,
    features: `${shape.features}`,
    hidden: `${shape.hidden}`,
    bytes: known.join(" "),
  }
}

const FEATURES_MAX = 1024
const SHIFTS = { shifts: ["i8", [6]] } as const
const PRODUCTS = ["given", "state", "head"] as const satisfies readonly (keyof ByteNetShifts)[]

/** The lift and the shift of each product of a net. Errors: OB333. */
export const byteNetShifts = (tensors: Tensors): ByteNetShifts => shiftsOf(tensors["shifts"]!.data)
function shiftsOf(numbers: Numbers): ByteNetShifts {
  const [given, state, head] = PRODUCTS.map((product, i) => {
    const [lift, shift] = [numbers[2 * i]!, numbers[2 * i + 1]!]
    if (lift < 0 || lift > 30 || shift < SHIFT_MIN || shift > SHIFT_MAX)
      unfit(`sums of \`${product}\` are shifted by ${lift} and ${shift} bits`)
    return { lift, shift }
  })
  return { given: given!, state: state!, head: head! }
}
const sizesOf = (name: string, { shape }: Tensor): Shape =>
  shape.length === 2 ? shape : unfit(`\`${name}\` has ${shape.length} axes, not 2`)
function bounded(what: string, count: number, most: number): void {
  if (count < 1 || count > most) unfit(`it has ${count} ${what}; 1 to ${most} are possible`)
}
const unfit = (seen: string): never =>
  refuse({
    code: "OB333",
    seen: `These are no weights of a net over bytes: ${seen}.`,
    hint: "Take another copy of the weights, or teach the net again.",
  })
