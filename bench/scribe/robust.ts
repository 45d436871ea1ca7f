/** Part robust: what sure noise beside its experts costs, and whether one that was switched off finds back. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { harnessOptions } from "@open-brains/core/mix/scribe.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, number, type Section, say } from "../shared/report.ts"
import { noiseExperts } from "./noise.ts"
import { bitsAfter, fastEngine, MEMORY_BYTES, openWith } from "./open.ts"
import { readShakespeare, SHAKESPEARE } from "./texts.ts"

/** Bytes: of the text, of the sample where experts are left out one at a time, and where the best one goes off and on. */
interface Stretches {
  readonly text: number
  readonly sample: number
  readonly off: number
  readonly on: number
  /** From here to the end. */
  readonly scored: number
}
const FULL: Stretches = { text: Number.POSITIVE_INFINITY, sample: 300_000, off: 400_000, on: 600_000, scored: 700_000 }
/** It stays far from the last tenth, since it may be repeated while something is chosen. */
const QUICK: Stretches = { text: 400_000, sample: 60_000, off: 100_000, on: 250_000, scored: 300_000 }
const TRAINED = 0.7

export function measureRobustness({ isQuick }: PartOptions): Part {
  const stretches = isQuick ? QUICK : FULL
  const text = readShakespeare().subarray(0, stretches.text)
  const { engine } = fastEngine()
  const noise = noiseCost(text, engine, isQuick ? [] : ALONE)
  const predictor = openWith(MEMORY_BYTES, engine)
  const without = leftOut(predictor, text.subarray(0, stretches.sample))
  const best = without.reduce((most, each) => (each.percent > most.percent ? each : most))
  const back = switchedOff(predictor, best.expert, text, stretches)
  const atMost = (must: number): Pick<Measure, "bars"> => ({ bars: { is: "at most", must } })
  const percent = { unit: "%", digits: 3 }
  return {
    measures: [
      {
        name: `bits more with ${noise.count} experts of sure noise, adaptive`,
        value: percentMore(noise.clean.adaptive, noise.noisy.adaptive),
        ...percent,
        ...atMost(0.3),
      },
      {
        name: "the same, frozen",
        value: percentMore(noise.clean.frozen, noise.noisy.frozen),
        ...percent,
      },
      {
        name: `bits more after ${best.name} was off for ${kilo(stretches.on - stretches.off)} and on for ${kilo(stretches.scored - stretches.on)}`,
        value: Math.abs(percentMore(back.uninterrupted, back.interrupted)),
        ...percent,
        ...atMost(0.5),
      },
    ],
    sections: [noiseSection(noise), leftOutSection(without), backSection(best.name, back)],
    isSame: true,
  }
}
const kilo = (bytes: number): string => `${bytes / 1000} KB`
const percentMore = (before: number, after: number): number => (100 * (after - before)) / before

interface NoiseCost {
  readonly count: number
  readonly clean: Costs
  readonly noisy: Costs
  readonly apart: readonly (Costs & { readonly name: string })[]
  readonly scored: number
}
interface Costs {
  readonly adaptive: number
  readonly frozen: number
}
/** One of each kind. */
const ALONE = ["random0", "constant", "oscillating", "adversarial"]

/** Both learn the same first part; bits of the rest. */
function noiseCost(text: Uint8Array, engine: Engine, alone: readonly string[]): NoiseCost {
  const { historyBytes } = harnessOptions({ memoryBytes: MEMORY_BYTES })
  const extra = noiseExperts(historyBytes)
  const at = Math.floor(text.length * TRAINED)
  const [seen, scored] = [text.subarray(0, at), text.subarray(at)]
  say("without noise ...")
  const clean = bitsAfter(openWith(MEMORY_BYTES, engine), seen, scored)
  say(`with ${extra.length} experts of noise ...`)
  const predictor = openWith(MEMORY_BYTES, engine, extra)
  const noisy = bitsAfter(predictor, seen, scored)
  // The kinds one at a time, in the same program: which of them it is that costs.
  const first = predictor.experts.length - extra.length
  const apart = alone.map((name) => {
    say(`with ${name} alone ...`)
    predictor.enabled.fill(0, first)
    predictor.enabled[predictor.experts.findIndex((expert) => expert.name === name)] = 1
    return { name, ...bitsAfter(predictor, seen, scored) }
  })
  return { count: extra.length, clean, noisy, apart, scored: scored.length }
}

