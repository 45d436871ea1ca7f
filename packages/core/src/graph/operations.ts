import { DTYPE, type Dtype } from "../base/dtype.ts"
import { isProblem, type Problem, refuse } from "../base/problem.ts"
import { type Shape, sameShape } from "../base/shape.ts"
import * as ir from "../ir/build.ts"
import type { Expression } from "../ir/program.ts"
import { type Bind, expOf, logOf } from "./elementary.ts"
import type { Name, Node, Signatures } from "./graph.ts"
import * as reference from "./reference.ts"
import { MULTIPLIER_MAX, requantised, SATURATION, SHIFT_MAX, SHIFT_MIN } from "./requantise.ts"

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
  | { readonly kind: "loops"; body(node: Node<N>): reference.Loops }
  /** The node brings its own loop IR. */
  | { readonly kind: "program" }

export interface Rules<N extends Name> {
  readonly shape: (inputs: Signatures[N]["inputs"], attributes: Signatures[N]["attributes"]) => Shape | Problem
  readonly dtype: (inputs: Signatures[N]["inputs"], attributes: Signatures[N]["attributes"]) => Dtype | Problem
  /** From dy = ∂loss/∂y, the new graph of ∂loss/∂input, one for each input; nothing where there is no derivative. */
  readonly gradient: (dy: Node, y: Node<N>) => readonly (Node | undefined)[]
  readonly reference: Reference<N>
}

/** Which version of every reference below a module was built with. */
export const OPERATION_SET = 1

const none = (): readonly undefined[] => []
const element = (
  value: (...operands: readonly Expression[]) => Expression,
): Extract<Reference<Name>, { kind: "element" }> => ({ kind: "element", value: (operands) => value(...operands) })
const loops = (body: reference.Loops): Extract<Reference<Name>, { kind: "loops" }> => ({
  kind: "loops",
  body: () => body,
})

