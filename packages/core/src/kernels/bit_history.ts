/**
 * What a context has seen of one bit, as a number of eight bits: how many zeros and ones, bounded, and which came last. A
 * bit that comes against many of the other kind takes about half of those away, so that what changes is soon believed.
 *
 * 255 states, numbered by how much they have seen: 0 has seen nothing, and of two slots that with the smaller number is
 * the lesser loss. Source: Mahoney 2005, "Adaptive weighing of context models for lossless data compression", section 3.2,
 * for bounded counts that discount the opposite; the bounds and the table are this project's own.
 */
export interface BitHistory {
  readonly zeros: number
  readonly ones: number
  readonly last: 0 | 1
}

/** The most that the larger count may be, by the smaller one. */
const LARGER_MAX = [28, 21, 16, 11, 8, 6] as const

const order = (a: BitHistory, b: BitHistory): number =>
  a.zeros + a.ones - (b.zeros + b.ones) || a.zeros - b.zeros || a.last - b.last

function allHistories(): readonly BitHistory[] {
  const found: BitHistory[] = [{ zeros: 0, ones: 0, last: 0 }]
  for (const [less, most] of LARGER_MAX.entries())
    for (let more = Math.max(1, less); more <= most; more++)
      for (const [zeros, ones] of less === more
        ? [[less, more] as const]
        : [[less, more] as const, [more, less] as const])
        for (const last of [0, 1] as const) if ((last === 0 ? zeros : ones) > 0) found.push({ zeros, ones, last })
  return found.sort(order)
}
export const HISTORIES: readonly BitHistory[] = allHistories()

const keyOf = ({ zeros, ones, last }: BitHistory): string => `${zeros} ${ones} ${last}`
const NUMBERS: ReadonlyMap<string, number> = new Map(HISTORIES.map((each, i) => [keyOf(each), i]))

/** The history after one more bit. */
export function afterBit(history: BitHistory, bit: 0 | 1): number {
  const [same, other] = bit === 1 ? [history.ones, history.zeros] : [history.zeros, history.ones]
  const left = other > 2 ? (other >> 1) + 1 : other
  // What is left of the others bounds how many of the same kind can be told apart.
  const most = left < LARGER_MAX.length ? LARGER_MAX[left]! : LARGER_MAX.findLastIndex((larger) => larger >= left)
  const more = Math.min(same + 1, Math.max(most, left < LARGER_MAX.length ? left : 0))
  return NUMBERS.get(keyOf({ zeros: bit === 1 ? left : more, ones: bit === 1 ? more : left, last: bit }))!
}

/** The state after a zero and after a one, of each state: 2 · 256 numbers. */
export const NEXT_STATES: readonly number[] = Array.from({ length: 256 }, (_, i) => {
  const history = HISTORIES[i] ?? HISTORIES[0]!
  return [afterBit(history, 0), afterBit(history, 1)]
}).flat()

/** What a state says at first about the next bit being one, in units of 2⁻²²: (n₁ + 0.4) / (n + 0.8). */
export const FIRST_CHANCES: readonly number[] = Array.from({ length: 256 }, (_, i) => {
  const { zeros, ones } = HISTORIES[i] ?? HISTORIES[0]!
  return Math.round(((ones + 0.4) / (zeros + ones + 0.8)) * 2 ** 22)
})
