import { refuse } from "../base/problem.ts"
import { type Stream, stream } from "../base/random.ts"

/** A text and the label it should get; `undefined` says that it fits none. */
export interface Example {
  readonly text: string
  readonly label: string | undefined
}
/** What a model learns from, what choices are made on, and what is scored once at the end. */
export interface Splits {
  readonly train: readonly Example[]
  readonly validation: readonly Example[]
  readonly test: readonly Example[]
}
/** The label that a person writes for a text that fits no label. */
export const UNSURE = "unsure"

/** Labels in order of their UTF-16 code units. Errors: OB402 when there are fewer than two. */
export function labelsOf(examples: readonly Example[]): readonly string[] {
  const labels = [...new Set(examples.flatMap(({ label }) => (label === undefined ? [] : [label])))].sort()
  if (labels.length >= 2) return labels
  const seen =
    labels.length === 0 ? "None of the examples has a label." : `Every example has the same label, \`${labels[0]}\`.`
  return refuse({
    code: "OB402",
    seen,
    hint: "Give examples of at least two labels, so that there is something to tell apart.",
  })
}

/**
 * Holds out `share` of each label's examples, at random but the same for one seed: [kept, held out].
 * A label keeps at least one example; texts that fit no label are a label of their own here.
 */
export function holdOut(
  examples: readonly Example[],
  share: number,
  seed: number,
  step: number,
): readonly [Example[], Example[]] {
  const random = stream(seed, "split", step)
  const held = new Set<number>()
  for (const places of placesByLabel(examples).values())
    for (const { i } of byRank(places, random).slice(0, Math.min(places.length - 1, Math.round(places.length * share))))
      held.add(i)
  return [examples.filter((_, i) => !held.has(i)), examples.filter((_, i) => held.has(i))]
}

/**
 * Draws `count` of the examples, at random but the same for one seed, in the order given: each label first has one, then
 * its share. A larger draw of the same seed holds the smaller one. Texts that fit no label are a label of their own here.
 */
export function drawExamples(examples: readonly Example[], count: number, seed: number): readonly Example[] {
  const random = stream(seed, "draw")
  const ranked = [...placesByLabel(examples).values()].flatMap((places) =>
    byRank(places, random).map((ranked, place) => ({ ...ranked, turn: place / places.length })),
  )
  const drawn = ranked.sort((a, b) => a.turn - b.turn || a.rank - b.rank || a.i - b.i).slice(0, count)
  return drawn
    .map(({ i }) => i)
    .sort((a, b) => a - b)
    .map((i) => examples[i]!)
}

function placesByLabel(examples: readonly Example[]): ReadonlyMap<string | undefined, readonly number[]> {
  const byLabel = new Map<string | undefined, number[]>()
  examples.forEach(({ label }, i) => {
    const places = byLabel.get(label)
    if (places) places.push(i)
    else byLabel.set(label, [i])
  })
  return byLabel
}
const byRank = (places: readonly number[], random: Stream): { readonly i: number; readonly rank: number }[] =>
  places.map((i) => ({ i, rank: random.word(i) })).sort((a, b) => a.rank - b.rank || a.i - b.i)
