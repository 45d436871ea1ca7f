import { type Problem, refuse } from "../base/problem.ts"
import { sameShape } from "../base/shape.ts"
import { inOrder, isNode, type Node } from "./graph.ts"
import { concatenate, input, node, reshape, slice } from "./operations.ts"

/** What a scan does at each step: a graph of its own, whose inputs stand for what the step is given. */
export interface Body {
  /** Values that go from step to step. */
  readonly carries: readonly Node<"input">[]
  /** What each carry is after the step. */
  readonly next: readonly Node[]
  /** One part of each sequence: the one of this step. */
  readonly slices: readonly Node<"input">[]
  /** What is the same for all steps. */
  readonly constants: readonly Node<"input">[]
  /** All nodes, inputs before their users: a result of the scan is named by its place here. */
  readonly values: readonly Node[]
}
export type Parts = Omit<Body, "values"> & { readonly outputs: readonly Node[] }

/** A body that gives these outputs. Errors: OB327 when it refers to what it is not given, or a carry changes its shape. */
export function bodyOf({ outputs, ...parts }: Parts): Body {
  const values = inOrder([...parts.carries, ...parts.slices, ...parts.constants, ...parts.next, ...outputs])
  return checkedBody({ ...parts, values })
}
export function checkedBody(body: Body): Body {
  const problem = misfit(body)
  return problem ? refuse(problem) : body
}
function misfit({ carries, next, slices, constants, values }: Body): Problem | undefined {
  const given = new Set<Node>([...carries, ...slices, ...constants])
  if (given.size < carries.length + slices.length + constants.length) return noBody("One of its inputs stands for two.")
  if (slices.length === 0) return noBody("It has no sequence, and so no number of steps.")
  const stray = values.find((each) => !given.has(each) && (isNode(each, "input") || isNode(each, "weight")))
  if (stray && "name" in stray.attributes) return noBody(`Its body reads \`${stray.attributes.name}\` from outside.`)
  const fits = (carry: Node, i: number): boolean =>
    next[i] !== undefined && sameShape(carry.shape, next[i].shape) && carry.dtype === next[i].dtype
  return next.length === carries.length && carries.every(fits) ? undefined : noBody("A carry changes shape or dtype.")
}
const noBody = (seen: string): Problem => ({
  code: "OB327",
  seen: `This scan does not fit together. ${seen}`,
  hint: "Give each step all that it reads: carries that keep their shape, parts of sequences, constants.",
})

/** The carry whose last value a node is; none when it stacks a value of every step. */
export function lastOf({ attributes: { body, output, stacked } }: Node<"scan">): number | undefined {
  const at = stacked ? -1 : body.next.indexOf(body.values[output]!)
  return at < 0 ? undefined : at
}
/** What the results that a run is asked for depend on, be it through the carries of earlier steps: the places of those, and all nodes. */
export function neededOf(
  body: Body,
  run: readonly Node<"scan">[],
): { readonly live: readonly number[]; readonly needed: ReadonlySet<Node> } {
  const live = new Set(run.flatMap((call) => lastOf(call) ?? []))
  const asked = run.map(({ attributes }) => body.values[attributes.output]!)
  for (;;) {
    const needed = new Set(inOrder([...asked, ...[...live].map((i) => body.next[i]!)]))
    const more = body.carries.flatMap((carry, i) => (needed.has(carry) && !live.has(i) ? [i] : []))
    if (more.length === 0) return { live: [...live].sort((a, b) => a - b), needed }
    for (const i of more) live.add(i)
  }
}
/** A run of a body: gives its results, by the value that is stacked or that a carry becomes. */
export function scanOf(
  body: Body,
  inputs: readonly Node[],
  way: { readonly reverse: boolean; readonly recompute: boolean },
): (value: Node, stacked: boolean) => Node<"scan"> {
  return (value, stacked) => node("scan", [...inputs], { ...way, body, stacked, output: body.values.indexOf(value) })
}
/** Another result of the same run. */
export function resultOf(of: Node<"scan">, value: Node, stacked: boolean): Node<"scan"> {
  return node("scan", of.inputs, { ...of.attributes, output: of.attributes.body.values.indexOf(value), stacked })
}

