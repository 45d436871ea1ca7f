import { backpropagate } from "./backpropagate.ts"
import { inOrder, isNode, type Node } from "./graph.ts"
import { isInteger } from "./operations/shared.ts"
import { add, fill, input, matmul, OPERATIONS, reshape, type Slope, transpose } from "./operations.ts"
import { bodyOf, lastOf, resultOf, scanOf } from "./scan.ts"

type Run = Node<"scan">

/**
 * The slopes of a run's inputs, from those of its results: a scan the other way over what the run leaves behind.
 *
 * Its carries are ∂loss/∂carry, and for each constant a sum over the steps; its step is the gradient of the body. What
 * that reads of a step's values is stacked by the run itself; with `recompute` only carries are, and the body runs again.
 */
export function scanSlopes(results: readonly Slope<"scan">[]): readonly (Node | undefined)[] {
  const run = results[0]!.y
  const { body, reverse, recompute } = run.attributes
  const flows = body.carries.map((carry) => (isInteger(carry) ? undefined : parameter("flow", carry)))
  const stacked = results.filter(({ y }) => y.attributes.stacked)
  const parts = stacked.map(({ y }) => parameter("slope", resultValue(y)))
  const seeds = [
    ...flows.flatMap((dy, i) => (dy ? [{ y: body.next[i]!, dy }] : [])),
    ...stacked.map(({ y }, i) => ({ y: resultValue(y), dy: parts[i]! })),
  ]
  const parameters = [...body.carries, ...body.slices, ...body.constants]
  const slopes = new Map(backpropagate(seeds, parameters).map((slope, i) => [parameters[i]!, slope]))
  const sums = body.constants.map((constant) => sumOverSteps(slopes.get(constant), constant, recompute))

  const roots = [
    ...[...body.carries, ...body.slices].flatMap((each) => slopes.get(each) ?? []),
    ...sums.flatMap(({ products, rest }) => [...products.flatMap(({ inputs }) => inputs), ...(rest ? [rest] : [])]),
  ]
  const kept = keep(run, roots)
  const carries = [
    ...flows.flatMap((flow, i) => {
      const slope = slopes.get(body.carries[i]!)
      return flow ? [{ own: flow, first: lastSlope(results, i), next: slope ? kept.of(slope) : fill(0, flow) }] : []
    }),
    ...sums.flatMap(({ total, rest }) =>
      rest ? [{ own: total, first: fill(0, total), next: add(total, kept.of(rest)) }] : [],
    ),
  ]
  const sequences = new Map([...stacked.map(({ dy }, i) => [parts[i]!, dy] as const), ...kept.slices])
  if (sequences.size === 0) sequences.set(body.slices[0]!, run.inputs[body.carries.length]!) // it has the number of steps
  const back = scanOf(
    bodyOf({
      ...{ carries: carries.map(({ own }) => own), next: carries.map(({ next }) => next) },
      ...{ slices: [...sequences.keys()], constants: [...kept.constants.keys()], outputs: roots.map(kept.of) },
    }),
    [...carries.map(({ first }) => first), ...sequences.values(), ...kept.constants.values()],
    { reverse: !reverse, recompute },
  )
  /** All steps of a value of the way back. */
  const whole = (value: Node): Node => sequences.get(kept.of(value) as Node<"input">) ?? back(kept.of(value), true)
  return [
    ...flows.map((flow) => flow && back(carries.find(({ own }) => own === flow)!.next, false)),
    ...body.slices.map((slice) => {
      const slope = slopes.get(slice)
      return slope && whole(slope)
    }),
    ...sums.map(({ total, products, rest }) => {
      const known = products.map(({ inputs: [a, b] }) => matmul(longRows(whole(a)), longRows(whole(b)), true))
      if (rest) known.push(back(carries.find(({ own }) => own === total)!.next, false))
      return known.length === 0 ? undefined : known.reduce(add)
    }),
  ]
}

const parameter = (name: string, { dtype, shape }: Node): Node<"input"> => input(name, dtype, shape)
const resultValue = ({ attributes: { body, output } }: Run): Node => body.values[output]!
/** [T,m,n] as [T·m,n]. */
const longRows = (a: Node): Node => reshape(a, [a.shape[0]! * a.shape[1]!, a.shape[2]!])
/** What flows into a carry after the last step. */
const lastSlope = (results: readonly Slope<"scan">[], at: number): Node => {
  const { y } = results[0]!
  const known = results.filter((each) => lastOf(each.y) === at).map(({ dy }) => dy)
  return known.length === 0 ? fill(0, y.attributes.body.carries[at]!) : known.reduce(add)
}

