import { type Generated, generate } from "../scribe/generate.ts"
import { firstBytesOf } from "../scribe/read_file.ts"
import { readIn } from "../scribe/read_in.ts"
import { utf8StateOf } from "../scribe/utf8.ts"
import type { ExitCode, Services } from "../services.ts"
import { learnFile, openTold, type ScribeArguments } from "./scribes.ts"

export interface GenerateArguments extends ScribeArguments {
  readonly bytes: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly stop?: string
  readonly prefix?: string
  readonly learn?: string
  /** Any bytes, not a text. */
  readonly raw?: boolean
}
const SHOW_MS = 20

/** `brain generate SCRIBE [PREFIX…]`: goes on from a text, and prints that as it comes. */
export async function generateText(
  path: string,
  words: readonly string[],
  options: GenerateArguments,
  services: Services,
): Promise<ExitCode> {
  const { bytes, temperature, topP, seed, learn, raw = false, json = false } = options
  const scribe = await openTold(path, options, services)
  if (learn !== undefined) await learnFile(scribe, learn, services)
  const prefix = await prefixOf(words, options, services)
  await readIn(
    scribe.predictor,
    (async function* () {
      yield prefix
    })(),
  )
  const work = generate(scribe.predictor, {
    ...{ bytes, temperature, topP, seed },
    ...(options.stop === undefined ? {} : { stop: new TextEncoder().encode(options.stop) }),
    ...(raw ? {} : { utf8: utf8StateOf(prefix) }),
  })
  const { done, text } = await print(work, { raw, json }, services)
  if (json) services.print(JSON.stringify({ text, ...done, seed, temperature, topP }))
  else if (!raw && services.isTerminal) await services.write("\n")
  return 0
}

/** All that is generated; printed as it comes, but for JSON. */
async function print(
  work: Generator<Uint8Array, Generated>,
  { raw, json }: { readonly raw: boolean; readonly json: boolean },
  { write, isTerminal }: Services,
): Promise<{ readonly done: Generated; readonly text: string }> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true }) // a character that is cut or no such is U+FFFD
  let text = ""
  let waiting: Uint8Array[] = []
  const show = async (isLast: boolean): Promise<void> => {
    const bytes = Buffer.concat(waiting)
    waiting = []
    if (raw && !json) return write(bytes)
    const fresh = decoder.decode(bytes, { stream: !isLast })
    if (json) text += fresh
    else await write(isTerminal ? fresh.replace(CONTROL, "\ufffd") : fresh)
  }
  let shown = performance.now()
  let next = work.next()
  for (; !next.done; next = work.next()) {
    waiting.push(next.value)
    if (performance.now() - shown < SHOW_MS) continue
    await show(false)
    await new Promise((wake) => setImmediate(wake)) // lets a Ctrl-C be heard
    shown = performance.now()
  }
  await show(true)
  return { done: next.value, text }
}
/** A stranger's text moves no cursor and colours no terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

const PREFIX_MAX = 2 ** 30
/** What it goes on from: the words, a file, or standard input. Errors: OB810. */
async function prefixOf(
  words: readonly string[],
  { prefix }: GenerateArguments,
  { input }: Services,
): Promise<Uint8Array> {
  if (prefix === undefined) return new TextEncoder().encode(words.join(" "))
  if (prefix !== "-") return firstBytesOf(prefix, PREFIX_MAX)
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
