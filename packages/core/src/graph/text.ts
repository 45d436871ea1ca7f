import { isDtype } from "../base/dtype.ts"
import type { Json } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { parseProgram } from "../ir/parse.ts"
import { type Expression, operandOf, type Program, type Statement, scalarOf, statementsOf } from "../ir/program.ts"
import { inOrder, type Name, type Node } from "./graph.ts"
import { node, OPERATION_SET, OPERATIONS } from "./operations.ts"

/** The values that an entry gives, by name. */
export type Outputs = Readonly<Record<string, Node>>
export const NODES_MAX = 10_000
/** Each brings its program, which stands in the lowered one as often as it is called with other inputs. */
export const KERNELS_MAX = 100
export const AXES_MAX = 8

/** graph.json: nodes in the order that the outputs, by name, ask for them, inputs by place, each kernel's program once. */
export function graphToJson(outputs: Outputs): Json {
  const sorted = Object.entries(outputs).sort(([a], [b]) => (a < b ? -1 : 1)) // so that reading and writing it gives it again
  const order = inOrder(sorted.map(([, output]) => output))
  const places = new Map(order.map((each, i) => [each, i]))
  const programs: Program[] = []
  const nodes = order.map(({ operation, inputs, attributes }): Json => {
    const rest = { ...(attributes as Readonly<Record<string, unknown>>) }
    if ("program" in attributes) {
      const known = programs.indexOf(attributes.program)
      rest["program"] = known >= 0 ? known : programs.push(attributes.program) - 1
    }
    return { operation, inputs: inputs.map((input) => places.get(input)!), attributes: rest as Json }
  })
  const named = Object.fromEntries(sorted.map(([name, output]) => [name, places.get(output)!]))
  return { operations: OPERATION_SET, nodes, outputs: named, programs: programs as unknown as Json }
}

/** Reads what `graphToJson` wrote; every rule of the operations table is checked again. Errors: OB220, OB21x, OB31x. */
export function graphFromJson(json: Json): Outputs {
  const whole = object(json)
  if (whole["operations"] !== OPERATION_SET)
    refuse({
      code: "OB221",
      seen: `This graph is of operation set ${shown(whole["operations"])}.`,
      hint: `This version runs set ${OPERATION_SET}: update it, or rebuild the module.`,
    })
  const programs = list(whole["programs"]).map(parseProgram)
  if (programs.some(({ buffers }) => buffers.some(({ access }) => access === "state"))) wrong("a kernel with state")
  if (programs.some(usesF64)) wrong("a kernel computes in f64, which is for gradient checks")
  const built: Node[] = []
  let kernels = 0
  const found = (place: Json | undefined): Node =>
    typeof place === "number" && built[place] ? built[place] : wrong(`${shown(place)} is no earlier node`)
  if (list(whole["nodes"]).length > NODES_MAX) wrong(`more than ${NODES_MAX} nodes`)
  for (const each of list(whole["nodes"])) {
    const { operation, inputs, attributes } = object(each)
    if (typeof operation !== "string" || !Object.hasOwn(OPERATIONS, operation))
      return wrong(`${shown(operation)} is no operation`)
    const name = operation as Name
    if (name === "kernel" && ++kernels > KERNELS_MAX) wrong(`more than ${KERNELS_MAX} kernels`)
    const sources = list(inputs).map(found)
    if (name !== "kernel" && sources.length !== INPUTS[name])
      wrong(`${name} takes ${INPUTS[name]} inputs, not ${sources.length}`)
    const checked = attributesOf(name, object(attributes), programs)
    built.push(node(name, sources as unknown as Node["inputs"], checked as unknown as Node["attributes"]))
  }
  return Object.fromEntries(Object.entries(object(whole["outputs"])).map(([name, place]) => [name, found(place)]))
}