interface LeftOut {
  readonly expert: number
  readonly name: string
  readonly about: string
  /** Bits more without it. */
  readonly percent: number
}
/** Each expert switched off from the beginning of the sample. */
function leftOut(predictor: Predictor, sample: Uint8Array): readonly LeftOut[] {
  const bits = (): number => {
    predictor.reset()
    return predictor.read(sample, { learns: true })
  }
  const all = bits()
  return predictor.experts.map(({ name, about }, expert): LeftOut => {
    predictor.enabled[expert] = 0
    const percent = percentMore(all, bits())
    predictor.enabled[expert] = 1
    return { expert, name, about, percent }
  })
}

interface Switched {
  readonly stretches: Stretches
  readonly uninterrupted: number
  readonly interrupted: number
  readonly scored: number
  /** While it was off. */
  readonly percentOff: number
  /** In the 100 KB after it was on again. */
  readonly percentAfter: number
}
/** The same text read with and without an interruption, and the bits of what comes after. */
function switchedOff(predictor: Predictor, expert: number, text: Uint8Array, stretches: Stretches): Switched {
  const { off, on, scored } = stretches
  const read = (isOff: boolean): readonly number[] => {
    const part = (from: number, to: number): number => predictor.read(text.subarray(from, to), { learns: true })
    predictor.reset()
    part(0, off)
    predictor.enabled[expert] = isOff ? 0 : 1
    const during = part(off, on)
    predictor.enabled[expert] = 1
    return [during, part(on, scored), part(scored, text.length)]
  }
  const [a, b] = [read(false), read(true)]
  return {
    stretches,
    uninterrupted: a[2]!,
    interrupted: b[2]!,
    scored: text.length - scored,
    percentOff: percentMore(a[0]!, b[0]!),
    percentAfter: percentMore(a[1]!, b[1]!),
  }
}

function noiseSection({ count, clean, noisy, apart, scored }: NoiseCost): Section {
  const row = (name: string, { adaptive, frozen }: Costs): readonly (string | undefined)[] => [
    name,
    number(adaptive / scored, 4),
    number(percentMore(clean.adaptive, adaptive), 3),
    number(frozen / scored, 4),
    number(percentMore(clean.frozen, frozen), 3),
  ]
  return {
    title: "Noise that is sure of itself",
    notes: [
      `${SHAKESPEARE}: the first ${100 * TRAINED} % are learnt with all experts, bits a character are those of the other ${scored} bytes. Every expert of noise votes ±1500 / 256 at each bit: twelve by a hash of the place and the bits so far, one always for a one, one by turns, and one against what its own table saw before.`,
    ],
    table: {
      heading: ["experts", "adaptive", "% more", "frozen", "% more frozen"],
      rows: [
        row("the scribe's own", clean),
        row(`and ${count} of noise`, noisy),
        ...apart.map(({ name, ...costs }) => row(`and ${name} alone`, costs)),
      ],
    },
  }
}
const leftOutSection = (without: readonly LeftOut[]): Section => ({
  title: "Bits more without an expert",
  notes: ["Each switched off from the beginning, over the sample that comes before all that is scored."],
  table: {
    heading: ["expert", "about", "% more without it"],
    rows: without.map(({ name, about, percent }) => [name, about, number(percent, 3)]),
  },
})
const backSection = (
  name: string,
  { uninterrupted, interrupted, scored, percentOff, percentAfter, stretches }: Switched,
): Section => ({
  title: "An expert that was switched off finds back",
  notes: [
    `${name}, the one that is missed most, off from byte ${stretches.off} to ${stretches.on}: it neither votes nor learns. All else learns on.`,
  ],
  table: {
    heading: ["stretch", "uninterrupted", "interrupted", "% more"],
    rows: [
      ["while it is off", "", "", number(percentOff, 3)],
      [`the ${kilo(stretches.scored - stretches.on)} after`, "", "", number(percentAfter, 3)],
      [
        `the ${scored} bytes after those, bits a character`,
        number(uninterrupted / scored, 4),
        number(interrupted / scored, 4),
        number(percentMore(uninterrupted, interrupted), 3),
      ],
    ],
  },
})
