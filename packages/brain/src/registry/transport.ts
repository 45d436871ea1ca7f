import { isJsonList, isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { inBytes, shorten } from "../layout.ts"
import { reasonOf } from "../unreachable.ts"

/** Requests to one server: where it may send on to, who is told the password, how long and how much is listened to. */
export interface Transport {
  readonly place: string
  readonly base: URL
  /** Errors: OB720 when nobody answers, OB722 when it sends on to where nobody should go. */
  send(request: Request): Promise<Answer>
}
export interface Request {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** A path, or an address on the same origin. */
  readonly at: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** What a token is asked for: `repository:acme/intent:pull`. */
  readonly scope?: string
}
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** As the bytes come. Errors: OB720 when the connection breaks or falls silent. */
  chunks(): AsyncGenerator<Uint8Array, void>
  /** All of them. Errors: OB720, and OB722 when there are more. */
  read(bytesMax: number): Promise<Uint8Array>
  /** Nothing more is wanted of it. */
  drop(): void
}
export interface TransportOptions {
  /** `user:password`, told only to a server that asks for it. */
  readonly auth?: string | undefined
  /** Plain http is spoken to this machine alone, unless the person says so. */
  readonly isInsecure?: boolean
  readonly silenceMs?: number
}

const SILENCE_MS = 30_000
/** What is sent, and what comes, may go as slowly as this before it is given up: a byte now and then is silence too. */
const UPLOAD_BYTES_PER_SECOND = 50_000
const DOWNLOAD_BYTES_PER_SECOND = 1000
const REDIRECTS_MAX = 5
const PAUSES_MS = [50, 200]
const ERROR_BYTES_MAX = 2 ** 16
const DRAIN_MS = 1000

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
export const isLoopback = ({ hostname }: URL): boolean => LOOPBACK.test(hostname)

/** `base` is an address that `openRegistry` let pass. */
export function openTransport(base: URL, options: TransportOptions = {}): Transport {
  const place = base.href.replace(/\/$/, "")
  const authorizations = new Map<string, string>() // by scope
  const mayGo = (to: URL): boolean =>
    to.username === "" &&
    to.password === "" &&
    (to.protocol === "https:" ||
      (to.protocol === "http:" && base.protocol === "http:" && (options.isInsecure === true || isLoopback(to))))
  const hop = (to: URL, { method, headers, body }: Request, authorization: string | undefined): Promise<Answer> => {
    const told = authorization !== undefined && to.origin === base.origin ? { authorization } : {}
    return exchange(to, { method, headers: { ...headers, ...told }, body: body ?? null }, options, place)
  }
  async function follow(request: Request, authorization: string | undefined): Promise<Answer> {
    let to = new URL(request.at, base)
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      const answer = await hop(to, request, authorization)
      if (![301, 302, 303, 307, 308].includes(answer.status)) return answer
      answer.drop()
      const next = URL.parse(answer.headers.get("location") ?? "", to)
      const isReading = request.method === "GET" || request.method === "HEAD"
      if (next === null || !mayGo(next)) return odd(place, `sends on to ${shorten(next?.href ?? "nowhere", 120)}`)
      if (!isReading && (next.origin !== base.origin || answer.status < 307))
        return odd(place, `sends what is written on to ${shorten(next.href, 120)}`)
      to = next
    }
    return odd(place, "sends on and on")
  }
  /** A registry that is being written to fails a reader now and then. */
  async function patiently(request: Request, authorization: string | undefined): Promise<Answer> {
    for (const pauseMs of request.method === "GET" || request.method === "HEAD" ? PAUSES_MS : []) {
      const answer = await follow(request, authorization)
      if (answer.status < 500) return answer
      answer.drop()
      await new Promise((wake) => setTimeout(wake, pauseMs))
    }
    return follow(request, authorization)
  }
  async function send(request: Request): Promise<Answer> {
    const scope = request.scope ?? ""
    const answer = await patiently(request, authorizations.get(scope))
    if (answer.status !== 401) return answer
    const challenge = answer.headers.get("www-authenticate") ?? ""
    const authorization = await answerTo(challenge, request.scope)
    if (authorization === undefined) return answer
    answer.drop()
    authorizations.set(scope, authorization)
    return patiently(request, authorization)
  }
  /** Source: RFC 7617, and the token authentication of the distribution registry. */
  async function answerTo(challenge: string, scope: string | undefined): Promise<string | undefined> {
    const basic =
      options.auth === undefined ? undefined : `Basic ${Buffer.from(options.auth, "utf8").toString("base64")}`
    if (!/^bearer\s/i.test(challenge)) return basic
    const parameter = (name: string): string | undefined =>
      new RegExp(`(?:^|[\\s,])${name}="([^"]{0,1024})"`, "i").exec(challenge)?.[1]
    const realm = URL.parse(parameter("realm") ?? "")
    if (realm === null || !mayGo(realm))
      return odd(place, `asks for a token of ${shorten(realm?.href ?? "nowhere", 120)}`)
    const service = parameter("service")
    if (service !== undefined) realm.searchParams.set("service", service)
    for (const each of (parameter("scope") ?? scope ?? "").split(" "))
      if (each !== "") realm.searchParams.append("scope", each)
    const headers = basic === undefined ? {} : { authorization: basic }
    const answer = await exchange(realm, { method: "GET", headers, body: null }, options, place)
    if (answer.status !== 200) return refused(place, answer, `give a token for ${scope ?? "that"}`)
    const json = jsonIn(await answer.read(ERROR_BYTES_MAX))
    const token = isJsonObject(json) ? (json["token"] ?? json["access_token"]) : undefined
    if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token)) return odd(place, "gives no token where it says so")
    return `Bearer ${token}`
  }
  return { place, base, send }
}