const INPUTS: Readonly<Record<Exclude<Name, "kernel">, number>> = {
  input: 0,
  weight: 0,
  fill: 0,
  add: 2,
  subtract: 2,
  multiply: 2,
  divide: 2,
  equal: 2,
  sqrt: 1,
  exp: 1,
  log: 1,
  broadcast: 1,
  sum: 1,
  maximum: 1,
  matmul: 2,
  gather_sum: 3,
  scatter_add: 3,
  requantise: 2,
  softmax_bits: 1,
  argmax: 1,
}
/** What each attribute must be, whatever the operation: one name has one meaning. */
const ATTRIBUTE: Readonly<Record<string, (value: Json | undefined, programs: readonly Program[]) => unknown>> = {
  name: (v) => (typeof v === "string" && /^[a-z][a-z0-9_]{0,63}$/i.test(v) ? v : wrong(`${shown(v)} is no name`)),
  dtype: (v) => (isDtype(v) && v !== "f64" ? v : wrong(`${shown(v)} is no dtype of a module`)),
  shape: (v) => (list(v).length <= AXES_MAX ? list(v).map((n) => whole(n, 1, 2 ** 28)) : wrong("too many axes")),
  value: (v) =>
    typeof v === "number" && Number.isFinite(v) && !Object.is(v, -0)
      ? v
      : wrong(`${shown(v)} is no number to fill with`),
  axis: (v) => whole(v, 0, AXES_MAX - 1),
  length: (v) => whole(v, 1, 2 ** 28),
  shift: (v) => whole(v, 0, 31),
  transposeLeft: (v) => v === true,
  transposeRight: (v) => v === true,
  program: (v, programs) => programs[whole(v, 0, programs.length - 1)],
  output: (v) => (typeof v === "string" ? v : wrong(`${shown(v)} is no output`)),
}
const ATTRIBUTES: Readonly<Record<Name, readonly string[]>> = {
  input: ["name", "dtype", "shape"],
  weight: ["name", "dtype", "shape"],
  fill: ["value", "shape", "dtype"],
  add: [],
  subtract: [],
  multiply: [],
  divide: [],
  equal: [],
  sqrt: [],
  exp: [],
  log: [],
  broadcast: ["axis", "length"],
  sum: ["axis"],
  maximum: ["axis"],
  matmul: ["transposeLeft", "transposeRight"],
  gather_sum: [],
  scatter_add: ["length"],
  requantise: ["shift", "dtype"],
  softmax_bits: [],
  argmax: [],
  kernel: ["program", "output"],
}
function attributesOf(
  name: Name,
  given: Readonly<Record<string, Json>>,
  programs: readonly Program[],
): Readonly<Record<string, unknown>> {
  const known = ATTRIBUTES[name]
  const stray = Object.keys(given).find((key) => !known.includes(key))
  if (stray !== undefined) wrong(`${name} has no attribute ${shown(stray)}`)
  return Object.fromEntries(known.map((key) => [key, ATTRIBUTE[key]!(given[key], programs)]))
}

/** No target has f64. */
function usesF64({ buffers, body }: Program): boolean {
  const inExpression = (e: Expression): boolean => {
    if (scalarOf(e) === "f64") return true
    switch (e.kind) {
      case "constant":
      case "local":
        return false
      case "load":
        return inExpression(e.index)
      case "unary":
        return operandOf(e.op) === "f64" || inExpression(e.value)
      case "binary":
        return operandOf(e.op) === "f64" || inExpression(e.left) || inExpression(e.right)
      case "select":
        return [e.condition, e.yes, e.no].some(inExpression)
      default:
        return e satisfies never
    }
  }
  const inStatement = (s: Statement): boolean => {
    switch (s.kind) {
      case "let":
      case "set":
        return inExpression(s.value)
      case "store":
        return inExpression(s.index) || inExpression(s.value)
      case "if":
        return inExpression(s.condition)
      case "loop":
        return inExpression(s.count)
      default:
        return s satisfies never
    }
  }
  return buffers.some(({ dtype }) => dtype === "f64") || [...statementsOf(body)].some(inStatement)
}

const wrong = (seen: string): never =>
  refuse({ code: "OB220", seen: `This is no graph: ${seen}.`, hint: "The file is damaged or of a newer version." })
const shown = (json: unknown): string => (JSON.stringify(json) ?? "nothing").slice(0, 60)
function object(json: Json | undefined): Readonly<Record<string, Json>> {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return wrong(`${shown(json)} is no object`)
  return json as Readonly<Record<string, Json>>
}
const list = (json: Json | undefined): readonly Json[] =>
  Array.isArray(json) ? (json as readonly Json[]) : wrong(`${shown(json)} is no list`)
const whole = (json: Json | undefined, low: number, high: number): number =>
  typeof json === "number" && Number.isInteger(json) && json >= low && json <= high
    ? json
    : wrong(`${shown(json)} is not in ${low} … ${high}`)
