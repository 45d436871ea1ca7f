import { type Shape, sizeOf } from "../base/shape.ts"
import { inOrder, isNode, type Name, type Node } from "./graph.ts"
import { runsIn } from "./runs.ts"
import type { Outputs } from "./text.ts"

/** Larger numbers are said to be this one. */
const MOST = Number.MAX_SAFE_INTEGER
const product = (...factors: readonly number[]): number =>
  Math.min(
    MOST,
    factors.reduce((all, each) => all * each, 1),
  )
const sum = (all: readonly number[]): number => all.reduce((total, each) => Math.min(MOST, total + each), 0)

type Work<N extends Name = Name> = (node: Node<N>) => number
const nothing: Work = () => 0
/** One for each number that it gives, or takes. */
const perOutput: Work = ({ shape }) => product(sizeOf(shape))
const perInput: Work = ({ inputs: [x] }) => product(sizeOf(x!.shape))
const width = ({ shape }: Node): number => shape[1]!
const inner = (shape: Shape, isTransposed: boolean): number => shape.at(isTransposed ? -2 : -1)!

/** What each operation counts. One that is new adds a line, and no line ever changes: digests of modules depend on it. */
const WORK: { readonly [N in Name]: Work<N> } = {
  input: nothing,
  weight: nothing,
  fill: nothing,
  iota: nothing,
  stop_gradient: nothing,
  broadcast: nothing,
  reshape: nothing,
  transpose: nothing,
  slice: nothing,
  pad: nothing,
  concatenate: nothing,
  reverse: nothing,
  unfold: nothing,
  take: nothing,
  add: perOutput,
  subtract: perOutput,
  multiply: perOutput,
  divide: perOutput,
  larger: perOutput,
  smaller: perOutput,
  equal: perOutput,
  less: perOutput,
  select: perOutput,
  absolute: perOutput,
  floor: perOutput,
  sqrt: perOutput,
  exp: perOutput,
  log: perOutput,
  tanh: perOutput,
  sigmoid: perOutput,
  sin: perOutput,
  cos: perOutput,
  convert: perOutput,
  shift_left: perOutput,
  shift_right: perOutput,
  bitwise_and: perOutput,
  bitwise_or: perOutput,
  requantise: perOutput,
  lookup: perOutput,
  integer_sqrt: perOutput,
  unpack_nibbles: perOutput,
  fold: perInput,
  sum: perInput,
  maximum: perInput,
  minimum: perInput,
  argmax: perInput,
  softmax_bits: perInput,
  matmul: ({ inputs: [left], attributes, shape }) =>
    product(sizeOf(shape), inner(left.shape, attributes.transposeLeft)),
  gather_sum: ({ inputs: [table, slots] }) => product(sizeOf(slots.shape), width(table)),
  scatter_add: ({ inputs: [rows, slots] }) => product(sizeOf(slots.shape), width(rows)),
  kernel: perOutput,
  scan: ({ inputs, attributes: { body } }) => product(inputs[body.carries.length]!.shape[0]!, workOfNodes(body.values)),
}
const workOf = <N extends Name>(node: Node<N>): number => WORK[node.operation](node)

/** Of the results of one run of a scan only the first counts: they are worked out together. */
function workOfNodes(nodes: readonly Node[]): number {
  const runs = runsIn(nodes)
  return sum(nodes.map((node) => (isNode(node, "scan") && runs.get(node)![0] !== node ? 0 : workOf(node))))
}

/**
 * How much work a graph is, by its shapes alone, in multiply-adds: Σ over the nodes that the outputs need, each once, of
 *
 * - 0 for what is given or only moved: leaves, reshaping, slicing, windows, rows of a table;
 * - |y| for an operation on each element, and for each result of a kernel, however it comes to it;
 * - |x| for a reduction, an argmax, a softmax, windows laid back;
 * - |y| · K for a product of matrices [.., M, K] · [.., K, N];
 * - slots · width for the sum of rows of a table, as if all slots were taken, and for adding rows to one;
 * - T · the work of all values of its body for a run of a scan over T steps.
 *
 * It says nothing of how the graph is lowered, so that a graph counts the same in every version; `countOf` of a program says
 * what one version makes of it. Counts stop at 2⁵³ − 1.
 */
export const workOfGraph = (outputs: Outputs): number => workOfNodes(inOrder(Object.values(outputs)))
