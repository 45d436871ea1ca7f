import type { Numbers } from "../base/dtype.ts"
import type { Node } from "../graph/graph.ts"
import {
  add,
  bitwiseAnd,
  broadcastLike,
  convert,
  fill,
  input,
  lookup,
  matmul,
  multiply,
  requantise,
  reshape,
  shiftRight,
  subtract,
  weight,
} from "../graph/operations.ts"
import { scan } from "../graph/scan.ts"
import type { QuantisedNet } from "./classifier.ts"
import { type Columns, quantiseColumns, tooLarge } from "./columns.ts"
import { BIAS_MAX, belowQuarter, lifted, liftMax } from "./lift.ts"

export interface GruShape {
  /** T. */
  readonly steps: number
  /** B. */
  readonly batch: number
  /** D. */
  readonly features: number
  /** H. */
  readonly hidden: number
}
/** By the names of nn/gru.ts, without the layer's own: reset, reset_bias, reset_state, … */
export type GruWeights = Readonly<Record<string, ArrayLike<number>>>

export const GATES = ["reset", "update", "new"] as const
/** Units of what x and the state add to a gate: each reaches from −16 to 16, the tables from −8 to 8. */
export const GATE_UNITS = 2048
/** One unit of a state, of a gate and of a table. */
export const ONE = 32768

/**
 * A gated recurrent unit in integers: weights i8 with a scale for each column, state i16 in units of 2⁻¹⁵, sums in i32,
 * gates out of tables of 256 entries with straight lines between them.
 *
 * Shapes: inputs x i8 [T,B,D] in units of `inputScale`, initial i16 [B,H]; outputs y i16 [T,B,H], last i16 [B,H].
 * Error: of a gate at most 0.001, besides what rounding the weights costs; what x or the state add to a gate ends at ±16.
 * No sum wraps.
 * Errors: OB403 when weights are so large that their sums would wrap.
 * Source: nn/gru.ts; scales as in Jacob et al. 2018, arXiv:1712.05877, sections 2.1 and 2.2.
 */
export function quantiseGru(floats: GruWeights, shape: GruShape, inputScale: number): QuantisedNet {
  const { steps, batch, features, hidden } = shape
  const weights: Record<string, Numbers> = {}
  const made = (name: string, dtype: "i8" | "i16" | "i32", shape: readonly number[], values: Numbers): Node => {
    weights[name] = values
    return weight(name, dtype, shape)
  }
  const layers = (name: string, rows: number, unit: number, bias?: ArrayLike<number>): Layer => {
    const layer = layerOf(floats[name]!, rows, unit, bias)
    return {
      ...layer,
      matrix: made(name, "i8", [rows, hidden], layer.values),
      bias: bias && made(`${name}_bias`, "i32", [1, hidden], layer.offsets),
      multiplier: made(`${name}_multiplier`, "i32", [1, hidden], Int32Array.from(layer.multipliers)),
    }
  }
  const x = reshape(input("x", "i8", [steps, batch, features]), [steps * batch, features])
  const given = GATES.map((gate) => {
    const sums = gateOf(x, layers(gate, features, inputScale, floats[`${gate}_bias`]!))
    return reshape(sums, [steps, batch, hidden])
  })
  // A state has 15 bits, a weight 7: those of the state that would make a sum wrap are left out.
  const cut = Math.max(0, -liftMax(128 * ONE * hidden + BIAS_MAX))
  const states = GATES.map((gate) =>
    layers(`${gate}_state`, hidden, 2 ** cut / ONE, gate === "new" ? floats["new_state_bias"]! : undefined),
  )
  const tables = Object.entries(gateTables()).map(([name, values]) => made(name, "i16", [256], values))
  const bound = states.flatMap(({ matrix, multiplier, bias }) => [matrix, multiplier, ...(bias ? [bias] : [])])
  const { last, outputs } = scan(
    { carries: [input("initial", "i16", [batch, hidden])], sequences: given, constants: [...bound, ...tables] },
    ([h], [xr, xz, xn], [ur, mr, uz, mz, un, mn, bias, ...[sigmoid, sigmoidSteps, tanh, tanhSteps]]) => {
      const seen = shiftRight(h!, cut)
      const state = (i: number, matrix: Node, multiplier: Node, bias?: Node): Node =>
        wide(gateOf(seen, { ...states[i]!, matrix, multiplier, bias }))
      const added = [state(0, ur!, mr!), state(1, uz!, mz!), state(2, un!, mn!, bias)]
      const tables = { sigmoid: sigmoid!, sigmoidSteps: sigmoidSteps!, tanh: tanh!, tanhSteps: tanhSteps! }
      const next = gated(h!, [wide(xr!), wide(xz!), wide(xn!)], added, tables)
      return { next: [next], outputs: [next] }
    },
  )
  return { outputs: { y: outputs[0]!, last: last[0]! }, weights }
}

