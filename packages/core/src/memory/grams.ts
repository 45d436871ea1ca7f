import { assert } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { type NgramOptions, ngrams } from "../kernels/ngrams.ts"

/** The slots of a text's n-grams in the order of the text, equal ones as often as they occur. */
export type ReadGrams = (text: string) => Uint16Array

/** What tells texts apart for a memory, and says which are the same: words, pairs of them, and runs of characters. */
export const memoryGrams = (bytesMax: number): NgramOptions => ({
  bytesMax,
  buckets: 65_536,
  wordsMax: 2,
  charactersMin: 2,
  charactersMax: 4,
})

/** The n-grams of texts, by the program that also answers: what is learnt is what is asked. */
export function openGrams(options: NgramOptions, engine: Engine): ReadGrams {
  const { memory, run } = instantiate(ngrams(options), engine)
  const [text, length, slots, count] = [memory["text"]!, memory["length"]!, memory["slots"]!, memory["count"]!]
  assert(text instanceof Uint8Array && slots instanceof Uint16Array, "a kernel over bytes")
  const encoder = new TextEncoder()
  return (each) => {
    length[0] = encoder.encodeInto(each, text).written
    run()
    return slots.slice(0, count[0]!)
  }
}
