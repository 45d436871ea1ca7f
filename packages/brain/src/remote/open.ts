import { digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, isJsonList, isJsonObject, type Json, type JsonObject } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { RemoteDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Answered, Nothing, Part } from "@open-brains/core/run/part.ts"
import { checkValues, jsonOf, type Plain, plainFromJson, plainOf, sizeOf } from "@open-brains/core/run/values.ts"
import { filled, goesIntoText, namesIn } from "./prompt.ts"
import { send } from "./send.ts"
import { type Recorded, type Transcript, type Usage, usageOf } from "./transcript.ts"

export interface RemoteOptions {
  /** Whether anything may be sent at all. */
  readonly allowed: boolean
  /** Where the key is looked up. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly transcript?: Transcript
  readonly fetch?: typeof globalThis.fetch
  /** Is told what an answer used, and what that cost where the price is known. Not what is replayed. */
  readonly spent?: (usage: Usage, cost: number | undefined) => void
}

/** When its `limits` do not say. */
export const REMOTE_LIMITS = { latencyMs: 10_000, outputBytes: 64 * 1024 } as const
/** Around the texts, JSON with all that a provider adds; of a text each byte may be six of JSON. */
const bodyBytesMax = (outputBytes: number): number => 64 * 1024 + 6 * outputBytes
/** What providers add to a message of their own, in tokens. */
const FRAME_TOKENS = 64
const SEED = 0
const OFF: Nothing = { nothing: "remote parts are off; allow them with --allow-remote" }

interface Request {
  readonly body: JsonObject
  /** Of an answer of the protocol, what is to be recorded; a text when it is none. */
  read(json: Json): Recorded | string
}

/**
 * Opens a `remote` module: somebody else's machine, asked over HTTP. Sends nothing unless it is allowed; gives nothing, with the
 * reason, for whatever fails. `limits.cost` holds before anything is sent: a token has a byte at least, so the prompt cannot have
 * more tokens than bytes, and the answer gets what remains.
 * Errors: OB670 the endpoint; OB671 the prompt; OB672 what a protocol needs; OB674 a cost that cannot be kept.
 */
export function openRemote(declaration: RemoteDeclaration, options: RemoteOptions): Part {
  const url = endpointOf(declaration)
  refuseUnfit(declaration)
  const { gives, limits, keyFrom, pricePerMillionTokens: price } = declaration
  const latencyMs = limits.latencyMs ?? REMOTE_LIMITS.latencyMs
  const outputBytes = limits.outputBytes ?? REMOTE_LIMITS.outputBytes
  const { environment, transcript, allowed, fetch = globalThis.fetch } = options

  return {
    async ask(inputs, cutoff): Promise<Answered> {
      const request = requestOf(declaration, inputs.map(plainOf), outputBytes)
      if ("nothing" in request) return request
      const { endpoint, protocol } = declaration
      const name = digest(canonicalJson({ endpoint, protocol, body: request.body }))
      if (transcript?.isReplayed === true) {
        const recorded = transcript.find(name)
        return recorded === undefined
          ? { nothing: `no answer is recorded for this request to ${url.host}: ${name}` }
          : checked(recorded)
      }
      if (!allowed) return OFF
      const key = keyFrom === undefined ? undefined : environment[keyFrom]
      if (keyFrom !== undefined && (key === undefined || key === ""))
        return { nothing: `its key is missing: set ${keyFrom} in the environment` }
      if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
        return { nothing: `its key, in ${keyFrom}, has characters that cannot be sent` }
      const withinMs = Math.min(latencyMs, cutoff?.withinMs ?? latencyMs)
      const body = JSON.stringify(request.body)
      const sent = await send({ url, body, key, withinMs, bodyBytesMax: bodyBytesMax(outputBytes), fetch })
      if ("nothing" in sent) return sent
      const recorded = request.read(sent.json)
      if (typeof recorded === "string") return { nothing: `${url.host} ${recorded}` }
      const cost = price === undefined ? undefined : costOf(recorded.usage, price)
      options.spent?.(recorded.usage, cost)
      if (key !== undefined && JSON.stringify(recorded.answer).includes(key))
        return { nothing: "its answer repeats the key" }
      if (cost !== undefined && limits.cost !== undefined && cost > limits.cost)
        return { nothing: `${url.host} counted ${cost} for an answer, where ${limits.cost} is the most` }
      await transcript?.add(name, recorded)
      return checked(recorded)
    },
  }

  function checked({ answer }: Recorded): Answered {
    const outputs = checkValues(outputsOf(declaration, answer), gives)
    if ("nothing" in outputs) return outputs
    const size = outputs.reduce((sum: number, value) => sum + sizeOf(value), 0)
    return size > outputBytes
      ? { nothing: `its answer of ${size} bytes is longer than the ${outputBytes} that are allowed` }
      : outputs
  }
}

const costOf = ({ promptTokens, answerTokens }: Usage, price: number): number =>
  ((promptTokens + answerTokens) * price) / 1e6

function requestOf(declaration: RemoteDeclaration, inputs: readonly Plain[], outputBytes: number): Request | Nothing {
  const { protocol, takes, gives } = declaration
  switch (protocol) {
    case "http": {
      const named = Object.fromEntries(takes.map(({ name }, i) => [name, jsonOf(inputs[i]!)]))
      return {
        body: { inputs: named },
        read(json) {
          const outputs = isJsonObject(json) ? json["outputs"] : undefined
          return isJsonObject(outputs)
            ? { answer: outputs, usage: usageOf(0, 0) }
            : 'answered no JSON with its outputs by name: {"outputs": {…}}'
        },
      }
    }
    case "chat": {
      const prompt = declaration.prompt ?? `{${takes[0]!.name}}`
      const content = filled(prompt, new Map(takes.map(({ name }, i) => [name, inputs[i]!])))
      const tokens = tokensFor(declaration, content, Math.min(outputBytes, longest(gives[0]!.type)))
      if (typeof tokens !== "number") return tokens
      const messages = [{ role: "user", content }]
      return {
        body: { model: declaration.model!, messages, max_tokens: tokens, temperature: 0, seed: SEED },
        read: readChat,
      }
    }
    default:
      return protocol satisfies never
  }
}

