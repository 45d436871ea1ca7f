import type { Dtype } from "../base/dtype.ts"
import { isProblem, type Problem, refuse } from "../base/problem.ts"
import type { Shape } from "../base/shape.ts"
import type { Expression } from "../ir/program.ts"
import { AXES_MAX, type Readers } from "./attributes.ts"
import type { Bind } from "./elementary.ts"
import type { Name, Node, Signatures, Windows } from "./graph.ts"
// Their rules build new graph with the builders below: a cycle that is sound because it starts here, and only here.
import { CONTRACTION } from "./operations/contraction.ts"
import { ELEMENT } from "./operations/element.ts"
import { GATHER } from "./operations/gather.ts"
import { INTEGER } from "./operations/integer.ts"
import { LEAF } from "./operations/leaf.ts"
import { MOVEMENT } from "./operations/movement.ts"
import { REDUCTION } from "./operations/reduction.ts"
import { SCAN } from "./operations/scan.ts"
import { WINDOW } from "./operations/window.ts"
import type { Loops } from "./reference.ts"

/** The meaning of an operation to the bit. Changing one makes a new version: see OPERATION_SET. */
export type Reference<N extends Name> =
  | { readonly kind: "leaf" }
  /** Element i of the output, from element i of each input. */
  | {
      readonly kind: "element"
      value(operands: readonly Expression[], attributes: Signatures[N]["attributes"], bind: Bind): Expression
    }
  /** The output shows its input's elements at other places. */
  | { readonly kind: "broadcast" }
  | { readonly kind: "loops"; body(node: Node<N>): Loops }
  /** The node brings its own loop IR. */
  | { readonly kind: "program" }
  /** The node brings a graph of its own, run step by step. */
  | { readonly kind: "scan" }

export interface Rules<N extends Name> {
  /** How many it takes. */
  readonly inputs: number extends Signatures[N]["inputs"]["length"] ? "any" : Signatures[N]["inputs"]["length"]
  /** How each attribute is read from graph.json. */
  readonly attributes: Readers<Signatures[N]["attributes"]>
  readonly shape: (inputs: Signatures[N]["inputs"], attributes: Signatures[N]["attributes"]) => Shape | Problem
  readonly dtype: (inputs: Signatures[N]["inputs"], attributes: Signatures[N]["attributes"]) => Dtype | Problem
  /**
   * From dy = ∂loss/∂y, the new graph of ∂loss/∂input, one for each input; nothing where there is no derivative. Where
   * one run gives many results, it takes the slopes of all: `others` are those of the other nodes of the run.
   */
  readonly gradient: (dy: Node, y: Node<N>, others?: readonly Slope<N>[]) => readonly (Node | undefined)[]
  readonly reference: Reference<N>
}
export interface Slope<N extends Name = Name> {
  readonly y: Node<N>
  readonly dy: Node
}
export type Table<N extends Name> = { readonly [Each in N]: Rules<Each> }

/** Which version of every reference below a module was built with. */
export const OPERATION_SET = 1

/** The one table, by families. */
export const OPERATIONS: Table<Name> = {
  ...LEAF,
  ...ELEMENT,
  ...INTEGER,
  ...REDUCTION,
  ...MOVEMENT,
  ...GATHER,
  ...CONTRACTION,
  ...SCAN,
  ...WINDOW,
}

/** A checked node. Errors: a Refusal with the Problem of the shape or dtype rule, OB326 beyond AXES_MAX axes. */
export function node<N extends Name>(
  operation: N,
  inputs: Node<N>["inputs"],
  attributes: Node<N>["attributes"],
): Node<N> {
  const rules: Rules<N> = OPERATIONS[operation]
  const shape = rules.shape(inputs, attributes)
  if (isProblem(shape)) return refuse(shape)
  const axes = shape.length
  if (axes > AXES_MAX)
    refuse({ code: "OB326", seen: `A tensor of ${axes} axes.`, hint: `${AXES_MAX} is the limit: merge some.` })
  const dtype = rules.dtype(inputs, attributes)
  return isProblem(dtype) ? refuse(dtype) : { operation, inputs, attributes, shape, dtype }
}

// Builders, one for each operation; what they refuse is in the shape and dtype rules of its family.
export const input = (name: string, dtype: Dtype, shape: Shape): Node<"input"> =>
  node("input", [], { name, dtype, shape })
export const weight = (name: string, dtype: Dtype, shape: Shape): Node<"weight"> =>
  node("weight", [], { name, dtype, shape })
export const fill = (value: number, { shape, dtype }: { shape: Shape; dtype: Dtype }): Node =>
  node("fill", [], { value, shape, dtype })