export interface Given {
  /** Their values before the first step. */
  readonly carries: readonly Node[]
  /** [T, …] each: a step takes the parts of its place on the first axis. */
  readonly sequences: readonly Node[]
  readonly constants?: readonly Node[]
}
export type Step = (
  carries: readonly Node[],
  slices: readonly Node[],
  constants: readonly Node[],
) => { readonly next: readonly Node[]; readonly outputs?: readonly Node[] }
export interface ScanOptions {
  /** From the last place to the first. Results stay in the places of their steps. */
  readonly reverse?: boolean
  /** What the gradient keeps: all that it needs of each step, or only the carries of every K-th, and runs the steps between again. */
  readonly save?: "all" | number
}
export interface Results {
  /** The carries after the last step. */
  readonly last: readonly Node[]
  /** [T, …] each. */
  readonly outputs: readonly Node[]
}

/**
 * carries, outputs[t] = step(carries, sequences[t], constants), for t = 0 … T − 1: a loop over the first axis.
 *
 * Numbers: each step has the bits that its graph would have alone. The gradient adds up over time what constants
 * receive; where a constant is the right side of a product, that is one product over all steps.
 * Errors: OB327 when the step reads what it is not given, or inputs do not fit.
 */
export function scan(given: Given, step: Step, { reverse = false, save = "all" }: ScanOptions = {}): Results {
  const steps = given.sequences[0]?.shape[0] ?? 0
  if (save === "all" || save >= steps) return plain(given, step, reverse, false)
  return inChunks(given, step, reverse, save)
}

function plain(given: Given, step: Step, reverse: boolean, recompute: boolean): Results {
  const { carries, sequences, constants = [] } = given
  const parameters = (stem: string, nodes: readonly Node[], axes: number): readonly Node<"input">[] =>
    nodes.map(({ dtype, shape }, i) => input(`${stem}${i}`, dtype, shape.slice(axes)))
  const own = {
    carries: parameters("carry", carries, 0),
    slices: parameters("slice", sequences, 1),
    constants: parameters("constant", constants, 0),
  }
  const { next, outputs = [] } = step(own.carries, own.slices, own.constants)
  const body = bodyOf({ ...own, next, outputs })
  const result = scanOf(body, [...carries, ...sequences, ...constants], { reverse, recompute })
  return { last: next.map((each) => result(each, false)), outputs: outputs.map((each) => result(each, true)) }
}

/** A scan of scans of `every` steps, of which the gradient keeps the first carries alone; then one of the steps that are left. */
function inChunks(given: Given, step: Step, reverse: boolean, every: number): Results {
  const { constants = [] } = given
  const steps = given.sequences[0]!.shape[0]!
  const chunks = Math.floor(steps / every)
  const left = steps - chunks * every
  const part = (a: Node, from: number, to: number): Node =>
    from === 0 && to === steps ? a : slice(a, [from, ...a.shape.slice(1).map(() => 0)], [to, ...a.shape.slice(1)])
  const [head, tail] = reverse ? ([left, 0] as const) : ([0, chunks * every] as const) // where each begins
  const sequences = given.sequences.map((a) =>
    reshape(part(a, head, head + chunks * every), [chunks, every, ...a.shape.slice(1)]),
  )
  const whole = (carries: readonly Node[], slices: readonly Node[], own: readonly Node[]): ReturnType<Step> => {
    const { last, outputs } = plain({ carries, sequences: slices, constants: own }, step, reverse, false)
    return { next: last, outputs }
  }
  const most = plain({ carries: given.carries, sequences, constants }, whole, reverse, true)
  const flat = most.outputs.map((a) => reshape(a, [chunks * every, ...a.shape.slice(2)]))
  if (left === 0) return { last: most.last, outputs: flat }
  const rest = given.sequences.map((a) => part(a, tail, tail + left))
  const end = plain({ carries: most.last, sequences: rest, constants }, step, reverse, false)
  const outputs = end.outputs.map((a, i) => concatenate(reverse ? [a, flat[i]!] : [flat[i]!, a], 0))
  return { last: end.last, outputs }
}
