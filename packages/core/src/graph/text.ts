import type { Json, JsonObject } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { parseProgram } from "../ir/parse.ts"
import type { Program } from "../ir/program.ts"
import { validate, validateForm } from "../ir/validate.ts"
import { listOf, objectOf, type Reader, type Shared, shown, wrong } from "./attributes.ts"
import { inOrder, isNode, type Name, type Node } from "./graph.ts"
import { node, OPERATION_SET, OPERATIONS } from "./operations.ts"
import { type Body, checkedBody } from "./scan.ts"

/** The values that an entry gives, by name. */
export type Outputs = Readonly<Record<string, Node>>
export const NODES_MAX = 10_000
/** Each brings its program, which stands in the lowered one as often as it is called with other inputs. */
export const KERNELS_MAX = 100

/** How deep scans may stand in each other. */
export const SCAN_DEPTH_MAX = 8

/**
 * graph.json: nodes in the order that the outputs, by name, ask for them, inputs by place, each kernel's program and each
 * scan's body once; a body after those that its own scans run.
 */
export function graphToJson(outputs: Outputs): Json {
  const sorted = Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)) // so that reading and writing it gives it again
  const order = inOrder(sorted.map(([, output]) => output))
  const shared = { programs: [] as Program[], bodies: [] as Body[], written: [] as Json[] }
  const nodes = nodesToJson(order, shared)
  const named = Object.fromEntries(sorted.map(([name, output]) => [name, order.indexOf(output)]))
  const programs = shared.programs as unknown as Json
  const bodies = shared.bodies.length > 0 ? { bodies: shared.written } : {}
  return { operations: OPERATION_SET, nodes, outputs: named, programs, ...bodies }
}
function nodesToJson(
  order: readonly Node[],
  shared: { readonly programs: Program[]; readonly bodies: Body[]; readonly written: Json[] },
): readonly Json[] {
  const places = new Map(order.map((each, i) => [each, i]))
  return order.map(({ operation, inputs, attributes }): Json => {
    const rest = { ...(attributes as Readonly<Record<string, unknown>>) }
    if ("program" in attributes) rest["program"] = placeIn(shared.programs, attributes.program)
    if ("body" in attributes) {
      const { body } = attributes
      if (!shared.bodies.includes(body)) shared.written.push(bodyToJson(body, shared)) // after those that it runs
      rest["body"] = placeIn(shared.bodies, body)
    }
    return { operation, inputs: inputs.map((input) => places.get(input)!), attributes: rest as Json }
  })
}
function bodyToJson(body: Body, shared: Parameters<typeof nodesToJson>[1]): Json {
  const places = (nodes: readonly Node[]): Json => nodes.map((each) => body.values.indexOf(each))
  const { carries, next, slices, constants, values } = body
  return {
    nodes: nodesToJson(values, shared),
    ...{ carries: places(carries), next: places(next), slices: places(slices), constants: places(constants) },
  }
}
const placeIn = <T>(list: T[], item: T): number => (list.includes(item) ? list.indexOf(item) : list.push(item) - 1)

/** Reads what `graphToJson` wrote; every rule of the operations table is checked again. Errors: OB220, OB21x, OB31x, OB32x. */
export function graphFromJson(json: Json, isProvedLater = false): Outputs {
  const whole = objectOf(json)
  if (whole["operations"] !== OPERATION_SET)
    refuse({
      code: "OB221",
      seen: `This graph is of operation set ${shown(whole["operations"])}.`,
      hint: `This version runs set ${OPERATION_SET}: update it, or rebuild the module.`,
    })
  const check = isProvedLater ? validateForm : validate
  const programs = listOf(whole["programs"]).map((each) => parseProgram(each, check))
  if (programs.some(({ buffers }) => buffers.some(({ access }) => access === "state"))) wrong("a kernel with state")
  if (programs.some(usesF64)) wrong("a kernel computes in f64, which is for gradient checks")
  const shared: Read = { programs, bodies: [], sizes: new Map() }
  for (const each of listOf(whole["bodies"] ?? [])) {
    const { body, size } = bodyFromJson(objectOf(each), shared)
    shared.bodies.push(body)
    shared.sizes.set(body, size)
  }
  const { nodes } = nodesFromJson(whole["nodes"], shared)
  return Object.fromEntries(
    Object.entries(objectOf(whole["outputs"])).map(([name, place]) => [name, earlier(nodes, place)]),
  )
}

