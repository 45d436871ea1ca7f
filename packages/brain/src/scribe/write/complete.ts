import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { afterByte, BOUNDARY, mayCome, utf8StateOf } from "../utf8.ts"
import { lineStart } from "./editor.ts"

/** A predictor beside a text that is being written. */
export interface Companion {
  /** How the text would go on, to the end of the word or line; nothing where it has no idea. The predictor does not change. */
  complete(textBefore: string): string
  /** Has it learn a text. */
  learn(text: string): void
  /** All that it learnt here, since `learn` was first called. */
  readonly learnt: () => string
}
export interface CompletionOptions {
  /** After so long it ends where it is. */
  readonly budgetMs: number
  readonly nowMs: () => number
}

/** Bytes of a line, of what stands before it, and of what is made up, that are read and taken back: below `RECENT` of the predictor. */
const [LINE_MAX, BEFORE_MAX, MADE_MAX] = [2048, 512, 64]
/** It begins where the likeliest byte has this chance, and goes on to another word with that one. */
const [BEGINS, GOES_ON] = [0.2, 0.4]
const [SPACE, LINE_BREAK] = [32, 10]

/** What predicts beside a text: `read` is what the predictor read last, where that is the text so far. */
export function companionOf(predictor: Predictor, { budgetMs, nowMs }: CompletionOptions, read = ""): Companion {
  let known = read.slice(-BEFORE_MAX)
  let learnt = ""
  const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
  return {
    learnt: () => learnt,
    learn(text) {
      predictor.read(bytesOf(text), { learns: true })
      known = (known + text).slice(-BEFORE_MAX)
      learnt += text
    },
    complete(textBefore) {
      const end = nowMs() + budgetMs
      const start = lineStart(textBefore, textBefore.length)
      const above = textBefore.slice(0, start)
      // After a jump it has other lines in its mind than those above: they are shown to it again.
      const context = (known !== "" || above === "") && above.endsWith(known) ? "" : above.slice(-BEFORE_MAX)
      const line = bytesOf(textBefore.slice(start)).slice(-LINE_MAX)
      const mark = predictor.mark()
      try {
        predictor.read(bytesOf(context).slice(-BEFORE_MAX), { learns: false })
        predictor.read(line, { learns: false })
        return goOn(predictor, line, () => nowMs() > end)
      } finally {
        predictor.rewind(mark)
      }
    },
  }
}

/** The likeliest bytes, one after the other. */
function goOn(predictor: Predictor, line: Uint8Array, isLate: () => boolean): string {
  const made: number[] = []
  let state = utf8StateOf(line)
  let whole = 0
  while (made.length < MADE_MAX && !isLate()) {
    const chances = predictor.distribution()
    let byte = -1
    for (let b = 0; b < 256; b++)
      if (mayCome(state, b, MADE_MAX) && (byte < 0 || chances[b]! > chances[byte]!)) byte = b
    const isNewWord = made.at(-1) === SPACE || (byte === SPACE && made.length > 0)
    if (chances[byte]! < (made.length === 0 ? BEGINS : isNewWord ? GOES_ON : 0)) break
    if (byte === LINE_BREAK || byte < SPACE || byte === 127) break
    made.push(byte)
    state = afterByte(state, byte) ?? BOUNDARY
    if (state.missing === 0) whole = made.length
    predictor.read(Uint8Array.of(byte), { learns: false })
  }
  return new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(Uint8Array.from(made.slice(0, whole)))
    .replace(/\p{Cc}/gu, "")
    .trimEnd()
}
