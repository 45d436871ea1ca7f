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

/** What is learnt from, and what is then asked. */
export interface Examination {
  readonly learn: readonly Example[]
  readonly held: readonly Example[]
}
/** With fewer held-out examples than this, those to learn from take turns beside them. */
export const HELD_OUT_ENOUGH = 100
export const FOLDS = 5

/**
 * How a start is tried: it learns from the training examples and is asked the held-out ones. Where those are fewer than
 * `HELD_OUT_ENOUGH`, examples take turns: in each of `FOLDS` rounds a part that learnt nothing is asked, so that every
 * example but the only one of its label is asked once by a net that has not seen it. Examples that may be learnt from in
 * the end (`relearn`) all take part; those that are set apart never do, and the first round is then that of all others.
 * Source: Stone 1974, "Cross-validatory choice and assessment of statistical predictions"; by label, Kohavi 1995.
 */
export function examinations(
  { train, validation }: Pick<Splits, "train" | "validation">,
  relearn: boolean,
  seed: number,
): readonly Examination[] {
  const whole = { learn: train, held: validation }
  if (validation.length >= HELD_OUT_ENOUGH) return [whole]
  const pool = relearn ? [...train, ...validation] : train
  const random = stream(seed, "fold")
  const turns = new Map<number, number>() // of places in the pool
  for (const places of placesByLabel(pool).values())
    if (places.length > 1) for (const { i } of byRank(places, random)) turns.set(i, turns.size % FOLDS)
  const rounds = Array.from({ length: FOLDS }, (_, turn) => ({
    learn: pool.filter((_, i) => turns.get(i) !== turn),
    held: pool.filter((_, i) => turns.get(i) === turn),
  })).filter(({ held }) => held.length > 0)
  return relearn && rounds.length > 0 ? rounds : [whole, ...rounds]
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
