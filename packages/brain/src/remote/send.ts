import type { Json } from "@open-brains/core/base/json.ts"
import type { Nothing } from "@open-brains/core/run/part.ts"

export interface Sent {
  readonly url: URL
  readonly body: string
  readonly key: string | undefined
  readonly withinMs: number
  readonly bodyBytesMax: number
  readonly fetch: typeof globalThis.fetch
}
const REDIRECTS_MAX = 3
/** Those that ask for the same request elsewhere; others would make it another one. */
const SAME_REQUEST = [307, 308]

/**
 * Posts JSON and reads JSON, all within the time, the answer up to its limit. Goes on to another address only on the same origin.
 * Whatever fails is nothing with the reason, in which no part of the answer and no key appears.
 */
export async function send(sent: Sent): Promise<{ readonly json: Json } | Nothing> {
  const { withinMs, url } = sent
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), withinMs)
  try {
    const answered = await follow(sent, late.signal)
    if ("nothing" in answered) return answered
    if (!answered.ok) {
      late.abort()
      return { nothing: `${url.host} answered ${answered.status}${MEANING[answered.status] ?? ""}` }
    }
    const text = await limited(answered, sent.bodyBytesMax)
    if (text === undefined) {
      late.abort()
      return { nothing: `${url.host} answered more than the ${sent.bodyBytesMax} bytes that are read` }
    }
    try {
      return { json: JSON.parse(text) as Json }
    } catch {
      return { nothing: `${url.host} answered something that is no JSON` }
    }
  } catch (error) {
    if (late.signal.aborted) return { nothing: `${url.host} took longer than ${withinMs} ms` }
    return { nothing: `${url.host} cannot be reached${causeOf(error)}` }
  } finally {
    clearTimeout(timer)
  }
}
const MEANING: Readonly<Record<number, string>> = {
  401: ": it does not accept the key",
  403: ": it does not allow that with this key",
  404: ": it knows nothing at this address",
  429: ": too many requests, or nothing left to spend",
}

async function follow({ url, body, key, fetch }: Sent, signal: AbortSignal): Promise<Response | Nothing> {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json" }
  if (key !== undefined) headers["authorization"] = `Bearer ${key}`
  let at = url
  for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
    const response = await fetch(at, { method: "POST", headers, body, signal, redirect: "manual" })
    if (response.status < 300 || response.status > 399) return response
    await response.body?.cancel()
    const next = URL.parse(response.headers.get("location") ?? "", at)
    if (next === null) return { nothing: `${url.host} sends on to nowhere` }
    if (next.origin !== url.origin) return { nothing: `${url.host} sends on to ${next.host}, which is not followed` }
    if (!SAME_REQUEST.includes(response.status))
      return { nothing: `${url.host} sends on by ${response.status}, which is not followed: correct the endpoint` }
    at = next
  }
  return { nothing: `${url.host} sends on and on` }
}

/** Undefined when it is longer. Read as it comes, so that no more than that is ever held. */
async function limited(response: Response, bytesMax: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let [text, bytes] = ["", 0]
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > bytesMax) return undefined
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? ` (${cause.code})` : ""
}