export const iota = (shape: Shape, axis: number): Node => node("iota", [], { axis, shape })
export const add = (a: Node, b: Node): Node => node("add", [a, b], {})
export const subtract = (a: Node, b: Node): Node => node("subtract", [a, b], {})
export const multiply = (a: Node, b: Node): Node => node("multiply", [a, b], {})
export const divide = (a: Node, b: Node): Node => node("divide", [a, b], {})
export const larger = (a: Node, b: Node): Node => node("larger", [a, b], {})
export const smaller = (a: Node, b: Node): Node => node("smaller", [a, b], {})
export const equal = (a: Node, b: Node): Node => node("equal", [a, b], {})
export const less = (a: Node, b: Node): Node => node("less", [a, b], {})
export const select = (condition: Node, yes: Node, no: Node): Node => node("select", [condition, yes, no], {})
export const absolute = (a: Node): Node => node("absolute", [a], {})
export const floor = (a: Node): Node => node("floor", [a], {})
export const sqrt = (a: Node): Node => node("sqrt", [a], {})
export const exp = (a: Node): Node => node("exp", [a], {})
export const log = (a: Node): Node => node("log", [a], {})
export const tanh = (a: Node): Node => node("tanh", [a], {})
export const sigmoid = (a: Node): Node => node("sigmoid", [a], {})
export const sin = (a: Node): Node => node("sin", [a], {})
export const cos = (a: Node): Node => node("cos", [a], {})
export const stopGradient = (a: Node): Node => node("stop_gradient", [a], {})
export const convert = (a: Node, dtype: Dtype): Node => node("convert", [a], { dtype })
export const shiftLeft = (a: Node, shift: number): Node => node("shift_left", [a], { shift })
export const shiftRight = (a: Node, shift: number): Node => node("shift_right", [a], { shift })
export const bitwiseAnd = (a: Node, b: Node): Node => node("bitwise_and", [a, b], {})
export const bitwiseOr = (a: Node, b: Node): Node => node("bitwise_or", [a, b], {})
export const sum = (a: Node, axis: number): Node => node("sum", [a], { axis })
export const maximum = (a: Node, axis: number): Node => node("maximum", [a], { axis })
export const minimum = (a: Node, axis: number): Node => node("minimum", [a], { axis })
export const argmax = (a: Node): Node => node("argmax", [a], {})
export const broadcast = (a: Node, axis: number, length: number): Node => node("broadcast", [a], { axis, length })
export const reshape = (a: Node, shape: Shape): Node => node("reshape", [a], { shape })
/** Axis i of the result is axis order[i] of `a`. */
export const transpose = (a: Node, order: readonly number[]): Node => node("transpose", [a], { order })
/** From `start` up to before `stop` on each axis, every `step`-th. */
export const slice = (a: Node, start: Shape, stop: Shape, step: Shape = start.map(() => 1)): Node =>
  node("slice", [a], { start, stop, step })
/** With so many elements of `value` before, after and between those of each axis. */
export const pad = (
  a: Node,
  before: Shape,
  after: Shape,
  { between = before.map(() => 0), value = 0 }: { readonly between?: Shape; readonly value?: number } = {},
): Node => node("pad", [a], { before, after, between, value })
export const concatenate = (parts: readonly Node[], axis: number): Node => node("concatenate", parts, { axis })
export const reverse = (a: Node, axis: number): Node => node("reverse", [a], { axis })
export const matmul = (a: Node, b: Node, transposeLeft = false, transposeRight = false): Node =>
  node("matmul", [a, b], { transposeLeft, transposeRight })
export const take = (table: Node, indices: Node): Node => node("take", [table, indices], {})
export const gatherSum = (table: Node, slots: Node, count: Node): Node => node("gather_sum", [table, slots, count], {})
export const scatterAdd = (rows: Node, slots: Node, count: Node, length: number): Node =>
  node("scatter_add", [rows, slots, count], { length })
/** x [B,…S,C] → [B,…O,…K,C]: the windows of each place, im2col. */
export const unfold = (x: Node, windows: Windows): Node => node("unfold", [x], windows)
/** [B,…O,…K,C] → [B,…S,C]: overlaps summed, S = `spatial`. */
export const fold = (x: Node, spatial: Shape, windows: Windows): Node => node("fold", [x], { ...windows, spatial })
export const requantise = (x: Node, multiplier: Node, shift: number, dtype: "i8" | "u8" | "i16"): Node =>
  node("requantise", [x, multiplier], { shift, dtype })
export const lookup = (x: Node, table: Node): Node => node("lookup", [x, table], {})
export const integerSqrt = (a: Node): Node => node("integer_sqrt", [a], {})
/** y[.., 2i] and y[.., 2i + 1] = the low and the high nibble of x[.., i], less 8: −8 … 7. */
export const unpackNibbles = (a: Node): Node => node("unpack_nibbles", [a], {})
export const softmaxBits = (a: Node): Node => node("softmax_bits", [a], {})
export const negate = (a: Node): Node => multiply(a, fill(-1, a))
/** Stretches every axis of length 1 to that of `like`. */
export const broadcastLike = (a: Node, like: { shape: Shape }): Node =>
  like.shape.reduce((node, length, axis) => (node.shape[axis] === length ? node : broadcast(node, axis, length)), a)