/** How many tokens the answer may have, so that nothing dearer than `limits.cost` can come of it. */
function tokensFor(
  { limits: { cost }, pricePerMillionTokens: price }: RemoteDeclaration,
  content: string,
  answerBytes: number,
): number | Nothing {
  const tokens = Math.max(16, answerBytes)
  if (cost === undefined || price === undefined || price === 0) return tokens
  const affordable = Math.floor((cost / price) * 1e6)
  const prompt = new TextEncoder().encode(content).length + FRAME_TOKENS
  return prompt < affordable
    ? Math.min(tokens, affordable - prompt)
    : { nothing: `its prompt may have ${prompt} tokens; ${cost} for an answer pays ${affordable}, so nothing was sent` }
}

/** A label is short; what else it gives comes as text or JSON, whose length its type or the limit says. */
const longest = (type: RemoteDeclaration["gives"][number]["type"]): number =>
  type.type === "text"
    ? type.bytesMax
    : type.type === "label"
      ? Math.max(...type.labels.map((label) => new TextEncoder().encode(label).length))
      : Number.POSITIVE_INFINITY

function readChat(json: Json): Recorded | string {
  const choices = isJsonObject(json) ? json["choices"] : undefined
  const first = isJsonList(choices) ? choices[0] : undefined
  const message = isJsonObject(first) ? first["message"] : undefined
  const content = isJsonObject(message) ? message["content"] : undefined
  if (typeof content !== "string" || content.trim() === "") return "answered no text in choices[0].message.content"
  const usage = isJsonObject(json) && isJsonObject(json["usage"]) ? json["usage"] : {}
  return { answer: content, usage: usageOf(usage["prompt_tokens"], usage["completion_tokens"]) }
}

/** Unchecked. Of `chat` one text, label or number is what was said; anything else is JSON. */
function outputsOf({ protocol, gives }: RemoteDeclaration, answer: Json): readonly unknown[] {
  let named: Json = answer
  if (protocol === "chat") {
    if (typeof answer !== "string") return []
    const { type } = gives[0]!
    if (gives.length === 1 && type.type === "text") return [answer]
    if (gives.length === 1 && type.type === "label") return [answer.trim() === "unsure" ? null : answer.trim()]
    if (gives.length === 1 && type.type === "number") return [/\d/.test(answer) ? Number(answer.trim()) : answer]
    try {
      named = JSON.parse(answer) as Json
    } catch {
      return [answer]
    }
  }
  if (!isJsonObject(named)) return []
  const record = named
  return gives.map(({ name, type }) => plainFromJson(Object.hasOwn(record, name) ? record[name] : undefined, type))
}

function endpointOf({ name, endpoint, keyFrom }: RemoteDeclaration): URL {
  const url = URL.parse(endpoint)
  const seen = `The endpoint of \`${name}\`, ${endpoint.replace(/\/\/[^/@]*@/, "//…@")},`
  if (url === null || !["http:", "https:"].includes(url.protocol))
    return refuse({
      code: "OB670",
      seen: `${seen} is no address of http or https.`,
      hint: "Such as https://host/v1/chat/completions.",
    })
  if (url.username !== "" || url.password !== "")
    refuse({
      code: "OB670",
      seen: `${seen} holds a password.`,
      hint: 'Take it out; a key comes by `key from "VARIABLE"`.',
    })
  if (keyFrom !== undefined && url.protocol === "http:" && !isLoopback(url.hostname))
    refuse({
      code: "OB670",
      seen: `${seen} would get its key over plain http, where others can read it.`,
      hint: "Use https. Plain http is for this machine alone, such as http://127.0.0.1:8080/.",
    })
  return url
}
const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host)

function refuseUnfit({ name, protocol, model, prompt, takes, limits, pricePerMillionTokens }: RemoteDeclaration): void {
  if (protocol === "chat") {
    if (model === undefined)
      refuse({
        code: "OB672",
        seen: `\`${name}\` speaks chat, and names no model.`,
        hint: 'Add the one that is meant: model "…"',
      })
    if (prompt === undefined && !(takes.length === 1 && goesIntoText(takes[0]!)))
      refuse({
        code: "OB671",
        seen: `\`${name}\` has no prompt, and takes more than a text.`,
        hint: `Say what is sent: prompt "Answer {${takes[0]!.name}}"`,
      })
    for (const used of namesIn(prompt ?? "")) {
      const port = takes.find((each) => each.name === used)
      if (port === undefined || !goesIntoText(port))
        refuse({
          code: "OB671",
          seen: port
            ? `{${used}} in the prompt of \`${name}\` is a ${port.type.type}.`
            : `The prompt of \`${name}\` has {${used}}.`,
          hint: `It may name inputs that are text, label or number: ${
            takes
              .filter(goesIntoText)
              .map((each) => each.name)
              .join(", ") || "there are none"
          }. A brace is written {{.`,
        })
    }
  }
  if (limits.cost !== undefined && (protocol === "http" || pricePerMillionTokens === undefined))
    refuse({
      code: "OB674",
      seen: `\`${name}\` may cost ${limits.cost} an answer, and nobody can count what it costs.`,
      hint:
        protocol === "http"
          ? "Of protocol http no tokens are known: leave `cost` out."
          : "Add what its tokens cost: price 0.5 per million tokens",
    })
}
