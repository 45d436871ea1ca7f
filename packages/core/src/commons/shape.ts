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
  whole(json: Json | undefined, path: string, most?: number): number
  digest(json: Json | undefined, path: string): Digest
}

export function readingOf(what: string, code: Problem["code"], hint: string): Reading {
  const fail = (path: string, wanted: string): never =>
    refuse({ code, seen: `${what} cannot be read: ${path || "it"} is no ${wanted}.`, hint })
  return {
    fail,
    object: (json, path) => (json !== undefined && isJsonObject(json) ? json : fail(path, "object")),
    list: (json, path, lengthMax) =>
      isJsonList(json) && json.length <= lengthMax ? json : fail(path, `list of at most ${lengthMax}`),
    text: (json, path, lengthMax) =>
      typeof json === "string" && json.length <= lengthMax
        ? json
        : fail(path, `text of at most ${lengthMax} characters`),
    whole: (json, path, most = Number.MAX_SAFE_INTEGER) =>
      typeof json === "number" && Number.isSafeInteger(json) && json >= 0 && json <= most
        ? json
        : fail(path, `whole number from 0 to ${most}`),
    digest: (json, path) =>
      (typeof json === "string" ? parseDigest(json) : undefined) ?? fail(path, "digest such as sha256:…"),
  }
}

const DEPTH_MAX = 32
/** Text in UTF-8 as JSON that is not deep; a member that comes twice counts by its last one, as everywhere. Errors: `code`. */
export function jsonOf(bytes: Uint8Array, reading: Reading): Json {
  let json: Json
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as Json
  } catch (error) {
    return reading.fail("", `JSON (${messageOf(error).slice(0, 120)})`)
  }
  return depthOf(json) <= DEPTH_MAX ? json : reading.fail("", `JSON of at most ${DEPTH_MAX} levels`)
}
function depthOf(json: Json): number {
  let depth = 0
  for (let level: Json[] = [json]; level.length > 0 && depth <= DEPTH_MAX; depth++)
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []))
  return depth
}
