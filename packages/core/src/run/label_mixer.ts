import { refuse } from "../base/problem.ts"
import { instantiate } from "../compile.ts"
import type { Engine } from "../engine/engine.ts"
import { LABEL_EXPERTS_MAX, LABEL_WEIGHT_ONE, LABELS_MAX, labelMixer } from "../mix/labels.ts"

/** Experts of one closed set of labels, mixed: it says how likely each label is, then is told which it was. */
export interface LabelMixer {
  /** The weight of each expert. */
  weights(): readonly number[]
  /** What each label's probability is, given each expert's, in units of 2⁻¹⁶, in the order of `labels`. Sums to 1. */
  mix(shares: readonly Uint16Array[]): Float64Array
  /** What the label was, of the texts that it mixed last. */
  learn(label: number): void
}

/**
 * Opens a mixer of so many experts; those that are not `enabled` neither vote nor learn, the others begin with equal weights
 * that sum to 1. Errors: OB830 for more experts or labels than it takes.
 */
export function openLabelMixer(
  experts: number,
  labels: number,
  engine: Engine,
  enabled?: readonly boolean[],
): LabelMixer {
  if (experts < 1 || experts > LABEL_EXPERTS_MAX || labels < 1 || labels > LABELS_MAX)
    return refuse({
      code: "OB830",
      seen: `${experts} experts of ${labels} labels are not mixed.`,
      hint: `Up to ${LABEL_EXPERTS_MAX} experts of up to ${LABELS_MAX} labels are.`,
    })
  const { memory, run, entries } = instantiate(labelMixer(experts, labels), engine)
  const asked = Array.from({ length: experts }, (_, e) => enabled?.[e] ?? true)
  memory["enabled"]!.set(asked.map(Number))
  const count = Math.max(1, asked.filter(Boolean).length)
  memory["weights"]!.set(asked.map((isAsked) => (isAsked ? Math.round(LABEL_WEIGHT_ONE / count) : 0)))
  return {
    weights: () => Array.from(memory["weights"]!, (weight) => weight / LABEL_WEIGHT_ONE),
    mix(shares) {
      for (const [e, each] of shares.entries()) memory["shares"]!.set(each, e * labels)
      run()
      const parts = memory["parts"]! as Int32Array
      const sum = parts.reduce((all, part) => all + part, 0)
      return Float64Array.from(parts, (part) => part / sum)
    },
    learn(label) {
      memory["outcome"]![0] = label
      entries["learn"]!()
    },
  }
}
