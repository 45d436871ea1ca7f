import type { Dtype, Numbers } from "../base/dtype.ts"
import type { Shape } from "../base/shape.ts"
import type { Node, Signatures, Update } from "../graph/graph.ts"
import {
  add,
  broadcastLike,
  convert,
  fill,
  node as graphNode,
  input,
  less,
  matmul,
  pad,
  requantise,
  reshape,
  select,
  slice,
  take,
  weight,
} from "../graph/operations.ts"
import { quantiseColumns, tooLarge } from "./columns.ts"
import { GATE_UNITS, GATES, gated, gateTables, ONE, wide } from "./gru.ts"
import { BIAS_MAX, belowQuarter, lifted, liftMax } from "./lift.ts"

/** R rows of bytes that are told apart, D numbers of each, H numbers of state. */
export interface ByteNetShape {
  readonly rows: number
  readonly features: number
  readonly hidden: number
}
/** By how many bits the sums of the three products are shifted: to the left before they are multiplied, and right after. */
export interface ByteNetShifts {
  readonly given: Shifts
  readonly state: Shifts
  readonly head: Shifts
}
export interface Shifts {
  readonly lift: number
  readonly shift: number
}
/** No sum wraps up to here, whatever the weights: 2¹⁵ · 2⁷ · 480 and a bias are below 2³¹. */
export const HIDDEN_MAX = 480

type Kernel = Signatures["kernel"]["attributes"]["program"]
/** Loop IR that the graph is made with: kernels/byte_frequencies.ts and byte_tree.ts, for as many rows. */
export interface ByteNetKernels {
  readonly sharers: Kernel
  readonly frequencies: Kernel
  readonly tree: Kernel
}

export interface ByteNetGraph {
  readonly outputs: Readonly<Record<"frequencies" | "tree", Node>>
  readonly updates: readonly Update[]
}

/** The weights of a net by name: what they are. `row_of` says which row a byte has; bytes that share one share its probability. */
export const byteNetTensors = ({ rows, features, hidden }: ByteNetShape) =>
  ({
    row_of: ["u8", [256]],
    table: ["i8", [rows, features]],
    given: ["i8", [features, 3 * hidden]],
    given_bias: ["i32", [1, 3 * hidden]],
    given_multiplier: ["i16", [1, 3 * hidden]],
    state: ["i8", [hidden, 3 * hidden]],
    state_bias: ["i32", [1, hidden]],
    state_multiplier: ["i16", [1, 3 * hidden]],
    head: ["i8", [hidden, rows]],
    head_bias: ["i32", [1, rows]],
    head_multiplier: ["i16", [1, rows]],
  }) as const satisfies Readonly<Record<string, readonly [Dtype, Shape]>>
export type ByteNetTensor = keyof ReturnType<typeof byteNetTensors>

/**
 * One step of a gated recurrent unit over bytes, in integers: from the last byte to what the next one may be. What a byte
 * adds to the gates depends on weights alone, so it is worked out for all rows before (`prepare`) and looked up; a lean net
 * works it out for the byte that came, with the same bits, and holds no more than its weights.
 *
 * Shapes: input byte i32 [1], negative for a text that begins: the state is then 0; state h i16 [1,H] in units of 2⁻¹⁵,
 * which changes; outputs frequencies i32 [256], 1 or more each and 2²⁰ together, and tree i32 [256], their sums.
 * Source: quantise/gru.ts.
 */
export function byteNetGraph(
  shape: ByteNetShape,
  shifts: ByteNetShifts,
  kernels: ByteNetKernels,
  isLean = false,
): ByteNetGraph {
  const { hidden } = shape
  const types = byteNetTensors(shape)
  const part = (name: ByteNetTensor): Node => weight(name, types[name][0], types[name][1])
  const scaled = (sums: Node, name: "given" | "state" | "head"): Node => {
    const multiplier = convert(part(`${name}_multiplier`), "i32")
    const { lift, shift } = shifts[name]
    return requantise(lifted(sums, lift), broadcastLike(multiplier, sums), shift, "i16")
  }
  const plus = (sums: Node, bias: Node): Node => add(sums, broadcastLike(bias, sums))

  const byte = input("byte", "i32", [1])
  const rowOf = part("row_of")
  const givenOf = (rows: Node): Node => scaled(plus(matmul(rows, part("given")), part("given_bias")), "given")
  const row = take(rowOf, byte)
  const given = wide(isLean ? givenOf(take(part("table"), row)) : take(givenOf(part("table")), row))
  const h = weight("h", "i16", [1, hidden])
  const stateBias = pad(part("state_bias"), [0, 2 * hidden], [0, 0])
  const state = wide(scaled(plus(matmul(h, part("state")), stateBias), "state"))
  const gates = (of: Node): readonly Node[] =>
    GATES.map((_, gate) => slice(of, [0, gate * hidden], [1, (gate + 1) * hidden]))
  const [sigmoid, sigmoidSteps, tanh, tanhSteps] = Object.keys(gateTables()).map((name) => weight(name, "i16", [256]))
  const stepped = gated(h, gates(given), gates(state), {
    sigmoid: sigmoid!,
    sigmoidSteps: sigmoidSteps!,
    tanh: tanh!,
    tanhSteps: tanhSteps!,
  })
  const isNew = broadcastLike(reshape(convert(less(byte, fill(0, byte)), "i16"), [1, 1]), h)
  const next = select(isNew, fill(0, h), stepped)
  const logits = scaled(plus(matmul(next, part("head")), part("head_bias")), "head")

  const kernel = (program: Kernel, output: string, inputs: Node[]): Node =>
    graphNode("kernel", inputs, { program, output })
  const sharers = kernel(kernels.sharers, "sharers", [reshape(rowOf, [1, 256])])
  const frequencies = kernel(kernels.frequencies, "frequencies", [logits, reshape(rowOf, [1, 256]), sharers])
  const tree = kernel(kernels.tree, "tree", [frequencies])
  return { outputs: { frequencies, tree }, updates: [{ weight: h, value: next }] }
}

