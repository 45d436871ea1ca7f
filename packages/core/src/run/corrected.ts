import type { Engine } from "../engine/engine.ts"
import { type Correction, checkCorrection } from "../memory/corrections.ts"
import { memoryGrams, openGrams } from "../memory/grams.ts"
import { type Memory, openMemory, type Recollection } from "../memory/memory.ts"
import type { Answer, Because, Classifier } from "./classifier.ts"
import { sharesOf } from "./shares.ts"

/** A classifier that a person corrects: each correction counts from the next answer on, and can be taken back. */
export interface Corrected extends Classifier {
  /** Oldest first. This list and `labels` change with what is learnt and forgotten. */
  readonly corrections: readonly Correction[]
  /** Learns a correction, in memory alone. Errors: OB550 when it is none. */
  correct(text: string, label: string | undefined): void
  /** Of each label for what was asked last, in 1/256 bit: the logits, joined with what corrections say. A copy. */
  scores(): Int16Array
  /** As if the correction at this place, from 0, had never been learnt. */
  forget(place: number): void
}

/**
 * What a memory adds to a score, in 1/256 bit: `rate` times what its support is beyond `near`. A label that the net knows
 * wants a correction that is near; one that it does not know has nothing else to speak for it. Chosen on the validation
 * split of CLINC150: docs/adr/0013-lessons.md.
 */
const KNOWN = { rate: 4, near: 352 } as const
const NEW = { rate: 10, near: 26 } as const
/** By how much what was said of this very text is ahead: ten bits. */
const AHEAD = 2560
/** The score of a label that nothing speaks for, and the least and most that a score holds. */
const [LEAST, MOST] = [-32_768, 32_767]

type Options = { readonly unsureBelow: number; readonly bytesMax: number; readonly corrections: readonly Correction[] }

/**
 * A net and a memory of corrections, joined: score = logit + rate · max(0, support − near) for each label of the net,
 * the second term alone for a new one, and the threshold for `unsure` is raised in the same way. What was said of this
 * very text, as the n-gram kernel sees it, is said again. Integers only, in 1/256 bit.
 */
export function openCorrected(net: Classifier, options: Options, engine: Engine): Corrected {
  const { unsureBelow, bytesMax } = options
  const known = new Set(net.labels)
  const labels = [...net.labels]
  const corrections: Correction[] = []
  // A module without corrections pays nothing for them.
  let memory: Memory | undefined
  let last: { readonly scores: Int16Array; readonly shares: Uint16Array } | undefined

  const opened = (): Memory => {
    memory ??= openMemory(openGrams(memoryGrams(bytesMax), engine))
    return memory
  }
  /** Those of the net, then new ones in order of their UTF-16 code units: whatever order they came in. */
  const relabel = (): void => {
    const fresh = new Set(corrections.flatMap(({ label }) => (label === undefined || known.has(label) ? [] : [label])))
    labels.splice(known.size, Number.POSITIVE_INFINITY, ...[...fresh].sort())
  }
  const learn = (correction: Correction): void => {
    opened().learn(correction)
    corrections.push(correction)
    last = undefined
    if (correction.label !== undefined && !labels.includes(correction.label)) relabel()
  }
  for (const correction of options.corrections) learn(correction)

  function ask(text: string): Answer {
    const own = net.ask(text)
    last = undefined
    if (memory === undefined || memory.corrections.length === 0) return own
    const recollection = memory.recall(text)
    const said = recollection.exact === undefined ? undefined : memory.corrections[recollection.exact]!
    const { scores, threshold } = join(net.logits, labels, net.labels.length, recollection, unsureBelow, said)
    const guess = largest(scores)
    const shares = sharesOf(scores, net.temperature)
    last = { scores, shares }
    const isSure = scores[guess]! >= threshold
    const answer: Answer = {
      label: isSure ? labels[guess]! : undefined,
      guess: labels[guess]!,
      probability: shares[guess]! / 65_536,
      evidence: scores[guess]! / 256,
      needed: threshold / 256,
      bytesCut: own.bytesCut,
    }
    const because = reasonFor(answer, own, text, memory, recollection)
    return because ? { ...answer, because } : answer
  }
  return {
    ...net,
    labels,
    corrections,
    ask,
    ranking: (count) =>
      last === undefined
        ? net.ranking(count)
        : Array.from(labels, (label, i) => ({
            label,
            probability: last!.shares[i]! / 65_536,
            score: last!.scores[i]!,
          }))
            .sort((a, b) => b.score - a.score)
            .slice(0, count)
            .map(({ label, probability }) => ({ label, probability })),
    probabilityOf: (place) =>
      last === undefined
        ? net.probabilityOf(place)
        : last.shares[place]! /
          Math.max(
            1,
            last.shares.reduce((sum, share) => sum + share, 0),
          ),
    scores: () => (last?.scores ?? net.logits).slice(),
    correct(text, label) {
      learn(checkCorrection({ text, label }))
    },
    forget(place) {
      opened().forget(place)
      corrections.splice(place, 1)
      last = undefined
      relabel()
    },
  }
}

function join(
  logits: Int16Array,
  labels: readonly string[],
  known: number,
  { exact, support }: Recollection,
  unsureBelow: number,
  said: Correction | undefined,
): { readonly scores: Int16Array; readonly threshold: number } {
  const beyond = (label: string | undefined, { near }: typeof KNOWN | typeof NEW): number =>
    Math.max(0, (support.get(label) ?? 0) - near)
  const within = (score: number): number => Math.min(MOST, Math.max(LEAST, score))
  const scores = Int16Array.from(labels, (label, i) => {
    if (i < known) return within(logits[i]! + KNOWN.rate * beyond(label, KNOWN))
    const gain = NEW.rate * beyond(label, NEW)
    return gain === 0 ? LEAST : within(gain)
  })
  let threshold = within(unsureBelow + KNOWN.rate * beyond(undefined, KNOWN))
  if (exact === undefined || said === undefined) return { scores, threshold }
  const best = scores[largest(scores)]!
  if (said.label === undefined) threshold = Math.max(threshold, best + AHEAD)
  else {
    const place = labels.indexOf(said.label)
    const others = scores.reduce((most, score, i) => (i === place ? most : Math.max(most, score)), LEAST)
    // Held below the top by what it is ahead, so that it is ahead there too.
    if (others > MOST - AHEAD) for (let i = 0; i < scores.length; i++) scores[i] = Math.min(scores[i]!, MOST - AHEAD)
    scores[place] = within(Math.max(scores[place]!, others + AHEAD, threshold))
  }
  return { scores, threshold }
}

/** Of equals the first, as the net's own argmax has it. */
function largest(scores: Int16Array): number {
  let best = 0
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i
  return best
}

/** The correction without which the answer would have been the net's own, if it is not. */
function reasonFor(
  { label, guess }: Answer,
  own: Answer,
  text: string,
  memory: Memory,
  { exact, support }: Recollection,
): Because | undefined {
  const cite = (place: number | undefined): Because | undefined => {
    const found = place === undefined ? undefined : memory.corrections[place]
    return found && { lesson: place! + 1, text: found.text, label: found.label }
  }
  if (exact !== undefined) return cite(exact)
  if (label === own.label) return undefined
  const decided = label === undefined && guess === own.guess ? undefined : guess
  return support.has(decided) ? cite(memory.nearest(text, decided)) : undefined
}
