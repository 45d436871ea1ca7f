import { log2 } from "@open-brains/core/base/logarithm.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { type LabelMixer, openLabelMixer } from "@open-brains/core/run/label_mixer.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import type { Brain } from "./load.ts"

/** What each of several modules of the same labels is worth on texts, when their answers are mixed. */
export interface LabelWorth {
  readonly texts: number
  /** Bits an answer of all together. */
  readonly bits: number
  readonly accuracy: number
  readonly experts: readonly LabelExpertWorth[]
}
export interface LabelExpertWorth {
  readonly name: string
  /** Bits an answer when all others are mixed, and of its own answers as they are. */
  readonly bitsWithout: number
  readonly bitsAlone: number
  /** What the mixer gave it in the end. */
  readonly weight: number
}
export interface NamedBrain {
  readonly name: string
  readonly brain: Brain
}

/**
 * Mixes what modules say of each text: each is scored by the probability that the mix gave to its label before the mixer
 * learnt it. A module alone is scored as it is. Texts that fit no label are left out. Errors: OB831 when the modules' labels are
 * not the same set, or no text has one of them.
 */
export function worthOfLabels(
  experts: readonly NamedBrain[],
  examples: readonly Example[],
  engine: Engine,
): LabelWorth {
  const labels = experts[0]!.brain.labels
  for (const { name, brain } of experts) {
    const stray = brain.labels.find((label) => !labels.includes(label))
    if (stray !== undefined || brain.labels.length !== labels.length)
      refuse({
        code: "OB831",
        seen: `${name} has other labels than ${experts[0]!.name}: ${stray ?? `${brain.labels.length}, not ${labels.length}`}.`,
        hint: "Modules whose answers are mixed have the same set of labels.",
      })
  }
  const asked = examples.flatMap(({ text, label }) => {
    const place = label === undefined ? -1 : labels.indexOf(label)
    return place < 0 ? [] : [{ place, shares: experts.map(({ brain }) => sharesOf(brain, text, labels)) }]
  })
  if (asked.length === 0)
    refuse({
      code: "OB831",
      seen: "No text has a label that the modules know.",
      hint: `Their labels: ${labels.slice(0, 8).join(", ")}${labels.length > 8 ? ", …" : ""}.`,
    })
  const run = (isAsked: (e: number) => boolean): Run => {
    const mixer = openLabelMixer(
      experts.length,
      labels.length,
      engine,
      experts.map((_, e) => isAsked(e)),
    )
    let [bits, right] = [0, 0]
    for (const { place, shares } of asked) {
      const mixed = mixer.mix(shares)
      bits -= log2(mixed[place]!)
      if (mixed.every((each) => each <= mixed[place]!)) right++
      mixer.learn(place)
    }
    return { bits: bits / asked.length, accuracy: right / asked.length, mixer }
  }
  const all = run(() => true)
  return {
    texts: asked.length,
    bits: all.bits,
    accuracy: all.accuracy,
    experts: experts.map(({ name }, e) => ({
      name,
      bitsWithout: experts.length === 1 ? log2(labels.length) : run((each) => each !== e).bits,
      bitsAlone: asked.reduce((sum, { place, shares }) => sum + bitsOf(shares[e]!, place), 0) / asked.length,
      weight: all.mixer.weights()[e]!,
    })),
  }
}
interface Run {
  readonly bits: number
  readonly accuracy: number
  readonly mixer: LabelMixer
}

/** In the order of `labels`, in units of 2⁻¹⁶. */
function sharesOf(brain: Brain, text: string, labels: readonly string[]): Uint16Array {
  brain.ask(text)
  return Uint16Array.from(labels, (label) =>
    Math.min(65_535, Math.round(65_536 * brain.probabilityOf(brain.labels.indexOf(label)))),
  )
}
/** Of the share of the sum, where nothing counts as half of the smallest that can be told. */
function bitsOf(shares: Uint16Array, place: number): number {
  const sum = shares.reduce((all, each) => all + Math.max(each, 0.5), 0)
  return log2(sum) - log2(Math.max(shares[place]!, 0.5))
}