async function exchange(
  to: URL,
  { method, headers, body }: { method: string; headers: Readonly<Record<string, string>>; body: Uint8Array | null },
  { silenceMs = SILENCE_MS }: TransportOptions,
  place: string,
): Promise<Answer> {
  const stop = new AbortController()
  const sendingMs = (1000 * (body?.length ?? 0)) / UPLOAD_BYTES_PER_SECOND
  let timer = setTimeout(() => stop.abort(), silenceMs + sendingMs)
  const stopNow = (): void => {
    clearTimeout(timer)
    stop.abort()
  }
  const broken = (error: unknown): never =>
    refuse({
      code: "OB720",
      seen: `${place} ${stop.signal.aborted ? `says nothing for ${silenceMs / 1000} s` : reasonOf(error)}.`,
      hint: "Look at the address and the connection, and run it again: what is there already is not sent again.",
    })
  let response: Response
  try {
    const given = { "accept-encoding": "identity", ...headers }
    response = await fetch(to, {
      method,
      headers: given,
      body: body as BodyInit | null,
      signal: stop.signal,
      redirect: "manual",
    })
  } catch (error) {
    clearTimeout(timer)
    return broken(error)
  }
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    let leftMs = silenceMs // gets less while nothing comes; each byte adds to it
    const listen = (): NodeJS.Timeout => {
      clearTimeout(timer)
      return setTimeout(() => stop.abort(), Math.max(0, leftMs))
    }
    timer = listen()
    try {
      let since = performance.now()
      for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
        clearTimeout(timer)
        const earnedMs = (1000 * chunk.length) / DOWNLOAD_BYTES_PER_SECOND
        leftMs = Math.min(silenceMs, leftMs + earnedMs - (performance.now() - since))
        yield chunk // what is done with it takes no time of the server's
        since = performance.now()
        timer = listen()
      }
    } catch (error) {
      broken(error)
    } finally {
      stopNow()
    }
  }
  async function read(bytesMax: number): Promise<Uint8Array> {
    const length = Number(response.headers.get("content-length") ?? 0)
    const all: Uint8Array[] = []
    let bytes = 0
    if (length > bytesMax) stopNow()
    else
      for await (const chunk of chunks()) {
        bytes += chunk.length
        if (bytes > bytesMax) break
        all.push(chunk)
      }
    if (length > bytesMax || bytes > bytesMax)
      return odd(place, `gives more than the ${inBytes(bytesMax)} that are read`)
    return Buffer.concat(all)
  }
  /** A short body is read, so that the connection can be used again. */
  function drop(): void {
    if (Number(response.headers.get("content-length") ?? Infinity) > ERROR_BYTES_MAX) return stopNow()
    clearTimeout(timer)
    timer = setTimeout(() => stop.abort(), DRAIN_MS)
    response.arrayBuffer().then(stopNow, stopNow)
  }
  return { status: response.status, headers: response.headers, chunks, read, drop }
}

/** An answer that the protocol does not have. */
export const odd = (place: string, what: string): never =>
  refuse({
    code: "OB722",
    seen: `${place} ${what}: that is not how a registry answers.`,
    hint: "Check the address: it is that of an OCI registry or of a hub, without /v2.",
  })

/** Tells what the server says of a request that it does not do. Errors: OB721. */
export async function refused(place: string, answer: Answer, doing: string): Promise<never> {
  const told = saidIn(jsonIn(await answer.read(ERROR_BYTES_MAX).catch(() => new Uint8Array())))
  return refuse({
    code: "OB721",
    seen: `${place} does not ${doing}: it answers ${answer.status}${told === "" ? "" : `, ${told}`}.`,
    hint: HINTS[answer.status] ?? "Ask whoever runs it, or use another place.",
  })
}
const HINTS: Readonly<Record<number, string>> = {
  401: "Say who you are: BRAIN_REGISTRY_AUTH=user:password",
  403: "Use another name, or ask whoever runs it to let you: BRAIN_REGISTRY_AUTH=user:password says who you are.",
  404: "Check the name and the address.",
  405: "This registry does not offer it; its configuration may.",
  413: "It takes no file of this size.",
  429: "Wait a while, and run it again.",
  500: "Try again later.",
  502: "Try again later.",
  503: "Try again later.",
}
/** The first of OCI's errors: its code and its message, cut. */
function saidIn(json: Json | undefined): string {
  const errors = isJsonObject(json) ? json["errors"] : undefined
  const first = isJsonList(errors) ? errors[0] : undefined
  if (first === undefined || !isJsonObject(first)) return ""
  return [first["code"], first["message"]]
    .flatMap((each) => (typeof each === "string" ? [shorten(each.replace(/\.\s*$/, ""), 200)] : []))
    .join(": ")
}
export function jsonIn(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    return undefined
  }
}
