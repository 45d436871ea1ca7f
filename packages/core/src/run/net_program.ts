import type { Dtype } from "../base/dtype.ts"
import { refuse } from "../base/problem.ts"
import { type Shape, sameShape } from "../base/shape.ts"
import { programOf } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import type { EntryGraph, Net } from "../graph/dims_text.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import {
  type Block,
  type Buffer,
  type Expression,
  expressionsOf,
  operandsOf,
  type Program,
  statementsOf,
} from "../ir/program.ts"
import { link, PREPARE, sameValues } from "../link/link.ts"

/** What a tensor is, whatever its numbers. */
export interface TensorType {
  readonly dtype: Dtype
  readonly shape: Shape
}
/** Where an input or output of an entry lies, and what it is. */
export interface Port extends TensorType {
  readonly buffer: string
}
export interface Ports {
  readonly inputs: Readonly<Record<string, Port>>
  readonly outputs: Readonly<Record<string, Port>>
}

/** A net at its maxima: every entry in one program, whose first buffers each specialisation begins with too. */
export interface NetProgram {
  readonly program: Program
  /** What is not scratch: weights, state, inputs, outputs, constants, and what `prepare` makes of the weights. */
  readonly lasting: readonly Buffer[]
  readonly weights: Readonly<Record<string, TensorType>>
  readonly ports: Readonly<Record<string, Ports>>
  /** Each entry as it was lowered, and what its buffers are called in the whole. */
  readonly lowered: Readonly<Record<string, Program>>
  readonly names: Readonly<Record<string, Readonly<Record<string, string>>>>
}
/** One entry at one binding. Its `body` is the entry. */
export interface Specialisation {
  readonly program: Program
  readonly ports: Ports
}

/** How entries are lowered: an engine says how it likes products cut, and for a chip they are direct (lower/lower.ts). */
type How = Pick<Engine, "tiles"> & { readonly direct?: boolean }

/** Links the entries of a net at its maxima. Errors: OB332 when they do not fit each other or the declared state. */
export function linkNet(net: Net, engine: How): NetProgram {
  const entries = net.at(net.maxima)
  const weights = weightsOf(net, Object.entries(entries))
  // Whoever runs a net prepares anew when its state has changed; for a chip all is prepared for good.
  const changing = engine.direct ? Object.keys(net.state) : []
  const lowered = Object.fromEntries(
    Object.entries(entries).map(([name, graph]) => [name, lower(name, graph, engine, changing)]),
  )
  const parts = Object.entries(entries).map(([name, graph]) => {
    const shared = leavesOf(graph).flatMap((node) => (isNode(node, "weight") ? [node.attributes.name] : []))
    return { name, program: lowered[name]!, wires: Object.fromEntries(shared.map((own) => [own, own])) }
  })
  const { program, names } = link("net", parts)
  const prepares = Object.values(lowered).flatMap(({ name }) => program.entries?.[preparationOf(name)] ?? [])
  const packed = storedBy(prepares)
  const isScratch = ({ name, access }: Buffer): boolean => access === "scratch" && !packed.has(name)
  const lasting = program.buffers.filter((buffer) => !isScratch(buffer))
  return {
    program: { ...program, buffers: [...lasting, ...program.buffers.filter(isScratch)] },
    ...{ lasting, weights, lowered, names },
    ports: Object.fromEntries(
      Object.entries(entries).map(([name, graph]) => [name, portsOf(graph, (own) => names[name]![own]!)]),
    ),
  }
}

/**
 * An entry at a binding, over the buffers of `whole`: weights, state, inputs and outputs are those at the maxima, and
 * so are equal constants and what an equal `prepare` makes; the rest is its own, in the place of the whole's scratch.
 * Errors: OB332 when the shape of a weight depends on a dim.
 */
export function specialise(whole: NetProgram, entry: string, graph: EntryGraph, engine: Engine): Specialisation {
  const program = lower(entry, graph, engine)
  for (const node of leavesOf(graph))
    if (isNode(node, "weight")) sameWeight(node.attributes.name, whole.weights[node.attributes.name], node)
  const places = new Map(whole.lasting.map((buffer) => [buffer.name, buffer]))
  const isPrepared = textOf(program.entries?.[PREPARE]) === textOf(whole.lowered[entry]!.entries?.[PREPARE])
  const packed = isPrepared ? storedBy(program.entries?.[PREPARE] ?? []) : new Set<string>()
  const wires = program.buffers.flatMap((buffer) => {
    const { name, access } = buffer
    if (access === "constant") {
      const equal = whole.lasting.find((b) => b.values && b.dtype === buffer.dtype && sameValues(b, buffer))
      return equal ? [[name, equal.name] as const] : []
    }
    const place = whole.names[entry]![name]
    const isOwn = access === "scratch" && !packed.has(name)
    return isOwn || place === undefined || !places.has(place) ? [] : [[name, place] as const]
  })
  const part = { name: entry, program, wires: Object.fromEntries(wires) }
  const { program: linked, names } = link(entry, [part], {
    runs: [entry],
    taken: whole.program.buffers.map((b) => b.name),
  })
  const { entries = {}, ...rest } = linked
  const prepare = isPrepared ? {} : { entries: { [PREPARE]: entries[PREPARE] ?? [] } }
  const own = linked.buffers.filter(({ name }) => !places.has(name))
  const bound = { ...rest, ...prepare, buffers: [...whole.lasting, ...own] }
  return { program: bound, ports: portsOf(graph, (name) => names[entry]![name]!) }
}

