/** The names to learn from: where they come from, and how they are split. */
import { parseDigest } from "@open-brains/core/base/digest.ts"
import { shuffled, stream } from "@open-brains/core/base/random.ts"
import { type Corpus, readCorpus } from "../../packages/brain/src/data/corpus.ts"

/** First names of the United States, one a line, in lower case: 32,032, since the last line has no end. */
const CORPUS: Corpus = {
  ending: "\u0000", // there is none: each line is one
  pieceBytes: 2 ** 20,
  files: [
    {
      file: "names-makemore/names.txt",
      bytes: 228_145,
      digest: parseDigest("sha256:0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d")!,
      from: 0,
      to: 228_145,
      licence: "MIT",
      source: "https://github.com/karpathy/makemore; names of the Social Security Administration, public domain",
    },
  ],
}

export interface Names {
  readonly train: readonly string[]
  readonly validation: readonly string[]
  readonly test: readonly string[]
}
/** Eight tenths to learn from and a tenth each to choose by and to score on; a name that is there twice counts once. */
export function splitNames(names: readonly string[]): Names {
  const once = [...new Set(names)].sort()
  const mixed = Array.from(shuffled(once.length, stream(1, "split")), (place) => once[place]!)
  const [first, second] = [0.8, 0.9].map((share) => Math.floor(share * mixed.length))
  return { train: mixed.slice(0, first), validation: mixed.slice(first, second), test: mixed.slice(second) }
}

/** Out of a mirror of data sets. Errors: OB530, OB531. */
export async function readNames(mirror: string | undefined): Promise<Names> {
  const text = new TextDecoder().decode(await readCorpus(CORPUS, mirror))
  return splitNames(text.split("\n").filter((line) => /^[a-z]+$/.test(line)))
}

/** 1 … 26 for a … z, and the 0 that ends a name. */
export const symbolsOf = (name: string): readonly number[] => [
  ...Array.from(name, (letter) => letter.charCodeAt(0) - 96),
  0,
]
export const letterOf = (symbol: number): string => String.fromCharCode(96 + symbol)
