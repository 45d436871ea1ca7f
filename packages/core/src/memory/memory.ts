import { assert } from "../base/problem.ts"
import type { Correction } from "./corrections.ts"
import type { ReadGrams } from "./grams.ts"
import { logUnits } from "./units.ts"

/**
 * What a memory of corrections says of a text. The n-grams of a text count once each; a label's share of an n-gram f is
 * that of its corrections' n-grams which are f, p = n(f, label) / Σ n(·, label).
 */
export interface Recollection {
  /** The place of the correction that is this very text, as the n-gram kernel sees it; the last, if there are several. */
  readonly exact: number | undefined
  /**
   * How much likelier its n-grams are among a label's corrections than anywhere (2⁻¹⁰ each), in 1/256 bit: the mean of
   * log₂(1 + 2¹⁰ p) over the text's n-grams, each weighted by (1 + log₂((1 + N) / (1 + N(f)))) times the same of L:
   * N(f) of N corrections have f, and corrections of L(f) of L labels. 0 when nothing is shared; labels that share nothing are absent; `undefined` is “fits none”.
   */
  readonly support: ReadonlyMap<string | undefined, number>
}

/** A memory of corrections. What it says depends on which corrections it holds; on their order only where one text has two. */
export interface Memory {
  /** Oldest first: their places count from 0. */
  readonly corrections: readonly Correction[]
  /** In the time that it takes to read the text's n-grams, however many corrections there are. */
  learn(correction: Correction): void
  /** As if the correction at this place had never been learnt; later ones move up. */
  forget(place: number): void
  recall(text: string): Recollection
  /** The place of the label's correction that shares most with a text (Dice's coefficient by weight), the later of equals. */
  nearest(text: string, label: string | undefined): number | undefined
  /** The places of corrections that are this very text, as the n-gram kernel sees it. */
  placesOf(text: string): readonly number[]
}

interface Trace {
  readonly key: string
  /** Distinct slots. */
  readonly grams: Uint16Array
}

/** How many corrections have an n-gram, of each label and in all. */
interface Having {
  readonly labels: Map<string | undefined, number>
  all: number
}

/** What a label's n-grams are compared with: any n-gram is one of 2¹⁰, whatever the label. */
const ANYWHERE = 1024

/**
 * A multinomial naive Bayes of integers, kept as counts: a correction is added or taken out without a look at the others.
 * All numbers are whole and below 2⁵³, so they are the same on every host.
 * Source: McCallum & Nigam 1998 for the event model; Rennie et al. 2003 for binary counts and inverse document frequency.
 */
export function openMemory(read: ReadGrams): Memory {
  const corrections: Correction[] = []
  const traces: Trace[] = []
  const traceOf = (text: string): Trace => {
    const slots = read(text)
    return { key: slots.join(), grams: Uint16Array.from(new Set(slots)) }
  }
  const counts = new Map<number, Having>()
  const totals = new Map<string | undefined, number>()
  /** Places of corrections by key; of those that are one text, the last counts. */
  let active = new Map<string, number>()

  const add = (place: number, sign: 1 | -1): void => {
    const { label } = corrections[place]!
    const { grams } = traces[place]!
    for (const gram of grams) {
      const having = counts.get(gram) ?? { labels: new Map<string | undefined, number>(), all: 0 }
      bump(having.labels, label, sign)
      having.all += sign
      if (having.all === 0) counts.delete(gram)
      else counts.set(gram, having)
    }
    bump(totals, label, sign * grams.length)
  }
  /** How rare an n-gram is among the corrections, times how rare it is among their labels. */
  const weightOf = (having: Having | undefined): number =>
    rarity(active.size, having?.all ?? 0) * rarity(totals.size, having?.labels.size ?? 0)

  return {
    corrections,
    learn(correction) {
      const trace = traceOf(correction.text)
      const earlier = active.get(trace.key)
      if (earlier !== undefined) add(earlier, -1)
      corrections.push(correction)
      traces.push(trace)
      active.set(trace.key, traces.length - 1)
      add(traces.length - 1, 1)
    },
    forget(place) {
      const trace = traces[place]
      assert(trace !== undefined, `a memory has no correction ${place}`)
      const isActive = active.get(trace.key) === place
      if (isActive) add(place, -1)
      corrections.splice(place, 1)
      traces.splice(place, 1)
      active = new Map(traces.map(({ key }, i) => [key, i]))
      const earlier = active.get(trace.key)
      if (isActive && earlier !== undefined) add(earlier, 1)
    },
    recall(text) {
      const { key, grams } = traceOf(text)
      const labels = new Map([...totals].map(([label, total]) => [label, { total, floor: logUnits(total), sum: 0 }]))
      let whole = 0
      for (const gram of grams) {
        const having = counts.get(gram)
        const weight = weightOf(having)
        whole += weight
        if (!having) continue
        for (const [label, count] of having.labels) {
          const its = labels.get(label)!
          its.sum += weight * (logUnits(its.total + ANYWHERE * count) - its.floor)
        }
      }
      const shared = [...labels].filter(([, { sum }]) => sum > 0)
      const support = new Map(shared.map(([label, { sum }]) => [label, Math.floor(sum / whole)] as const))
      return { exact: active.get(key), support }
    },
    nearest(text, label) {
      const { grams } = traceOf(text)
      const own = new Set(grams)
      const weigh = (some: Iterable<number>): number => {
        let sum = 0
        for (const gram of some) sum += weightOf(counts.get(gram))
        return sum
      }
      const whole = weigh(own)
      let [best, most] = [undefined as number | undefined, -1]
      for (const place of active.values()) {
        if (corrections[place]!.label !== label) continue
        const theirs = traces[place]!.grams
        const shared = weigh(theirs.filter((gram) => own.has(gram)))
        const likeness = Math.floor((shared * 65_536) / Math.max(1, whole + weigh(theirs)))
        if (likeness > most || (likeness === most && place > best!)) [best, most] = [place, likeness]
      }
      return best
    },
    placesOf: (text) => {
      const { key } = traceOf(text)
      return traces.flatMap((trace, i) => (trace.key === key ? [i] : []))
    },
  }
}

function bump(map: Map<string | undefined, number>, key: string | undefined, by: number): void {
  const next = (map.get(key) ?? 0) + by
  if (next === 0) map.delete(key)
  else map.set(key, next)
}

/** 1 + log₂((1 + all) / (1 + some)), in 1/256. */
const rarity = (all: number, some: number): number => logUnits(1 + all) - logUnits(1 + some) + 256
