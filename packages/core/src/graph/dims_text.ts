import { canonicalJson, type Json, type JsonObject } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { LENGTH_MAX, listOf, objectOf, name as readName, wholeIn, wrong } from "./attributes.ts"
import { bindDims, DIMS_MAX, type Dims, generalise, samplePoints, substitute } from "./dims.ts"
import { isNode, type Node, type Update } from "./graph.ts"
import { graphFromJson, graphToJson, type Outputs } from "./text.ts"

/** One thing that a net can do: values to give, and weights that take a new value when it is done. */
export interface EntryGraph {
  readonly outputs: Outputs
  readonly updates?: readonly Update[]
}
export type EntryGraphs = Readonly<Record<string, EntryGraph>>

/** Named entries over shared weights, in shapes that depend on dims. A graph of constants for each binding. */
export interface Net {
  /** The most that each dim may be bound to. */
  readonly maxima: Dims
  /** The weights that entries change, each with a version: another one is another meaning of the same numbers. */
  readonly state: Readonly<Record<string, number>>
  /** `dims` has a number for each of the maxima. */
  at(dims: Dims): EntryGraphs
}
export const ENTRIES_MAX = 16
const VERSION_MAX = 2 ** 31 - 1

/**
 * graph.json of a net: each node once, numbers that depend on dims as forms (dims.ts). It is the meaning from then on:
 * what `at` gives elsewhere than at the points that are tried here, nobody asks.
 * Errors: OB331 when the numbers of a graph are no such form, or it is of another structure at another binding.
 */
export function netToJson(net: Net): Json {
  const samples = samplePoints(net.maxima).map((dims) => ({ dims, json: entriesToJson(net.at(dims)) }))
  const json = Object.keys(net.maxima).length === 0 ? samples[0]!.json : generalise(samples)
  const half = Object.fromEntries(Object.entries(net.maxima).map(([name, most]) => [name, Math.ceil((most + 1) / 2)]))
  const isRight = json && canonicalJson(substitute(json, half)) === canonicalJson(entriesToJson(net.at(half)))
  if (!isRight)
    return refuse({
      code: "OB331",
      seen: `This graph is not one of ${Object.keys(net.maxima).join(", ")}: its numbers follow no form of them.`,
      hint: "Lengths may be times · Π dims + plus, factors 1 over that; keep every node at every binding.",
    })
  return { ...(json as JsonObject), dims: net.maxima, state: net.state }
}

/** A net out of its text. All of it is checked at the maxima. Errors: OB220, OB221, OB21x, OB31x. */
export function netFromJson(json: Json): Net {
  const whole = objectOf(json)
  const [maxima, state] = [
    whole["dims"] === undefined ? {} : numbersOf(whole["dims"], LENGTH_MAX),
    whole["state"] === undefined ? {} : numbersOf(whole["state"], VERSION_MAX),
  ]
  if (Object.keys(maxima).length > DIMS_MAX) wrong(`more than ${DIMS_MAX} dims`)
  const at = (dims: Dims): EntryGraphs => entriesFromJson(whole, bindDims(maxima, dims))
  at(maxima)
  return { maxima, state, at }
}

/** Entries as one graph whose outputs are those of each entry, then the ends of its updates, by place. */
export function entriesToJson(entries: EntryGraphs): Json {
  const flat: Record<string, Node> = {}
  for (const [entry, { outputs, updates = [] }] of Object.entries(entries)) {
    for (const [name, node] of Object.entries(outputs)) flat[`${entry}.o.${name}`] = node
    for (const { weight, value } of updates) {
      flat[`${entry}.v.${weight.attributes.name}`] = value
      flat[`${entry}.w.${weight.attributes.name}`] = weight
    }
  }
  const { outputs: places, ...rest } = graphToJson(flat) as JsonObject
  const placeOf = (key: string): Json => (places as JsonObject)[key]!
  const entryOf = (entry: string): Json => {
    const { outputs, updates = [] } = entries[entry]!
    const names = updates.map(({ weight }) => weight.attributes.name).sort()
    return {
      outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, placeOf(`${entry}.o.${name}`)])),
      updates: names.map((name) => [placeOf(`${entry}.w.${name}`), placeOf(`${entry}.v.${name}`)]),
    }
  }
  return { ...rest, entries: Object.fromEntries(Object.keys(entries).map((entry) => [entry, entryOf(entry)])) }
}

function entriesFromJson(whole: JsonObject, dims: Dims): EntryGraphs {
  const entries = Object.entries(objectOf(whole["entries"]))
  if (entries.length === 0 || entries.length > ENTRIES_MAX) wrong(`${entries.length} entries, not 1 … ${ENTRIES_MAX}`)
  const flat: Record<string, Json> = {}
  for (const [entry, json] of entries) {
    const { outputs, updates } = objectOf(json)
    readName(entry)
    for (const [name, place] of Object.entries(objectOf(outputs))) flat[`${entry}.o.${readName(name)}`] = place
    for (const [i, pair] of listOf(updates).entries())
      [flat[`${entry}.w.${i}`], flat[`${entry}.v.${i}`]] = listOf(pair) as [Json, Json]
  }
  const bound = substitute({ nodes: whole["nodes"] ?? null, bodies: whole["bodies"] ?? [] }, dims)
  const found = graphFromJson({ ...whole, ...objectOf(bound), outputs: flat })
  return Object.fromEntries(
    entries.map(([entry, json]) => {
      const { outputs, updates } = objectOf(json)
      const given = Object.keys(objectOf(outputs)).map((name) => [name, found[`${entry}.o.${name}`]!] as const)
      const changed = listOf(updates).map((_, i) => {
        const [weight, value] = [found[`${entry}.w.${i}`]!, found[`${entry}.v.${i}`]!]
        return isNode(weight, "weight") ? { weight, value } : wrong(`entry ${entry} updates what is no weight`)
      })
      return [entry, { outputs: Object.fromEntries(given), updates: changed }]
    }),
  )
}

function numbersOf(json: Json, most: number): Readonly<Record<string, number>> {
  const entries = Object.entries(objectOf(json))
  return Object.fromEntries(entries.map(([name, n]) => [readName(name), wholeIn(n, 1, most)]))
}
