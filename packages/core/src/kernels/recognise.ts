import { canonicalJson, type Json } from "../base/json.ts"
import type { Program } from "../ir/program.ts"
import { type NgramOptions, ngrams, ngramsMax, WORD_TIMES_MAX } from "./ngrams.ts"

/**
 * The options that a program of n-grams was made with: those of which kernels/ngrams.ts makes the same program, statement
 * for statement, so that what is known of that kernel holds for this one. Nothing for any other program.
 */
export function ngramOptionsOf(program: Program, buckets: number): NgramOptions | undefined {
  const bytesMax = program.buffers.find(({ name }) => name === "text")?.length ?? 0
  if (bytesMax < 1 || buckets < 1 || buckets > 65536) return undefined
  const wanted = textOf(program)
  const most = program.buffers.find(({ name }) => name === "slots")?.length
  const times = Array.from({ length: WORD_TIMES_MAX }, (_, i) => i + 1).filter((t) => ngramsMax(bytesMax, t) === most)
  return times
    .flatMap((t) => candidates(bytesMax, buckets).map((each) => (t === 1 ? each : { ...each, wordTimes: t })))
    .find((options) => textOf(ngrams(options)) === wanted)
}
const textOf = (program: Program): string => canonicalJson(program as unknown as Json)

/** The most usual first. */
const candidates = (bytesMax: number, buckets: number): readonly NgramOptions[] =>
  [2, 3, 1].flatMap((wordsMax) =>
    [2, 3, 4, 5].flatMap((charactersMin) =>
      [5, 4, 3, 2]
        .filter((charactersMax) => charactersMax >= charactersMin)
        .map((charactersMax) => ({ bytesMax, buckets, wordsMax, charactersMin, charactersMax })),
    ),
  )
