/** Runs in a page and in a Web Worker, served with its types stripped: a module on core as it is, without a bundler. */
import { digest } from "../../../core/src/base/digest.ts"
import { interpreterEngine } from "../../../core/src/engine/interpreter.ts"
import { wasmEngine } from "../../../core/src/engine/wasm.ts"
import { parseManifest } from "../../../core/src/module/text.ts"
import type { Answer } from "../../../core/src/run/classifier.ts"
import { openModule } from "../../../core/src/run/module.ts"
import type { Reply } from "./browser_worker.ts"

export interface Questions {
  /** The address of a module's folder, with a slash at the end. */
  readonly module: string
  readonly engine: "interpreter" | "wasm"
  /** Bytes for `run`, as plain numbers: all of this goes through JSON. */
  readonly texts: readonly (readonly number[])[]
  /** Texts for `ask`. */
  readonly messages: readonly string[]
}
export interface BrowserAnswers {
  readonly engine: string
  /** Digests as core computes them there, of every part that the manifest names. */
  readonly parts: Readonly<Record<string, string>>
  /** Of each text: label i32, logits i16, probabilities u16, as its memory holds them. */
  readonly bytes: readonly number[]
  readonly answers: readonly Answer[]
}

export async function answersOf({ module, engine, texts, messages }: Questions): Promise<BrowserAnswers> {
  const source = new TextDecoder().decode(await fetchBytes(`${module}module.brain`))
  const names = Object.keys(parseManifest(source, "module.brain").parts)
  const contents = await Promise.all(names.map((name) => fetchBytes(module + encodeURIComponent(name))))
  const parts = Object.fromEntries(names.map((name, i) => [name, contents[i]!]))
  const classifier = openModule(source, parts, engine === "wasm" ? wasmEngine : interpreterEngine)
  const bytes = texts.flatMap((text) => {
    const { label, logits, probability } = classifier.run(Uint8Array.from(text))
    return [Int32Array.of(label), logits, probability].flatMap((array) => [
      ...new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    ])
  })
  return {
    engine,
    parts: Object.fromEntries(names.map((name, i) => [name, digest(contents[i]!)])),
    bytes,
    answers: messages.map((message) => classifier.ask(message)),
  }
}

async function fetchBytes(address: string): Promise<Uint8Array> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`${address}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** The same, asked of a Web Worker that imports this file. */
export function answersInWorker(questions: Questions): Promise<BrowserAnswers> {
  const worker = new Worker(new URL("browser_worker.ts", import.meta.url), { type: "module" })
  return new Promise<BrowserAnswers>((done, fail) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) =>
      "answers" in data ? done(data.answers) : fail(new Error(`in the worker: ${data.failed}`)),
    )
    worker.addEventListener("error", (event) => fail(new Error(`in the worker: ${event.message}`)))
    worker.postMessage(questions)
  }).finally(() => worker.terminate())
}
