import { log2 } from "@open-brains/core/base/logarithm.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { type BitVotes, votesFor } from "@open-brains/core/run/predictor_votes.ts"
import { lastBytesOf, lookedAt, type MatchedText, matchedBy } from "./context_words.ts"

export interface ExplainedByte {
  /** What came, or the likeliest where nothing came yet. */
  readonly byte: number
  readonly hasCome: boolean
  readonly chance: number
  readonly bits: number
  /** 1 for the likeliest. */
  readonly rank: number
  readonly before: Uint8Array
  /** The likeliest first. */
  readonly likeliest: readonly { readonly byte: number; readonly chance: number }[]
  readonly experts: readonly ExplainedExpert[]
  /** Bits that what is always there spoke for the byte. */
  readonly bias: number
  /** Bits that are lost where a sum of logits went beyond ±12, and by rounding. */
  readonly ends: number
  /** Bits that the mixers' chance was corrected by, to what such chances came to before. */
  readonly correction: number
  /** What the experts' contributions are of, bit by bit: logits. */
  readonly votes: readonly BitVotes[]
}
export interface ExplainedExpert {
  readonly name: string
  readonly about: string
  /** What it looked at, in words. */
  readonly sees: string | undefined
  readonly match: MatchedText | undefined
  /** How many of the byte's bits it voted on. */
  readonly voted: number
  /**
   * Its own votes and what the mixers made of them, each summed over the bits, as bits of evidence for the byte: log₂ of odds.
   * The sum of all contributions, bias, ends and correction is log₂ of the odds of each bit that came, summed.
   */
  readonly vote: number
  readonly contribution: number
  /** The mixers' weight of its first vote, the mean over bits where it voted. */
  readonly weight: number
  /** Bits that the byte would have cost more if this one had not been asked. */
  readonly saves: number
}
const LIKELIEST = 8
const BEFORE = 60
const LN2 = 0.6931471805599453

/**
 * Why a predictor expects a byte as it does: `came`, or where that is not known the likeliest one. It changes nothing, and
 * works on `engine`. What is summed are logits towards the bits of the byte.
 */
export function explainByte(predictor: Predictor, came: number | undefined, engine: Engine): ExplainedByte {
  const chances = predictor.distribution()
  const order = Array.from(chances, (chance, byte) => ({ byte, chance })).sort(
    (a, b) => b.chance - a.chance || a.byte - b.byte,
  )
  const byte = came ?? order[0]!.byte
  const votes = votesFor(predictor, byte, engine)
  /** Sums logits over the bits, as bits of evidence for what came. */
  const towards = (logitOf: (bit: BitVotes) => number): number =>
    votes.reduce((sum, bit) => sum + (bit.bit === 1 ? 1 : -1) * logitOf(bit), 0) / LN2
  const bits = -log2(chances[byte]!)
  const costWithout = (e: number): number => {
    const asked = predictor.enabled[e]!
    predictor.enabled[e] = 0
    const found = -log2(predictor.distribution()[byte]!)
    predictor.enabled[e] = asked
    return found
  }
  const experts = predictor.experts.map(({ name, about }, e): ExplainedExpert => {
    const own = votes.map(({ experts }) => experts[e]!)
    const voting = own.filter((each) => each.votes.some((vote) => vote !== 0))
    return {
      ...{ name, about },
      sees: lookedAt(predictor, name),
      match: matchedBy(predictor, name),
      voted: voting.length,
      vote: towards(({ experts }) => experts[e]!.votes[0]!),
      contribution: towards(({ experts }) => experts[e]!.contribution),
      saves: costWithout(e) - bits,
      weight: voting.length === 0 ? 0 : voting.reduce((sum, { weights }) => sum + weights[0]!, 0) / voting.length,
    }
  })
  const bias = towards((bit) => bit.bias)
  const mixed = towards((bit) => bit.logit)
  const odds = votes.reduce((sum, { bit, chance }) => {
    const right = bit === 1 ? chance : 1 - chance
    return sum + log2(right) - log2(1 - right)
  }, 0)
  return {
    byte,
    hasCome: came !== undefined,
    chance: chances[byte]!,
    bits,
    rank: order.findIndex((each) => each.byte === byte) + 1,
    before: lastBytesOf(predictor, BEFORE),
    likeliest: order.slice(0, LIKELIEST),
    experts,
    bias,
    ends: mixed - bias - experts.reduce((sum, { contribution }) => sum + contribution, 0),
    correction: odds - mixed,
    votes,
  }
}