/** The one table. */
export const OPERATIONS: { readonly [N in Name]: Rules<N> } = {
  input: { shape: (_, a) => a.shape, dtype: (_, a) => a.dtype, gradient: none, reference: { kind: "leaf" } },
  weight: { shape: (_, a) => a.shape, dtype: (_, a) => a.dtype, gradient: none, reference: { kind: "leaf" } },
  fill: { shape: (_, a) => a.shape, dtype: (_, a) => holds(a), gradient: none, reference: { kind: "leaf" } },
  add: { shape: same, dtype: alike, gradient: (dy) => [dy, dy], reference: element((a, b) => ir.add(a!, b!)) },
  subtract: {
    shape: same,
    dtype: alike,
    gradient: (dy) => [dy, negate(dy)],
    reference: element((a, b) => ir.sub(a!, b!)),
  },
  multiply: {
    shape: same,
    dtype: alike,
    gradient: (dy, { inputs: [a, b] }) => [multiply(dy, b), multiply(dy, a)],
    reference: element((a, b) => ir.mul(a!, b!)),
  },
  divide: {
    shape: same,
    dtype: floats,
    gradient(dy, y) {
      const da = divide(dy, y.inputs[1])
      return [da, negate(multiply(da, y))]
    },
    reference: element((a, b) => ir.binary(ir.isF64(a!) ? "f64.div" : "f32.div", a!, b!)),
  },
  equal: {
    // 1 where the inputs are equal, else 0
    shape: same,
    dtype: floats,
    gradient: () => [undefined, undefined],
    reference: element((a, b) => {
      const [scalar, op] = ir.isF64(a!) ? (["f64", "f64.eq"] as const) : (["f32", "f32.eq"] as const)
      return ir.select(ir.binary(op, a!, b!), ir.constant(scalar, 1), ir.constant(scalar, 0))
    }),
  },
  sqrt: {
    shape: ([a]) => a.shape,
    dtype: floats,
    gradient: (dy, y) => [divide(dy, add(y, y))],
    reference: element((a) => ir.unary(ir.isF64(a!) ? "f64.sqrt" : "f32.sqrt", a!)),
  },
  exp: {
    shape: ([a]) => a.shape,
    dtype: floats,
    gradient: (dy, y) => [multiply(dy, y)],
    reference: { kind: "element", value: ([a], _, bind) => expOf(a!, bind) },
  },
  log: {
    shape: ([a]) => a.shape,
    dtype: floats,
    gradient: (dy, { inputs: [a] }) => [divide(dy, a)],
    reference: { kind: "element", value: ([a], _, bind) => logOf(a!, bind) },
  },
  broadcast: {
    shape: ([a], { axis, length }) => (a.shape[axis] === 1 ? a.shape.with(axis, length) : noBroadcast(a, axis, length)),
    dtype: ([a]) => a.dtype,
    gradient: (dy, { attributes: { axis } }) => [sum(dy, axis)],
    reference: { kind: "broadcast" },
  },
  sum: {
    shape: reduced,
    dtype: floats,
    gradient: (dy, { inputs: [a] }) => [broadcastLike(dy, a)],
    reference: { kind: "loops", body: ({ attributes: { axis } }) => reference.sumLoops(axis) },
  },
  maximum: {
    shape: reduced,
    dtype: floats,
    gradient(dy, y) {
      // shared among equals
      const {
        inputs: [a],
        attributes: { axis },
      } = y
      const isLargest = equal(a, broadcastLike(y, a))
      return [multiply(isLargest, broadcastLike(divide(dy, sum(isLargest, axis)), a))]
    },
    reference: { kind: "loops", body: ({ attributes: { axis } }) => reference.maximumLoops(axis) },
  },
  matmul: {
    shape: product,
    dtype: ([a, b]) => accumulator(a, b),
    gradient(dy, { inputs: [a, b], attributes: { transposeLeft: ta, transposeRight: tb } }) {
      const da = ta ? matmul(b, dy, tb, true) : matmul(dy, b, false, !tb)
      const db = tb ? matmul(dy, a, true, ta) : matmul(a, dy, !ta, false)
      return [da, db]
    },
    reference: { kind: "loops", body: ({ attributes: a }) => reference.matmulLoops(a.transposeLeft, a.transposeRight) },
  },
  gather_sum: {
    shape: ([table, slots, count]) => rank2(table) ?? bag(slots, count) ?? [slots.shape[0]!, table.shape[1]!],
    dtype: ([table, slots, count]) => indices(slots, count) ?? accumulator(table, table),
    gradient: (dy, { inputs: [table, slots, count] }) => [
      scatterAdd(dy, slots, count, table.shape[0]!),
      undefined,
      undefined,
    ],
    reference: loops(reference.gatherSumLoops),
  },
  scatter_add: {
    shape: ([rows, slots, count], { length }) =>
      rank2(rows) ?? bag(slots, count, rows.shape[0]) ?? [length, rows.shape[1]!],
    dtype: ([rows, slots, count]) => indices(slots, count) ?? floats([rows]),
    gradient: (dy, { inputs: [, slots, count] }) => [gatherSum(dy, slots, count), undefined, undefined],
    reference: loops(reference.scatterAddLoops),
  },
  requantise: {
    shape: (inputs, { shift }) =>
      shift >= SHIFT_MIN && shift <= SHIFT_MAX && Number.isInteger(shift) ? same(inputs) : noShift(shift),
    dtype([x, multiplier], { dtype }) {
      if (!Object.hasOwn(SATURATION, dtype)) return wrongDtype({ dtype }, Object.keys(SATURATION).join(", "))
      const other = [x, multiplier].find((each) => each.dtype !== "i32")
      return other ? wrongDtype(other, "i32") : dtype
    },
    gradient: () => [undefined, undefined],
    // A multiplier out of 1 … 32767 would not overflow the meaning of i32, but is refused where modules are read.
    reference: {
      kind: "element",
      value: ([x, m], { shift, dtype }) => requantised(x!, ir.clamp(m!, 0, MULTIPLIER_MAX), shift, dtype),
    },
  },
  softmax_bits: {
    shape([a]) {
      const shape = matrix(a)
      return !isProblem(shape) && shape[1]! > reference.SOFTMAX_COLUMNS_MAX ? tooWide(a) : shape
    },
    dtype: ([a]) => (a.dtype === "i16" ? "u16" : wrongDtype(a, "i16")),
    gradient: () => [undefined],
    reference: loops(reference.softmaxBitsLoops),
  },
  argmax: {
    shape: ([a]) => {
      const shape = matrix(a)
      return isProblem(shape) ? shape : [shape[0]!, 1]
    },
    dtype: ([a]) => (DTYPE[a.dtype].scalar === "i32" ? "i32" : wrongDtype(a, "an integer")),
    gradient: () => [undefined],
    reference: loops(reference.argmaxLoops),
  },
  kernel: {
    shape: (_, { program, output }) => [1, program.buffers.find(({ name }) => name === output)?.length ?? 0],
    dtype: (inputs, { program, output }) => kernelDtype(inputs, program, output),
    gradient: (_, { inputs }) => inputs.map(() => undefined),
    reference: { kind: "program" },
  },
}

