import {
  accuracy,
  auroc,
  bits,
  type Confusion,
  confusions,
  type Operating,
  operating,
} from "@open-brains/core/evaluate/classification.ts"
import type { Classifier } from "@open-brains/core/run/classifier.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import { scoreAll } from "@open-brains/core/train/teach.ts"

/** How a classifier does on examples. Shares are in 0 … 1; nothing stands where there was nothing to measure. */
export interface Report {
  readonly examples: number
  readonly accuracy: number | undefined
  readonly bitsPerAnswer: number | undefined
  /** How well the evidence tells texts that fit a label from those that fit none. */
  readonly auroc: number | undefined
  readonly withThreshold: Partial<Operating>
  readonly labels: readonly { readonly label: string; readonly examples: number; readonly accuracy: number }[]
  readonly confusions: readonly Confusion[]
}

export function score(classifier: Classifier, examples: readonly Example[]): Report {
  const scored = scoreAll(classifier, examples)
  const inScope = scored.filter(({ expected }) => expected !== undefined)
  const outside = scored.filter(({ expected }) => expected === undefined)
  const { answeredRight, answeredWrong, refused } = operating(scored)
  const labels = [...new Set(inScope.map(({ expected }) => expected!))].sort()
  return {
    examples: scored.length,
    accuracy: known(accuracy(scored)),
    bitsPerAnswer: known(bits(scored)),
    auroc: known(
      auroc(
        inScope.map(({ evidence }) => evidence),
        outside.map(({ evidence }) => evidence),
      ),
    ),
    withThreshold: {
      ...(inScope.length > 0 ? { answeredRight, answeredWrong } : {}),
      ...(outside.length > 0 ? { refused } : {}),
    },
    labels: labels.map((label) => {
      const own = inScope.filter(({ expected }) => expected === label)
      return { label, examples: own.length, accuracy: accuracy(own) }
    }),
    confusions: confusions(scored),
  }
}
const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value)
