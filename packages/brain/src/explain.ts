import { assert, refuse, suggest } from "@open-brains/core/base/problem.ts"
import { soundEngine } from "@open-brains/core/engine/sound.ts"
import type { Gram, Stretch } from "@open-brains/core/kernels/readable.ts"
import type { Answer } from "@open-brains/core/run/classifier.ts"
import { type Contributions, type Explainer, openExplainer } from "@open-brains/core/run/contributions.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { nearest } from "@open-brains/core/run/nearest.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import { learntExamples } from "./examples.ts"
import type { Brain } from "./load.ts"

export interface ExplainOptions {
  /** The label to ask about, beside the answer; without it the answer, beside the one that comes next. */
  readonly label?: string
  /** How many taught examples to find, 5 when nobody says. */
  readonly examples?: number
}
/** Why a classifier answered. Lists of numbers are parallel to `labels`, in 1/256 bit; places count UTF-16 units of the text. */
export interface Explanation extends Answer {
  readonly text: string
  /** The evidence below which an answer is `unsure`, in bits. */
  readonly needed: number
  /** The label asked about, and one beside it if there is another, each with its logit. */
  readonly labels: readonly { readonly label: string; readonly logit: number }[]
  /** Those that spoke most for the first label come first. With `bias` and `rounding` they sum to the logits exactly. */
  readonly rows: readonly ExplainedRow[]
  readonly bias: readonly number[]
  /** What was rounded away or cut off on the way; where something was cut off, it may be large. */
  readonly rounding: readonly number[]
  readonly isCut: readonly boolean[]
  /** The words of the text, each with its share of what its n-grams contributed: what several words made is shared out. */
  readonly words: readonly ExplainedWord[]
  /** The nearest of the examples that it learnt from, or nothing when it does not carry them. */
  readonly nearest: readonly (Example & { readonly similarity: number })[] | undefined
}
/** One row of the module's table, and the n-grams of the text that chose it. */
export interface ExplainedRow {
  readonly slot: number
  readonly grams: readonly ExplainedGram[]
  readonly contributions: readonly number[]
}
/** An n-gram as the module sees it, and wherever it stands. core/kernels/readable.ts says how it is written. */
export interface ExplainedGram extends Pick<Gram, "kind" | "text"> {
  readonly places: readonly Stretch[]
}
export interface ExplainedWord extends Stretch {
  readonly text: string
  readonly contributions: readonly number[]
}

/**
 * Says what each n-gram of a text contributed to the answer, exactly, and which taught examples lie nearest.
 * Errors: OB540 for a module that is not a sum over n-grams, OB541 for a label that it does not have.
 */
export function explain(brain: Brain, text: string, { label, examples = 5 }: ExplainOptions = {}): Explanation {
  const { explainer, learnt } = openedFor(brain)
  const read = firstBytes(text, explainer.bytesMax)
  const logits = brain.run(read).logits.slice()
  const answer = brain.ask(text)
  const places = placesOf(brain, logits, answer.guess, label)
  const found = explainer.explain(read, places)
  assert(
    places.every((place, i) => found.logits[i] === logits[place]),
    "an explanation is of another logit than the answer",
  )
  const stretchOf = stretches(text)
  return {
    text,
    ...answer,
    needed: brain.files.manifest.unsureBelow / 256,
    labels: places.map((place) => ({ label: brain.labels[place]!, logit: logits[place]! })),
    rows: found.rows
      .map(({ slot, grams, contributions }) => ({ slot, grams: distinct(grams, stretchOf), contributions }))
      .sort((a, b) => b.contributions[0]! - a.contributions[0]!),
    bias: found.bias,
    rounding: found.rounding,
    isCut: found.isCut,
    words: wordsOf(text, found, stretchOf),
    nearest: learnt && near(explainer.pooledOf(read), learnt(), examples),
  }
}

/** What is read of a text: as many whole characters as fit. */
function firstBytes(text: string, bytesMax: number): Uint8Array {
  const bytes = new Uint8Array(bytesMax)
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written)
}