// Shape and dtype rules that operations share.
function same([a, b]: readonly [Node, Node]): Shape | Problem {
  if (sameShape(a.shape, b.shape)) return a.shape
  return { code: "OB310", seen: `The shapes [${a.shape}] and [${b.shape}] differ.`, hint: "Broadcast one of them." }
}
function reduced([a]: readonly [Node], { axis }: { readonly axis: number }): Shape | Problem {
  if (axis in a.shape) return a.shape.with(axis, 1)
  return { code: "OB311", seen: `[${a.shape}] has no axis ${axis}.`, hint: `It has ${a.shape.length}, counted from 0.` }
}
const noBroadcast = ({ shape }: Node, axis: number, length: number): Problem => ({
  code: "OB312",
  seen: `Axis ${axis} of [${shape}] cannot become ${length}.`,
  hint: `Make it 1 or ${length} long.`,
})
const noShift = (shift: number): Problem => ({
  code: "OB316",
  seen: `A shift of ${shift}.`,
  hint: `${SHIFT_MIN} to ${SHIFT_MAX}: scales below a quarter.`,
})
function matrix({ shape }: Node): Shape | Problem {
  return shape.length === 2 ? shape : { code: "OB313", seen: `[${shape}] is no matrix.`, hint: "Give it two axes." }
}
const tooWide = ({ shape }: Node): Problem => ({
  code: "OB319",
  seen: `A softmax over ${shape[1]} columns.`,
  hint: `${reference.SOFTMAX_COLUMNS_MAX} is the limit: a sum of more parts may wrap.`,
})
const rank2 = (node: Node): Problem | undefined => {
  const shape = matrix(node)
  return isProblem(shape) ? shape : undefined
}
function product([a, b]: readonly [Node, Node], t: Signatures["matmul"]["attributes"]): Shape | Problem {
  if (a.shape.length !== 2 || b.shape.length !== 2) return matrix(a.shape.length === 2 ? b : a)
  const [m, k] = t.transposeLeft ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!]
  const [k2, n] = t.transposeRight ? [b.shape[1]!, b.shape[0]!] : [b.shape[0]!, b.shape[1]!]
  if (k === k2) return [m, n]
  return { code: "OB314", seen: `A product over ${k} and ${k2}.`, hint: "The inner axes must be equally long." }
}
function bag(slots: Node, count: Node, rows = slots.shape[0]): Problem | undefined {
  const fits = slots.shape.length === 2 && slots.shape[0] === rows
  if (fits && sameShape(count.shape, [slots.shape[0]!, 1])) return undefined
  const seen = `Slots [${slots.shape}] with counts [${count.shape}] for ${rows} rows.`
  return { code: "OB315", seen, hint: "Slots are [B,F], counts [B,1], rows to scatter [B,D]." }
}
const wrongDtype = ({ dtype }: { readonly dtype: Dtype }, wanted: string): Problem => ({
  code: "OB317",
  seen: `Found ${dtype} where ${wanted} belongs.`,
  hint: "Quantise or convert it.",
})
function alike([a, b]: readonly [Node, Node]): Dtype | Problem {
  return a.dtype === b.dtype && DTYPE[a.dtype].bytes >= 4 ? a.dtype : wrongDtype(b, `${a.dtype} of 32 bits`)
}
function floats(inputs: readonly Node[]): Dtype | Problem {
  const other = inputs.find(({ dtype }) => dtype !== inputs[0]!.dtype || DTYPE[dtype].scalar === "i32")
  return other ? wrongDtype(other, "one float dtype") : inputs[0]!.dtype
}
/** What products are summed up in: floats in themselves, integers in i32. */
function accumulator(a: Node, b: Node): Dtype | Problem {
  const [x, y] = [DTYPE[a.dtype].scalar, DTYPE[b.dtype].scalar]
  if (x === "i32" && y === "i32") return "i32"
  return a.dtype === b.dtype ? a.dtype : wrongDtype(b, a.dtype)
}
function holds({ value, dtype }: Signatures["fill"]["attributes"]): Dtype | Problem {
  const range: readonly [number, number] | undefined = DTYPE[dtype].range
  if (!range || (Number.isInteger(value) && value >= range[0] && value <= range[1])) return dtype
  return { code: "OB317", seen: `${value} is no ${dtype}.`, hint: `A whole number in ${range[0]} … ${range[1]}.` }
}
const indices = (...nodes: readonly Node[]): Problem | undefined =>
  nodes.flatMap((node) => (DTYPE[node.dtype].scalar === "i32" ? [] : [wrongDtype(node, "an integer")]))[0]
