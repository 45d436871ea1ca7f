import type { Card } from "./card.ts"
import { NOTHING } from "./merkle.ts"
import type { AttestationStatement } from "./statement.ts"

/** A score of 1, as statements sum them up: in units of 2⁻³². */
export const SCORE_ONE = 2 ** 32
/** A generator has items without end: so many of them, at least, show that something passes. */
export const GENERATED_ITEMS = 1000

/** Whether it says how good the candidate is by itself, not beside another one. */
export const isAbsolute = ({ baseline }: Pick<AttestationStatement, "baseline">): boolean => baseline === NOTHING

/** The mean score, in 0 … 1, of a statement that is absolute; NaN of no items. */
export const meanScore = ({ sum, items }: Pick<AttestationStatement, "sum" | "items">): number =>
  sum / SCORE_ONE / items.count

/**
 * Whether a statement shows that its candidate passes a benchmark with that card: by itself, on all items from the first one on (of a
 * generator on at least `GENERATED_ITEMS`), the mean score reaches the bound. Whether it is true is found by running it again.
 */
export function isPassing(statement: AttestationStatement, { bound, items = GENERATED_ITEMS }: Card): boolean {
  const { from, count } = statement.items
  return (
    bound !== undefined &&
    isAbsolute(statement) &&
    statement.within === undefined &&
    from === 0 &&
    count >= items &&
    meanScore(statement) >= bound
  )
}
