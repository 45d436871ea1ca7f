import { type Digest, parseDigest } from "../base/digest.ts"
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../base/json.ts"
import { messageOf, type Problem, refuse } from "../base/problem.ts"

/** Reads JSON that a stranger sent: each member is asked for by its type, and what is not as it should be is told with its path. */
export interface Reading {
  /** Errors: `code`, with the path of what is wrong. */
  fail(path: string, wanted: string): never
  object(json: Json | undefined, path: string): JsonObject
  list(json: Json | undefined, path: string, lengthMax: number): readonly Json[]
  text(json: Json | undefined, path: string, lengthMax: number): string
  /** Text that a person will read on one line: nothing hidden in it. */
  line(json: Json | undefined, path: string, lengthMax: number): string
  whole(json: Json | undefined, path: string, most?: number): number
  digest(json: Json | undefined, path: string): Digest
}

const HIDDEN = /\p{Cc}|\p{Cs}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
/** A stranger's text for a message: short, and nothing in it moves a cursor or turns the direction of writing. */
export const shown = (text: string, lengthMax = 200): string => text.slice(0, lengthMax).replace(HIDDEN, "�")

export function readingOf(what: string, code: Problem["code"], hint: string): Reading {
  const fail = (path: string, wanted: string): never =>
    refuse({ code, seen: `${what} cannot be read: ${shown(path) || "it"} is no ${wanted}.`, hint })
  const text: Reading["text"] = (json, path, lengthMax) =>
    typeof json === "string" && json.length <= lengthMax ? json : fail(path, `text of at most ${lengthMax} characters`)
  return {
    fail,
    object: (json, path) => (json !== undefined && isJsonObject(json) ? json : fail(path, "object")),
    list: (json, path, lengthMax) =>
      isJsonList(json) && json.length <= lengthMax ? json : fail(path, `list of at most ${lengthMax}`),
    text,
    line: (json, path, lengthMax) => {
      const line = text(json, path, lengthMax)
      return shown(line, lengthMax) === line ? line : fail(path, "line without hidden characters")
    },
    whole: (json, path, most = Number.MAX_SAFE_INTEGER) =>
      typeof json === "number" && Number.isSafeInteger(json) && json >= 0 && json <= most
        ? json + 0 // −0 is 0
        : fail(path, `whole number from 0 to ${most}`),
    digest: (json, path) =>
      (typeof json === "string" ? parseDigest(json) : undefined) ?? fail(path, "digest such as sha256:…"),
  }
}

const DEPTH_MAX = 32
/**
 * Text in UTF-8 as JSON that is not deep, and whose numbers are finite, so that it can be written again. A member that comes
 * twice counts by its last one, as in most readers: whoever signs or compares texts compares them as they are. Errors: `code`.
 */
export function jsonOf(bytes: Uint8Array, reading: Reading): Json {
  let json: Json
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) as Json
  } catch (error) {
    return reading.fail("", `JSON (${shown(messageOf(error), 120)})`)
  }
  const isPrintable = isNeitherDeepNorEndless(json)
  return isPrintable ? json : reading.fail("", `JSON of at most ${DEPTH_MAX} levels and of finite numbers`)
}
function isNeitherDeepNorEndless(json: Json): boolean {
  let level: Json[] = [json]
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const below: Json[] = []
    for (const each of level) {
      if (typeof each === "number" && !Number.isFinite(each)) return false
      if (typeof each === "object" && each !== null) for (const member of Object.values(each)) below.push(member)
    }
    if (below.length === 0) return true
    level = below
  }
  return false
}
