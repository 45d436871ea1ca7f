import { bytesOf } from "@open-brains/core/base/dtype.ts"
import { stream } from "@open-brains/core/base/random.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { type ClassifierParts, openClassifier, type RawAnswer } from "@open-brains/core/run/classifier.ts"
import { nativeProgram } from "./c99.ts"

/** What one engine answered to texts: label i32, logits i16 and probabilities u16 of each text, one after another. */
export interface Answers {
  readonly engine: string
  readonly texts: number
  readonly bytes: Uint8Array
}

/** Answers of an engine that runs in this process. */
export function answersOn(engine: Engine, parts: ClassifierParts, texts: readonly Uint8Array[]): Answers {
  const classifier = openClassifier(parts, engine)
  return collect(engine.name, parts, texts, (text) => classifier.run(text))
}

/** Answers of the C of the same program, built by gcc with `flags`; the weights are constants, as in an export. */
export function answersInC(
  name: string,
  flags: readonly string[],
  parts: ClassifierParts,
  texts: readonly Uint8Array[],
): Answers {
  const program = withWeights(lowerGraph({ name: "predict", outputs: parts.graph }), parts)
  const bytesMax = program.buffers.find((buffer) => buffer.name === "text")!.length
  const records = texts.map((text) => {
    const padded = new Uint8Array(bytesMax)
    padded.set(text.subarray(0, bytesMax))
    return { text: padded, length: Int32Array.of(text.length) } // may be more than fits: the program has to clamp it
  })
  using native = nativeProgram(program, { flags })
  const { outputs } = native.runAll(records)
  let next = 0
  return collect(name, parts, texts, () => {
    const { label, logits, probability } = outputs[next++]!
    return { label: label![0]!, logits: logits as Int16Array, probability: probability as Uint16Array }
  })
}

function collect(
  engine: string,
  { labels }: ClassifierParts,
  texts: readonly Uint8Array[],
  run: (text: Uint8Array) => RawAnswer,
): Answers {
  const size = answerSize(labels.length)
  const bytes = new Uint8Array(size * texts.length)
  texts.forEach((text, i) => {
    const { label, logits, probability } = run(text)
    bytes.set(bytesOf(Int32Array.of(label)), i * size)
    bytes.set(bytesOf(logits), i * size + 4)
    bytes.set(bytesOf(probability), i * size + 4 + logits.byteLength)
  })
  return { engine, texts: texts.length, bytes }
}
const answerSize = (labels: number): number => 4 + 2 * labels + 2 * labels

function withWeights(program: Program, { weights }: ClassifierParts): Program {
  const buffers = program.buffers.map((buffer) => {
    const weight = buffer.access === "input" ? weights[buffer.name] : undefined
    return weight ? { ...buffer, access: "constant" as const, values: [...weight.data] } : buffer
  })
  return { ...program, buffers }
}

/** How many of the first texts two engines answer with other bytes, and the first of those; both asked the same texts. */
export function differences(judge: Answers, other: Answers): { readonly count: number; readonly first?: number } {
  const texts = Math.min(judge.texts, other.texts)
  const size = judge.bytes.length / judge.texts
  const differing = Array.from({ length: texts }, (_, i) => i).filter((i) => {
    const part = ({ bytes }: Answers): Uint8Array => bytes.subarray(i * size, (i + 1) * size)
    return Buffer.compare(part(judge), part(other)) !== 0
  })
  return { count: differing.length, ...(differing[0] === undefined ? {} : { first: differing[0] }) }
}

export const HOSTILE_BYTES_MAX = 1100 // more than the 1024 that a module reads

/**
 * Byte strings of 0 … 1100 bytes that a stranger might send: every second one is random bytes, the others are messages
 * with damage in them, mostly sequences that UTF-8 forbids. A pure function of its arguments.
 */
export const hostileTexts = (messages: readonly string[], count: number, seed: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, i) => {
    const random = stream(seed, "mix", i)
    let drawn = 0
    const below = (limit: number): number => random.below(drawn++, limit)
    if (i % 2 === 0) return Uint8Array.from({ length: below(HOSTILE_BYTES_MAX + 1) }, () => below(256))
    return damaged(messages, below)
  })

function damaged(messages: readonly string[], below: (limit: number) => number): Uint8Array {
  const message = (): number[] => [...new TextEncoder().encode(messages[below(messages.length)]!)]
  const bytes = message()
  const wanted = below(4) === 0 ? below(HOSTILE_BYTES_MAX + 1) : 0 // most are of the length that people write
  while (bytes.length < wanted) bytes.push(0x20, ...message())
  for (let edits = 1 + below(8); edits > 0; edits--) {
    const at = below(bytes.length + 1)
    const kind = below(4)
    if (kind === 0) bytes.splice(at, 1, below(256))
    else if (kind === 1) bytes.splice(at, 1 + below(3))
    else bytes.splice(at, 0, ...FRAGMENTS[below(FRAGMENTS.length)]!)
  }
  return Uint8Array.from(bytes.slice(0, HOSTILE_BYTES_MAX))
}

/** Pieces of text that decoders get wrong. Source: Unicode 16, section 3.9, tables 3-7 to 3-11. */
const FRAGMENTS: readonly (readonly number[])[] = [
  ...[[0x80], [0xbf], [0xfe], [0xff], [0x00]], // never the first byte, and a zero
  ...[[0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98]], // cut short
  ...[
    [0xc0, 0xaf],
    [0xc1, 0xa1],
    [0xe0, 0x80, 0xaf],
    [0xf0, 0x80, 0x80, 0xaf],
  ], // longer than needed
  ...[
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
  ], // surrogates
  ...[
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
  ], // beyond the last code point
  ...["é", "É", "ﬁ", "漢字", "😀", "\u0301", "\u2019", "\u00ad", "\ufeff", "\u{10ffff}"].map((text) => [
    ...new TextEncoder().encode(text),
  ]),
]