/** What a list of nodes comes to when it is lowered, its scans' bodies included. */
interface Size {
  readonly nodes: number
  readonly kernels: number
  readonly depth: number
}
interface Read extends Shared {
  readonly bodies: Body[]
  readonly sizes: Map<Body, Size>
}
function bodyFromJson(json: JsonObject, shared: Read): { readonly body: Body; readonly size: Size } {
  const { nodes: values, size } = nodesFromJson(json["nodes"], shared)
  const places = (json: Json | undefined): readonly Node[] => listOf(json).map((place) => earlier(values, place))
  const inputs = (json: Json | undefined): readonly Node<"input">[] =>
    places(json).map((each) => (isNode(each, "input") ? each : wrong("a body is given what is no input")))
  const { carries, next, slices, constants } = json
  const given = { carries: inputs(carries), slices: inputs(slices), constants: inputs(constants) }
  return { body: checkedBody({ ...given, next: places(next), values }), size }
}
function nodesFromJson(json: Json | undefined, shared: Read): { readonly nodes: readonly Node[]; readonly size: Size } {
  const built: Node[] = []
  let size: Size = { nodes: 0, kernels: 0, depth: 0 }
  if (listOf(json).length > NODES_MAX) wrong(`more than ${NODES_MAX} nodes`)
  for (const each of listOf(json)) {
    const { operation, inputs, attributes } = objectOf(each)
    if (typeof operation !== "string" || !Object.hasOwn(OPERATIONS, operation))
      return wrong(`${shown(operation)} is no operation`)
    const name = operation as Name
    const sources = listOf(inputs).map((place) => earlier(built, place))
    const takes = OPERATIONS[name].inputs
    if (takes !== "any" && sources.length !== takes) wrong(`${name} takes ${takes} inputs, not ${sources.length}`)
    const checked = attributesOf(name, objectOf(attributes), shared)
    const made = node(name, sources as unknown as Node["inputs"], checked as unknown as Node["attributes"])
    built.push(made)
    size = larger(size, made, shared)
  }
  return { nodes: built, size }
}
function larger({ nodes, kernels, depth }: Size, made: Node, { sizes }: Read): Size {
  const inner = "body" in made.attributes ? sizes.get(made.attributes.body)! : { nodes: 0, kernels: 0, depth: -1 }
  const size = {
    nodes: nodes + 1 + inner.nodes,
    kernels: kernels + (isNode(made, "kernel") ? 1 : inner.kernels),
    depth: Math.max(depth, inner.depth + 1),
  }
  if (size.nodes > NODES_MAX) wrong(`more than ${NODES_MAX} nodes`)
  if (size.kernels > KERNELS_MAX) wrong(`more than ${KERNELS_MAX} kernels`)
  if (size.depth > SCAN_DEPTH_MAX) wrong(`scans in scans, deeper than ${SCAN_DEPTH_MAX}`)
  return size
}
const earlier = (built: readonly Node[], place: Json | undefined): Node =>
  typeof place === "number" && built[place] ? built[place] : wrong(`${shown(place)} is no earlier node`)

function attributesOf(name: Name, given: JsonObject, shared: Shared): Readonly<Record<string, unknown>> {
  const known: Readonly<Record<string, Reader<unknown>>> = OPERATIONS[name].attributes
  const stray = Object.keys(given).find((key) => !Object.hasOwn(known, key))
  if (stray !== undefined) wrong(`${name} has no attribute ${shown(stray)}`)
  return Object.fromEntries(Object.entries(known).map(([key, read]) => [key, read(given[key], shared)]))
}

/** No target has f64. In its text that is found at once, where a walk over cold code would delay the first answer. */
const usesF64 = (program: Program): boolean => F64.test(JSON.stringify(program))
const F64 = /"(?:scalar|dtype)":"f64"|"op":"(?:f64\.|i32\.from_f64)/