/** What gates are read from. */
export interface GateTables {
  readonly sigmoid: Node
  readonly sigmoidSteps: Node
  readonly tanh: Node
  readonly tanhSteps: Node
}
/**
 * h after one step, i16, from what x and the state add to its three gates, i32 in units of a gate.
 *
 * Shapes: h i16 [B,H], each of `given` and `state` i32 [B,H]: reset, update, new.
 */
export function gated(h: Node, given: readonly Node[], state: readonly Node[], tables: GateTables): Node {
  const { sigmoid, sigmoidSteps, tanh, tanhSteps } = tables
  const reset = smooth(add(given[0]!, state[0]!), sigmoid, sigmoidSteps)
  const update = smooth(add(given[1]!, state[1]!), sigmoid, sigmoidSteps)
  const fresh = smooth(add(given[2]!, share(reset, state[2]!)), tanh, tanhSteps)
  return convert(add(fresh, share(update, subtract(wide(h), fresh))), "i16")
}

interface Scaled {
  readonly shift: number
  readonly lift: number
}
interface Layer extends Scaled {
  readonly matrix: Node
  readonly multiplier: Node
  readonly bias: Node | undefined
}
/** A matrix of floats [rows, H] in integers, for inputs in units of `unit`, and what brings its sums to units of a gate. */
function layerOf(
  matrix: ArrayLike<number>,
  rows: number,
  unit: number,
  bias?: ArrayLike<number>,
): Scaled & Columns & { readonly multipliers: readonly number[] } {
  const columns = quantiseColumns(matrix, matrix.length / rows, unit, bias)
  const scaled = belowQuarter(columns.scales.map((scale) => scale * unit * GATE_UNITS))
  const magnitude = 128 * 127 * rows + BIAS_MAX // of an i8 input; a state's matrix is never lifted: its unit is small
  if (scaled.lift > Math.max(0, liftMax(magnitude))) tooLarge("a gate would jump from one step of a sum to the next")
  return { ...scaled, ...columns }
}

/** i16 in units of a gate. */
function gateOf(x: Node, { matrix, multiplier, bias, shift, lift }: Layer): Node {
  const product = matmul(x, matrix)
  const sums = bias ? add(product, broadcastLike(bias, product)) : product
  return requantise(lifted(sums, lift), broadcastLike(multiplier, sums), shift, "i16")
}
export const wide = (a: Node): Node => convert(a, "i32")
/** part · a, where 1 is 2¹⁵, rounded; |a| ≤ 65535 does not wrap. */
const share = (part: Node, a: Node): Node => shiftRight(add(multiply(part, a), fill(ONE / 2, a)), 15)
/** The table's entry for the high byte of a gate, and the line to the next one for the low byte. */
function smooth(gate: Node, table: Node, steps: Node): Node {
  const at = convert(add(gate, gate), "i16")
  const entry = convert(shiftRight(at, 8), "i8")
  const along = multiply(wide(lookup(entry, steps)), wide(bitwiseAnd(at, fill(255, at))))
  return add(wide(lookup(entry, table)), shiftRight(add(along, fill(128, along)), 8))
}

/** The tables that gates are read from, and how far it is from each entry to the next. */
export function gateTables(): Readonly<Record<"sigmoid" | "sigmoid_steps" | "tanh" | "tanh_steps", Int16Array>> {
  const steps = (values: readonly number[]): Int16Array =>
    Int16Array.from(values, (value, at) => (values[at + 1] ?? value) - value)
  const [sigmoid, tanh] = [sigmoidTable(), tanhTable()]
  return {
    sigmoid: Int16Array.from(sigmoid),
    sigmoid_steps: steps(sigmoid),
    tanh: Int16Array.from(tanh),
    tanh_steps: steps(tanh),
  }
}
/** σ(v) and tanh(v) at v = −8, −8 + 1/16, …, in units of 2⁻¹⁵. */
const sigmoidTable = (): readonly number[] => entries((power) => power / (1 + power))
const tanhTable = (): readonly number[] => entries((power) => (power * power - 1) / (power * power + 1))
/** By eᵛ, which sums and products alone give, so that every machine has the same table. */
function entries(of: (power: number) => number): readonly number[] {
  let [root, term] = [1, 1] // e^(1/16) by its series
  for (let n = 1; n <= 16; n++) {
    term /= 16 * n
    root += term
  }
  const power = (i: number): number => (i === 0 ? 1 : i > 0 ? power(i - 1) * root : 1 / power(-i))
  return Array.from({ length: 256 }, (_, i) => Math.min(ONE - 1, Math.round(of(power(i - 128)) * ONE)))
}
