import type { Digest } from "../base/digest.ts"
import type { Json, JsonObject } from "../base/json.ts"
import { readReference } from "./reference.ts"
import type { Reading } from "./shape.ts"

export const KINDS = [
  "net",
  "predictor",
  "adapter",
  "dataset",
  "benchmark",
  "grammar",
  "code",
  "remote",
  "llm",
  "brain",
] as const
export type Kind = (typeof KINDS)[number]

/**
 * What a module says of itself, for those who look for one and for those who are about to take one. It is worked out of
 * the files of the module: whoever has them can work it out again, and compare.
 */
export interface Card {
  readonly kind: Kind
  readonly name: string
  readonly about: string
  readonly licence: string // SPDX expression
  readonly module: Digest // what the folder of the module is known by
  readonly takes: readonly CardPort[]
  readonly gives: readonly CardPort[]
  readonly bytes: number // of its files
  /** Of a net: multiply-adds of one answer, as `workOfGraph` counts them in its graph. Nothing where nobody knows. */
  readonly operations?: number
  /** Modules of the store that it is made of, each with the artifact that its lock names. */
  readonly uses: readonly CardUse[]
  /** Names of the benchmarks that it lives by. */
  readonly benchmarks: readonly string[]
  /** Of a benchmark: the mean score, in 0 … 1, with which it is passed, and how many items it has, where they have an end. */
  readonly bound?: number
  readonly items?: number
  /** What an adapter changes, or a net was learnt on from. */
  readonly base?: Digest
}
export interface CardPort {
  readonly name: string
  readonly type: string // as `describe` has it
}
export interface CardUse {
  readonly name: string // a reference
  readonly artifact: Digest
}

export const cardToJson = (card: Card): JsonObject => JSON.parse(JSON.stringify(card)) as JsonObject

const LINE_MAX = 1024
export function readCard(json: Json, reading: Reading): Card {
  const card = reading.object(json, "")
  const ports = (name: "takes" | "gives"): readonly CardPort[] =>
    reading.list(card[name], name, 256).map((each, i) => {
      const port = reading.object(each, `${name}[${i}]`)
      return {
        name: reading.line(port["name"], `${name}[${i}].name`, 64),
        type: reading.text(port["type"], `${name}[${i}].type`, 2 ** 19),
      }
    })
  const uses = reading.list(card["uses"], "uses", 10_000).map((each, i): CardUse => {
    const use = reading.object(each, `uses[${i}]`)
    const name = reading.text(use["name"], `uses[${i}].name`, 512)
    if (readReference(name) === undefined) reading.fail(`uses[${i}].name`, "name of a module")
    return { name, artifact: reading.digest(use["artifact"], `uses[${i}].artifact`) }
  })
  const kind = KINDS.find((each) => each === card["kind"]) ?? reading.fail("kind", `kind: ${KINDS.join(", ")}`)
  const { bound } = card
  if (bound !== undefined && !(typeof bound === "number" && bound >= 0 && bound <= 1))
    reading.fail("bound", "number from 0 to 1")
  const optional = (name: "operations" | "items"): { readonly [key: string]: number } =>
    card[name] === undefined ? {} : { [name]: reading.whole(card[name], name) }
  return {
    kind,
    name: reading.line(card["name"], "name", 64),
    about: reading.line(card["about"], "about", LINE_MAX),
    licence: reading.line(card["licence"], "licence", LINE_MAX),
    module: reading.digest(card["module"], "module"),
    takes: ports("takes"),
    gives: ports("gives"),
    bytes: reading.whole(card["bytes"], "bytes"),
    ...optional("operations"),
    uses,
    benchmarks: reading
      .list(card["benchmarks"], "benchmarks", 256)
      .map((each, i) => reading.line(each, `benchmarks[${i}]`, 512)),
    ...(bound === undefined ? {} : { bound: bound as number }),
    ...optional("items"),
    ...(card["base"] === undefined ? {} : { base: reading.digest(card["base"], "base") }),
  }
}