/** By the names of nn/byte_net.ts. */
export type ByteNetFloats = Readonly<Record<string, ArrayLike<number>>>
export interface QuantisedByteNet {
  readonly shape: ByteNetShape
  readonly shifts: ByteNetShifts
  readonly weights: Readonly<Record<ByteNetTensor, Numbers>>
}

/** One unit of a quantised logit: 1/256 bit. */
const UNITS_PER_NAT = 256 * Math.LOG2E

/**
 * A learnt net in integers: weights i8 with a scale for each column, one for the whole table of rows.
 * Errors: OB403 when weights are so large that their sums would wrap.
 * Source: Jacob et al. 2018, arXiv:1712.05877, sections 2.1 and 2.2, with symmetric ranges.
 */
export function quantiseByteNet(floats: ByteNetFloats, rowOf: Uint8Array, rows: number): QuantisedByteNet {
  const features = floats["table"]!.length / rows
  const hidden = floats["head"]!.length / rows
  const beside = (suffix: string, height: number): Float64Array => {
    const all = new Float64Array(height * 3 * hidden)
    GATES.forEach((gate, g) => {
      const values = floats[`gru_${gate}${suffix}`]!
      for (let i = 0; i < values.length; i++)
        all[Math.floor(i / hidden) * 3 * hidden + g * hidden + (i % hidden)] = values[i]!
    })
    return all
  }
  const stateBias = new Float64Array(3 * hidden)
  stateBias.set(Array.from(floats["gru_new_state_bias"]!), 2 * hidden)

  const tableUnit = largest(floats["table"]!) / 127
  const given = layer(beside("", features), 3 * hidden, tableUnit, GATE_UNITS, beside("_bias", 1), 128 * 127 * features)
  const stateSum = ONE * 127 * hidden
  const state = layer(beside("_state", hidden), 3 * hidden, 1 / ONE, GATE_UNITS, stateBias, stateSum)
  const head = layer(floats["head"]!, rows, 1 / ONE, UNITS_PER_NAT, floats["head_bias"]!, stateSum)
  return {
    shape: { rows, features, hidden },
    shifts: { given: given.shifts, state: state.shifts, head: head.shifts },
    weights: {
      row_of: rowOf,
      table: Int8Array.from(floats["table"]!, (v) => Math.round(v / tableUnit)),
      given: given.values,
      given_bias: given.offsets,
      given_multiplier: given.multipliers,
      state: state.values,
      state_bias: state.offsets.slice(2 * hidden),
      state_multiplier: state.multipliers,
      head: head.values,
      head_bias: head.offsets,
      head_multiplier: head.multipliers,
    },
  }
}

interface Layer {
  readonly values: Int8Array
  readonly offsets: Int32Array
  readonly multipliers: Int16Array
  readonly shifts: Shifts
}
/** A matrix for inputs in units of `unit`, whose sums become 1 / `units`; `magnitude` is what they reach without a bias. */
function layer(
  matrix: ArrayLike<number>,
  columns: number,
  unit: number,
  units: number,
  bias: ArrayLike<number>,
  magnitude: number,
): Layer {
  const { scales, values, offsets } = quantiseColumns(matrix, columns, unit, bias)
  const { multipliers, shift, lift } = belowQuarter(scales.map((scale) => scale * unit * units))
  if (lift > 0 && lift > liftMax(magnitude + BIAS_MAX)) tooLarge("one step of a sum is too much evidence")
  return { values, offsets, multipliers: Int16Array.from(multipliers), shifts: { lift, shift } }
}
const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 2 ** -20)
