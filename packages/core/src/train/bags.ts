import { assert } from "../base/problem.ts"
import type { Engine } from "../engine/engine.ts"
import { type NgramOptions, ngramsMax } from "../kernels/ngrams.ts"
import { openGrams } from "../memory/grams.ts"

/** Texts as bags of n-grams: bag i is `slots` from `starts[i]` up to `starts[i + 1]`. */
export interface Bags {
  readonly slots: Uint16Array
  readonly starts: Int32Array
}
export const bagSize = ({ starts }: Bags, i: number): number => starts[i + 1]! - starts[i]!
export const largestBag = ({ starts }: Bags): number => {
  let most = 0
  for (let i = 0; i + 1 < starts.length; i++) most = Math.max(most, starts[i + 1]! - starts[i]!)
  return most
}

/** The n-grams of each text, by the program that also answers: what is trained is what is asked. */
export function bagsOf(texts: readonly string[], options: NgramOptions, engine: Engine): Bags {
  const read = openGrams(options, engine)
  const starts = new Int32Array(texts.length + 1)
  const parts: Uint16Array[] = []
  texts.forEach((each, i) => {
    const found = read(each)
    parts.push(found)
    starts[i + 1] = starts[i]! + found.length
  })
  const all = new Uint16Array(starts[texts.length]!)
  parts.forEach((part, i) => {
    all.set(part, starts[i]!)
  })
  assert(
    parts.every(({ length }) => length <= ngramsMax(options.bytesMax, options.wordTimes)),
    "more n-grams than there can be",
  )
  return { slots: all, starts }
}
