import type { Numbers } from "../base/dtype.ts"
import type { Call } from "./log.ts"

/** Buffers by name. */
export type Arrays = Readonly<Record<string, Numbers>>

/** The calls that changed a state, oldest first, and the state as it was before some of them, before the first at least. */
export interface History {
  readonly calls: readonly Call[]
  readonly copies: readonly { readonly before: number; readonly state: Arrays }[]
}
export interface HistoryLimits {
  /** Calls that can be undone, once so many were made; up to `copyEvery` more are kept. */
  readonly undoMax: number
  /** Calls between two copies of the state: undoing replays less than so many. */
  readonly copyEvery: number
}

export const historyFrom = (state: Arrays): History => ({ calls: [], copies: [{ before: 0, state }] })

/** With one call more; `state` gives a copy of what the state is after it. */
export function recorded(history: History, call: Call, state: () => Arrays, limits: HistoryLimits): History {
  const calls = [...history.calls, call]
  const copies =
    calls.length - history.copies.at(-1)!.before < limits.copyEvery
      ? history.copies
      : [...history.copies, { before: calls.length, state: state() }]
  const passed = copies[1]?.before ?? 0
  if (passed === 0 || calls.length - passed < limits.undoMax) return { calls, copies }
  return {
    calls: calls.slice(passed),
    copies: copies.slice(1).map((copy) => ({ ...copy, before: copy.before - passed })),
  }
}

/** Without the last `count` calls: the state to go back to, and the calls to do again from there. */
export function rewound(
  { calls, copies }: History,
  count: number,
): { readonly history: History; readonly state: Arrays; readonly again: readonly Call[] } {
  const left = calls.slice(0, calls.length - count)
  const earlier = copies.filter(({ before }) => before <= left.length)
  const { before, state } = earlier.at(-1)!
  return { history: { calls: left, copies: earlier }, state, again: left.slice(before) }
}
