/** The peer at a size: fastText, quantised and pruned so far that its file fits. */
import { mkdtempSync } from "node:fs"
import { join } from "node:path"
import { type PlacedExample, splitsOf } from "../intent/brain.testing.ts"
import { isInScope, score } from "../intent/peer.ts"
import { describe, fastTextIn, missingFastText, type Tuned } from "../shared/fasttext.ts"
import { mean, say } from "../shared/report.ts"

/** The best that fits a size, mean and least of the seeds. */
export interface SmallPeer {
  readonly bytesMax: number
  readonly bytes: number
  readonly accuracy: number
  readonly least: number
  readonly auroc: number
  readonly setting: string
}
export interface SmallPeerOptions {
  readonly split: "test" | "validation"
  readonly seeds: readonly number[]
  readonly sizes: readonly number[]
  readonly isQuick: boolean
}

const WIDTHS = [8, 16, 48] // its codebooks alone are 1 KB for each number a row
const FEATURES: readonly Pick<Tuned, "wordNgrams" | "characters">[] = [
  { wordNgrams: 2, characters: [3, 5] },
  { wordNgrams: 1, characters: [0, 0] },
]
const CUTOFFS = [500, 1000, 2000, 6000, 16_000]

export function smallFastText(
  folder: string,
  examples: readonly PlacedExample[],
  { split, seeds, sizes, isQuick }: SmallPeerOptions,
): readonly SmallPeer[] {
  const missing = missingFastText()
  if (missing !== undefined) {
    say(missing)
    return []
  }
  const splits = splitsOf(examples)
  const fastText = fastTextIn(mkdtempSync(join(folder, "fasttext-")), splits.train.filter(isInScope))
  const chosenOn = splits.validation.filter(isInScope)
  const wordsOf = (cutoff: number): readonly string[] => ["-qnorm", "-retrain", "-cutoff", `${cutoff}`]
  const tried = (isQuick ? WIDTHS.slice(0, 1) : WIDTHS).flatMap((dim) =>
    FEATURES.flatMap((features) => {
      const setting: Tuned = { lr: 0.5, epoch: 25, ...features, dim }
      fastText.teach(setting, 1)
      return (isQuick ? [500, 1000] : CUTOFFS).flatMap((cutoff) => {
        const model = fastText.quantise(wordsOf(cutoff))
        if (!model) return []
        const { accuracy } = score(fastText, model, chosenOn)
        say(`fastText ${describe(setting)}, cutoff ${cutoff}: ${model.bytes} bytes, ${accuracy.toFixed(2)} % of val`)
        return [{ setting, cutoff, bytes: model.bytes, accuracy }]
      })
    }),
  )
  return sizes.flatMap((bytesMax) => {
    const fitting = tried.filter(({ bytes }) => bytes <= bytesMax)
    if (fitting.length === 0) return []
    const { setting, cutoff } = fitting.reduce((a, b) => (b.accuracy > a.accuracy ? b : a))
    const runs = seeds.map((seed) => {
      fastText.teach(setting, seed)
      const model = fastText.quantise(wordsOf(cutoff))!
      return { bytes: model.bytes, ...score(fastText, model, splits[split]) }
    })
    return [
      {
        bytesMax,
        bytes: Math.max(...runs.map(({ bytes }) => bytes)),
        accuracy: mean(runs.map(({ accuracy }) => accuracy)),
        least: Math.min(...runs.map(({ accuracy }) => accuracy)),
        auroc: mean(runs.map(({ auroc }) => auroc)),
        setting: `${describe(setting)}, cutoff ${cutoff}`,
      },
    ]
  })
}