function kernelDtype(
  inputs: readonly Node[],
  program: Signatures["kernel"]["attributes"]["program"],
  output: string,
): Dtype | Problem {
  const wanted = program.buffers.filter(({ access }) => access === "input")
  const fits =
    wanted.length === inputs.length &&
    wanted.every(({ dtype, length }, i) => inputs[i]!.dtype === dtype && sameShape(inputs[i]!.shape, [1, length]))
  const given = program.buffers.find(({ name, access }) => name === output && access === "output")
  if (fits && given) return given.dtype
  const seen = `Kernel \`${program.name}\` takes ${wanted.map(({ name, dtype, length }) => `${name} ${dtype}[${length}]`).join(", ")}.`
  return { code: "OB318", seen, hint: "Wire inputs of the same dtype and length, and name an output that it has." }
}

/** A checked node. Errors: a Refusal with the Problem of the shape or dtype rule. */
export function node<N extends Name>(
  operation: N,
  inputs: Node<N>["inputs"],
  attributes: Node<N>["attributes"],
): Node<N> {
  const rules: Rules<N> = OPERATIONS[operation]
  const [shape, dtype] = [rules.shape(inputs, attributes), rules.dtype(inputs, attributes)]
  for (const found of [shape, dtype]) if (isProblem(found)) refuse(found)
  return { operation, inputs, attributes, shape: shape as Shape, dtype: dtype as Dtype }
}

export const input = (name: string, dtype: Dtype, shape: Shape): Node<"input"> =>
  node("input", [], { name, dtype, shape })
export const weight = (name: string, dtype: Dtype, shape: Shape): Node<"weight"> =>
  node("weight", [], { name, dtype, shape })
export const fill = (value: number, { shape, dtype }: { shape: Shape; dtype: Dtype }): Node =>
  node("fill", [], { value, shape, dtype })
export const add = (a: Node, b: Node): Node => node("add", [a, b], {})
export const subtract = (a: Node, b: Node): Node => node("subtract", [a, b], {})
export const multiply = (a: Node, b: Node): Node => node("multiply", [a, b], {})
export const divide = (a: Node, b: Node): Node => node("divide", [a, b], {})
export const equal = (a: Node, b: Node): Node => node("equal", [a, b], {})
export const sqrt = (a: Node): Node => node("sqrt", [a], {})
export const exp = (a: Node): Node => node("exp", [a], {})
export const log = (a: Node): Node => node("log", [a], {})
export const sum = (a: Node, axis: number): Node => node("sum", [a], { axis })
export const maximum = (a: Node, axis: number): Node => node("maximum", [a], { axis })
export const broadcast = (a: Node, axis: number, length: number): Node => node("broadcast", [a], { axis, length })
export const matmul = (a: Node, b: Node, transposeLeft = false, transposeRight = false): Node =>
  node("matmul", [a, b], { transposeLeft, transposeRight })
export const gatherSum = (table: Node, slots: Node, count: Node): Node => node("gather_sum", [table, slots, count], {})
export const scatterAdd = (rows: Node, slots: Node, count: Node, length: number): Node =>
  node("scatter_add", [rows, slots, count], { length })
export const requantise = (x: Node, multiplier: Node, shift: number, dtype: "i8" | "u8" | "i16"): Node =>
  node("requantise", [x, multiplier], { shift, dtype })
export const softmaxBits = (a: Node): Node => node("softmax_bits", [a], {})
export const argmax = (a: Node): Node => node("argmax", [a], {})
export const negate = (a: Node): Node => multiply(a, fill(-1, a))
/** Stretches every axis of length 1 to that of `like`. */
export const broadcastLike = (a: Node, like: { shape: Shape }): Node =>
  like.shape.reduce((node, length, axis) => (node.shape[axis] === length ? node : broadcast(node, axis, length)), a)