/** The label asked about and the one to set beside it, by place. */
function placesOf({ labels }: Brain, logits: Int16Array, guess: string, asked = guess): readonly number[] {
  const about = labels.indexOf(asked)
  if (about < 0) refuse({ code: "OB541", seen: `The module has no label \`${asked}\`.`, hint: suggest(asked, labels) })
  const others = Array.from(labels, (_, place) => place).filter((place) => place !== about)
  const next = others.reduce((a, b) => (logits[b]! > logits[a]! ? b : a), others[0] ?? about)
  const beside = asked === guess ? next : labels.indexOf(guess)
  return [...new Set([about, beside])]
}

/** Equal n-grams once, with all their places: also those that count several times where they stand. */
function distinct(grams: readonly Gram[], stretchOf: (stretch: Stretch) => Stretch): readonly ExplainedGram[] {
  const known = new Map<string, { kind: Gram["kind"]; text: string; places: Stretch[] }>()
  for (const gram of grams) {
    const { kind, text } = gram
    const key = `${kind} ${text}`
    const found = known.get(key) ?? { kind, text, places: [] }
    const place = stretchOf(gram)
    if (found.places.at(-1)?.start !== place.start) found.places.push(place)
    known.set(key, found)
  }
  return [...known.values()]
}

function wordsOf(
  text: string,
  { words, rows, logits }: Contributions,
  stretchOf: (stretch: Stretch) => Stretch,
): readonly ExplainedWord[] {
  const sums = words.map(() => logits.map(() => 0))
  for (const { grams, contributions } of rows)
    contributions.forEach((whole, label) => {
      const shares = shareOut(whole, grams.length)
      grams.forEach(({ firstWord, lastWord }, i) => {
        shareOut(shares[i]!, lastWord - firstWord + 1).forEach((share, n) => {
          sums[firstWord + n]![label]! += share
        })
      })
    })
  return words.map((word, i) => {
    const { start, end } = stretchOf(word)
    return { start, end, text: text.slice(start, end), contributions: sums[i]! }
  })
}
/** A whole number in `count` whole parts as equal as can be, the larger ones first: they sum to it. */
function shareOut(whole: number, count: number): readonly number[] {
  const [least, rest] = [Math.floor(whole / count), ((whole % count) + count) % count]
  return Array.from({ length: count }, (_, i) => least + Number(i < rest))
}

/** From places in the UTF-8 of a text to places in its UTF-16. */
function stretches(text: string): (stretch: Stretch) => Stretch {
  const units: number[] = []
  let unit = 0
  for (const character of text) {
    const point = character.codePointAt(0)!
    const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    for (let i = 0; i < bytes; i++) units.push(unit)
    unit += character.length
  }
  units.push(unit)
  return ({ start, end }) => ({ start: units[start]!, end: units[end]! })
}

interface Learnt {
  readonly examples: readonly Example[]
  readonly vectors: readonly ArrayLike<number>[]
}
function near(
  query: ArrayLike<number>,
  { examples, vectors }: Learnt,
  most: number,
): NonNullable<Explanation["nearest"]> {
  return nearest(query, vectors, most).map(({ place, similarity }) => ({ ...examples[place]!, similarity }))
}

interface Opened {
  readonly explainer: Explainer
  readonly learnt: (() => Learnt) | undefined
}
/** Opening is far more work than explaining: what was opened stays as long as its brain does. */
function openedFor(brain: Brain): Opened {
  const known = OPENED.get(brain) ?? open(brain)
  OPENED.set(brain, known)
  return known
}
const OPENED = new WeakMap<Brain, Opened>()
function open({ files }: Brain): Opened {
  const explainer = openExplainer(contentsOf(files, true), soundEngine().engine)
  const examples = learntExamples(files)
  let learnt: Learnt | undefined
  const vectors = (): Learnt["vectors"] =>
    examples.map(({ text }) => explainer.pooledOf(firstBytes(text, explainer.bytesMax)))
  return {
    explainer,
    learnt:
      examples.length === 0
        ? undefined
        : () => {
            learnt ??= { examples: examples.map(({ text, label }) => ({ text, label })), vectors: vectors() }
            return learnt
          },
  }
}