/** What an entry of the whole prepares is an entry too. */
export const preparationOf = (entry: string): string => `${entry}_${PREPARE}`
const lower = (
  name: string,
  graph: EntryGraph,
  { tiles, direct = false }: How,
  changing: readonly string[] = [],
): Program => programOf({ name, ...graph, prepares: true, changing, direct }, tiles ? { tiles } : {})

/** What a block stores to. */
export const storedBy = (block: Block): ReadonlySet<string> =>
  new Set(statementsOf(block).flatMap((s) => (s.kind === "store" ? [s.buffer] : [])))
/** What a block loads from. */
export function loadedBy(block: Block): ReadonlySet<string> {
  const names = new Set<string>()
  const visit = (e: Expression): void => {
    if (e.kind === "load") names.add(e.buffer)
    operandsOf(e).forEach(visit)
  }
  for (const s of statementsOf(block)) expressionsOf(s).forEach(visit)
  return names
}
/** JSON has no NaN and no infinities, and programs have. */
const textOf = (block: Block | undefined): string =>
  JSON.stringify(block ?? [], (_, value: unknown) => (typeof value === "number" ? `${value}` : value))

function leavesOf({ outputs, updates = [] }: EntryGraph): readonly Node<"input" | "weight">[] {
  const asked = [...Object.values(outputs), ...updates.flatMap(({ weight, value }) => [weight, value])]
  return inOrder(asked).filter(
    (node): node is Node<"input" | "weight"> => isNode(node, "input") || isNode(node, "weight"),
  )
}

function portsOf(graph: EntryGraph, placeOf: (own: string) => string): Ports {
  const port = (name: string, { dtype, shape }: Node): readonly [string, Port] => [
    name,
    { buffer: placeOf(name), dtype, shape },
  ]
  const inputs = leavesOf(graph).flatMap((node) => (isNode(node, "input") ? [port(node.attributes.name, node)] : []))
  const outputs = Object.entries(graph.outputs).map(([name, node]) => port(name, node))
  return { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) }
}

/** Every weight that an entry reads or changes. */
function weightsOf(
  net: Net,
  entries: readonly (readonly [string, EntryGraph])[],
): Readonly<Record<string, TensorType>> {
  const weights = new Map<string, TensorType>()
  const changed = new Set<string>()
  for (const [entry, graph] of entries) {
    if (/(?:^|_)prepare$/.test(entry)) misfit(`an entry is called \`${entry}\``, "Such names are the compiler's own.")
    for (const node of leavesOf(graph)) {
      const { name } = node.attributes
      if (Object.hasOwn(graph.outputs, name)) misfit(`\`${name}\` is read and given`, "Give it under another name.")
      if (!isNode(node, "weight")) continue
      sameWeight(name, weights.get(name) ?? node, node)
      weights.set(name, { dtype: node.dtype, shape: node.shape })
    }
    for (const { weight } of graph.updates ?? []) changed.add(weight.attributes.name)
  }
  const undeclared = [...changed].find((name) => !Object.hasOwn(net.state, name))
  if (undeclared !== undefined)
    misfit(`\`${undeclared}\` changes, but is not declared`, "Name it in `state`, with a version.")
  const constant = Object.keys(net.state).find((name) => !changed.has(name))
  if (constant !== undefined) misfit(`state \`${constant}\` never changes`, "Leave it out of `state`: it is a weight.")
  return Object.fromEntries(weights)
}

function sameWeight(name: string, a: TensorType | undefined, b: TensorType): void {
  if (a?.dtype !== b.dtype || !sameShape(a.shape, b.shape))
    misfit(
      `\`${name}\` is ${a?.dtype ?? "nothing"}[${a?.shape ?? ""}] here and ${b.dtype}[${b.shape}] there`,
      "One shape for all entries, whatever the dims.",
    )
}
const misfit = (seen: string, hint: string): never =>
  refuse({ code: "OB332", seen: `The entries of this net do not fit together: ${seen}.`, hint })
