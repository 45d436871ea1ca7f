import { isJsonList, isJsonObject, type Json, type JsonObject } from "../base/json.ts"
import { refuse, suggest } from "../base/problem.ts"
import { LENGTH_MAX, shown, wrong } from "./attributes.ts"

/** Lengths by name: what they may be at most, or what a call binds them to. */
export type Dims = Readonly<Record<string, number>>

export const DIMS_MAX = 6 as const
/** Of the text of one attribute: a body graph inside a node takes a few, a stranger's file would take any. */
const NESTING_MAX = 32

/**
 * A number of graph.json that depends on dims: times · Π dims + plus, or under ÷ that: `{"dims": ["T"], "plus": 1}` is
 * T + 1, `{"dims": ["T"], "under": 1}` the factor of a mean over T. Other forms have not been needed.
 */
interface Form {
  readonly dims: readonly string[]
  readonly times: number
  readonly plus: number
  readonly under: number | undefined
}

/** Every dim with its number: as given, or its maximum. Errors: OB330 for an unknown name, or a number not in 1 … maximum. */
export function bindDims(maxima: Dims, given: Dims): Dims {
  const known = Object.keys(maxima).sort()
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(maxima, name))
      refuse({ code: "OB330", seen: `There is no dim ${shown(name)}.`, hint: suggest(name, known) })
    const maximum = maxima[name]!
    if (!Number.isInteger(value) || value < 1 || value > maximum)
      refuse({
        code: "OB330",
        seen: `Dim \`${name}\` cannot be ${value}.`,
        hint: `Bind it to a whole number in 1 … ${maximum}, its maximum.`,
      })
  }
  return Object.fromEntries(known.map((name) => [name, given[name] ?? maxima[name]!]))
}

/** The same JSON with numbers for forms, and nothing else looked at. Errors: OB220 for what is no form of these dims. */
export function substitute(json: Json, dims: Dims, depth = 0): Json {
  if (typeof json !== "object" || json === null) return json
  if (depth > NESTING_MAX) return wrong("an attribute is nested too deep")
  if (isJsonList(json)) return json.map((each) => substitute(each, dims, depth + 1))
  if (Object.hasOwn(json, "dims")) return numberOf(formOf(json, dims), dims)
  return Object.fromEntries(Object.entries(json).map(([key, each]) => [key, substitute(each, dims, depth + 1)]))
}

function formOf(json: JsonObject, dims: Dims): Form {
  const { dims: names, times = 1, plus = 0, under, ...others } = json
  const isWhole = (n: Json): n is number => Number.isSafeInteger(n) && Math.abs(n as number) <= LENGTH_MAX
  const isFactor = (name: Json): name is string => typeof name === "string" && Object.hasOwn(dims, name)
  const isForm = isJsonList(names) && names.length > 0 && names.length <= FACTORS_MAX && names.every(isFactor)
  const isNumeric = isWhole(times) && isWhole(plus) && (under === undefined || isWhole(under))
  if (!isForm || !isNumeric || Object.keys(others).length > 0) return wrong(`${shown(json)} is no number of its dims`)
  return { dims: names, times, plus, under }
}
const FACTORS_MAX = 3

function numberOf({ dims: names, times, plus, under }: Form, dims: Dims): number {
  const whole = names.reduce((product, name) => product * dims[name]!, times) + plus
  return under === undefined ? whole : under / whole
}

/** What one text would be at several bindings. */
export interface Sample {
  readonly dims: Dims
  readonly json: Json
}
/**
 * One text with forms where the samples differ; nothing when they differ in more than numbers, or in a way that no form
 * has. `substitute` gives each sample back, which is no promise for other bindings: try some.
 */
export function generalise(samples: readonly Sample[]): Json | undefined {
  const all = samples.map(({ json }) => json)
  const first = all[0]!
  const deeper = (part: (json: Json) => Json | undefined): Json | undefined => {
    const parts = samples.map(({ dims, json }) => ({ dims, json: part(json) }))
    return parts.every((each): each is Sample => each.json !== undefined) ? generalise(parts) : undefined
  }
  if (all.every((json) => typeof json === "number")) return all.every((n) => n === first) ? first : fit(samples)
  if (typeof first !== "object" || first === null) return all.every((json) => json === first) ? first : undefined
  if (isJsonList(first)) {
    if (!all.every((json) => isJsonList(json) && json.length === first.length)) return undefined
    const items = first.map((_, i) => deeper((json) => (json as readonly Json[])[i]))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  const keys = Object.keys(first)
  const alike = (json: Json): boolean => isJsonObject(json) && Object.keys(json).length === keys.length
  if (!all.every(alike)) return undefined
  const members = keys.map((key) => [key, deeper((json) => (json as JsonObject)[key])] as const)
  if (!members.every((member): member is [string, Json] => member[1] !== undefined)) return undefined
  return Object.fromEntries(members)
}

/** The first form that gives every sample its number. */
function fit(samples: readonly Sample[]): Json | undefined {
  const names = Object.keys(samples[0]!.dims).sort()
  const products = Array.from({ length: FACTORS_MAX }, (_, i) => productsOf(names, i + 1)).flat()
  for (const dims of products)
    for (const under of [undefined, 1] as const) {
      const wanted = samples.map(({ json }) => (under ? Math.round(under / (json as number)) : (json as number)))
      const product = samples.map(({ dims: at }) => numberOf({ dims, times: 1, plus: 0, under: undefined }, at))
      const other = product.findIndex((value) => value !== product[0])
      const times = (wanted[other]! - wanted[0]!) / (product[other]! - product[0]!)
      const form = { dims, times, plus: wanted[0]! - times * product[0]!, under }
      if (Number.isInteger(times) && samples.every(({ dims: at, json }) => Object.is(numberOf(form, at), json)))
        return textOf(form)
    }
  return undefined
}
/** Every product of so many dims, in order, repeats allowed. */
const productsOf = (names: readonly string[], factors: number): readonly (readonly string[])[] =>
  factors === 0
    ? [[]]
    : names.flatMap((name, i) => productsOf(names.slice(i), factors - 1).map((rest) => [name, ...rest]))
const textOf = ({ dims, times, plus, under }: Form): Json => ({
  dims,
  ...(times === 1 ? {} : { times }),
  ...(plus === 0 ? {} : { plus }),
  ...(under === undefined ? {} : { under }),
})

/** Bindings that tell forms apart: near the maxima, where no dim is 1 and few are like a constant of the graph. */
export function samplePoints(maxima: Dims): readonly Dims[] {
  const names = Object.keys(maxima).sort()
  const point = (n: number): Dims =>
    Object.fromEntries(
      names.map((name, i) => {
        const offset = OFFSETS[i]![n]!
        return [name, maxima[name]! > 8 ? maxima[name]! - offset : maxima[name]! + offset]
      }),
    )
  return [0, 1, 2, 3].map(point)
}
/** Its own order for each dim, odd and even ones in each. */
const OFFSETS = [
  [0, 1, 2, 3],
  [0, 3, 6, 2],
  [0, 5, 3, 1],
  [0, 2, 1, 5],
  [0, 6, 5, 4],
  [0, 4, 1, 2],
] as const satisfies { readonly length: typeof DIMS_MAX }
