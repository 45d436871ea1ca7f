/** Plain JSON data. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

export const isJsonList = (json: Json | undefined): json is readonly Json[] => Array.isArray(json)
export const isJsonObject = (json: Json | undefined): json is JsonObject =>
  typeof json === "object" && json !== null && !isJsonList(json)

/**
 * Canonical JSON: keys sorted by UTF-16 code unit, no white space, numbers as ECMAScript prints them.
 * One value has one text, so its digest is a digest of the value. Errors: a number that is not finite is our bug.
 * Source: RFC 8785 (JCS), whose rules these are.
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`bug: ${value} has no JSON`)
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (isJsonList(value)) return `[${value.map(canonicalJson).join(",")}]`
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`
}