/**
 * The slope of a constant, added up over the steps: products aᵀb as one product of all steps' rows after the loop, which
 * is far faster for a matrix; the rest step by step. With `recompute` all of it, since the rows are not kept.
 */
function sumOverSteps(
  slope: Node | undefined,
  constant: Node,
  recompute: boolean,
): { readonly total: Node<"input">; readonly products: readonly Node<"matmul">[]; readonly rest: Node | undefined } {
  const total = parameter("total", constant)
  if (!slope) return { total, products: [], rest: undefined }
  const terms: Node[] = []
  const [left, split] = [[slope], new Set<Node>()] // each sum is split once, however often it stands in another
  for (let term = left.pop(); term; term = left.pop()) {
    if (!isNode(term, "add") || split.has(term)) terms.push(term)
    else {
      split.add(term)
      left.push(...term.inputs.toReversed())
    }
  }
  const isProduct = (term: Node): term is Node<"matmul"> =>
    isNode(term, "matmul") &&
    term.shape.length === 2 &&
    term.attributes.transposeLeft &&
    !term.attributes.transposeRight
  const products = recompute ? [] : terms.filter(isProduct)
  const others = terms.filter((term) => !(products as readonly Node[]).includes(term))
  return { total, products, rest: others.length === 0 ? undefined : others.reduce(add) }
}

interface Kept {
  /** What stands for a value on the way back. */
  of(node: Node): Node
  /** Inputs of the body of the way back, and what they are parts of. */
  readonly slices: ReadonlyMap<Node<"input">, Node>
  readonly constants: ReadonlyMap<Node<"input">, Node>
}
/**
 * The graph of `roots` with the run's values replaced by parts of stacks. Only what the slopes read is stacked, and no
 * broadcast, nor what follows element-wise from other kept values.
 */
function keep(run: Run, roots: readonly Node[]): Kept {
  const { body, recompute } = run.attributes
  const order = inOrder(roots)
  const forward = new Set(body.values)
  const read = new Set([...roots, ...order.flatMap((node) => (forward.has(node) ? [] : node.inputs))])
  for (const node of order.toReversed())
    if (read.has(node) && forward.has(node) && (recompute || kindOf(node) === "broadcast"))
      for (const each of node.inputs) read.add(each)
  const [slices, constants] = [new Map<Node<"input">, Node>(), new Map<Node<"input">, Node>()]
  const turned = new Map<Node, Node<"input">>()
  const known = new Map<Node, Node>()
  const leaf = (node: Node<"input">): Node => {
    const at = [...body.carries, ...body.slices, ...body.constants].indexOf(node)
    const isConstant = at >= body.carries.length + body.slices.length
    if (isConstant) constants.set(node, run.inputs[at]!)
    else if (at >= 0) slices.set(node, at < body.carries.length ? resultOf(run, node, true) : run.inputs[at]!)
    return node
  }
  const isThere = (node: Node): boolean => known.has(node) || node.inputs.length === 0
  const of = (node: Node): Node => known.get(node) ?? (isNode(node, "input") ? leaf(node) : node)
  const rebuilt = (node: Node): Node => {
    const inputs = node.inputs.map(of)
    const right = inputs[1] as Node<"input">
    if (!isNode(node, "matmul") || !node.attributes.transposeRight || !constants.has(right) || right.shape.length > 2)
      return { ...node, inputs } as Node
    // Turned once before the loop, not in every step.
    const across = turned.get(right) ?? input("turned", right.dtype, right.shape.toReversed())
    turned.set(right, across)
    constants.set(across, transpose(constants.get(right)!, [1, 0]))
    return matmul(inputs[0]!, across, node.attributes.transposeLeft)
  }
  const stackedOf = (node: Node): Node => {
    const saved = parameter("saved", node)
    slices.set(saved, resultOf(run, node, true))
    return saved
  }
  for (const node of order) {
    if (node.inputs.length === 0 || !(read.has(node) || !forward.has(node))) continue
    const again = !forward.has(node) || recompute || kindOf(node) === "broadcast"
    const follows = kindOf(node) === "element" && node.inputs.every(isThere)
    known.set(node, again || follows ? rebuilt(node) : stackedOf(node))
  }
  for (const node of order) if (read.has(node)) of(node)
  return { of, slices, constants }
}
const kindOf = (node: Node): string => OPERATIONS[node.operation].reference.kind
