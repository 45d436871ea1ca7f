/** The promise that everything else rests on: every engine gives the same bits, and every teaching the same weights. */
import { createHash } from "node:crypto"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { ClassifierParts } from "@open-brains/core/run/classifier.ts"
import { type Section, say } from "../shared/report.ts"
import { answersInC, answersOn, differences, hostileTexts, missingCompiler, VARIANTS } from "./brain.testing.ts"

export const SEED = 1
export interface SameBits {
  /** Answers that an engine gave otherwise than the judge or, beyond what the judge was asked, than WebAssembly. */
  readonly differing: number
  readonly interpreterMs: number
  readonly section: Section
}
export interface Amounts {
  readonly judged: number
  readonly hostile: number
}

type Answers = ReturnType<typeof answersOn>
/** Of the answers to the first `texts` texts. */
const digestOf = ({ bytes, texts: all }: Answers, texts: number): string =>
  createHash("sha256")
    .update(bytes.subarray(0, (bytes.length / all) * texts))
    .digest("hex")
    .slice(0, 16)

export function measureSameBits(parts: ClassifierParts, messages: readonly string[], amounts: Amounts): SameBits {
  const encoded = messages.map((text) => new TextEncoder().encode(text))
  const hostile = hostileTexts(messages, amounts.hostile, SEED)
  const own = encoded.slice(0, amounts.judged)
  const strange = hostile.slice(0, Math.floor(amounts.judged / 4)) // the judge is slow, so it sees few of them
  const judged = [...own, ...strange]
  const all = [...judged, ...encoded.slice(own.length), ...hostile.slice(strange.length)]

  const start = performance.now()
  const first = answersOn(interpreterEngine, parts, own)
  const interpreterMs = (performance.now() - start) / own.length
  say(`interpreter: ${interpreterMs.toFixed(1)} ms a message`)
  const judge = answersOn(interpreterEngine, parts, judged)
  const wasm = answersOn(wasmEngine, parts, all)
  const missing = missingCompiler()
  const native = Object.entries(missing === undefined ? VARIANTS : {}).map(([name, flags]) => {
    say(`C, ${name}: gcc ${flags.join(" ")}`)
    return answersInC(`C, gcc ${flags.join(" ")}`, flags, parts, all)
  })
  const compared = [
    { answers: judge, ...differences(first, judge) },
    { answers: wasm, ...differences(judge, wasm) },
    ...native.map((answers) => ({ answers, ...differences(wasm, answers) })),
  ]
  const rows = compared.map(({ answers, count, first: at }) => [
    answers.engine,
    `${answers.texts}`,
    digestOf(answers, answers.texts),
    digestOf(answers, judged.length),
    count === 0 ? "same" : `${count} differ, the first is text ${at}`,
  ])
  return {
    differing: compared.reduce((sum, { count }) => sum + count, 0),
    interpreterMs,
    section: {
      title: "Same bits: answers",
      notes: [
        `Label, logits and probabilities, byte by byte, of ${messages.length} messages and ${hostile.length} byte strings of 0 to 1100 bytes (seed ${SEED}): half random, half damaged messages. The interpreter is the judge of the first ${judged.length}; the C is compared with WebAssembly on all.`,
        ...(missing === undefined ? [] : [`${missing}: nothing was compared with C.`]),
      ],
      table: {
        heading: ["engine", "texts", "SHA-256 of all answers", `of the first ${judged.length}`, "verdict"],
        rows,
      },
    },
  }
}

/** One teaching of the same weights. */
export interface Teaching {
  readonly by: string
  readonly node: string
  readonly weights: string
  readonly seconds: number
}
export function sameWeights(teachings: readonly Teaching[]): { readonly digests: number; readonly section: Section } {
  return {
    digests: new Set(teachings.map(({ weights }) => weights)).size,
    section: {
      title: "Same bits: weights of seed 1",
      notes: ["Each taught in a process of its own, from the same 15,100 messages."],
      table: {
        heading: ["taught by", "Node", "weights.safetensors", "seconds"],
        rows: teachings.map(({ by, node, weights, seconds }) => [by, node, weights, seconds.toFixed(1)]),
      },
    },
  }
}
