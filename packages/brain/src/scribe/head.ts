import { canonicalJson, isJsonObject, type Json, type JsonObject } from "@open-brains/core/base/json.ts"

/** A file that begins with a line of canonical JSON and goes on with bytes: what a person can read first. */
export function withHead(head: JsonObject, body: Uint8Array): Uint8Array {
  const line = new TextEncoder().encode(`${canonicalJson(head)}\n`)
  const bytes = new Uint8Array(line.length + body.length)
  bytes.set(line)
  bytes.set(body, line.length)
  return bytes
}
export const HEAD_MAX = 1024

/** The head and what follows it; nothing when a file does not begin so. */
export function headOf(bytes: Uint8Array): { readonly head: JsonObject; readonly body: Uint8Array } | undefined {
  const end = bytes.subarray(0, HEAD_MAX).indexOf(10)
  if (end < 0) return undefined
  try {
    const head = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end))) as Json
    return isJsonObject(head) ? { head, body: bytes.subarray(end + 1) } : undefined
  } catch {
    return undefined
  }
}
