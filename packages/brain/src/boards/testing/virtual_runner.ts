import { AVR_BOARDS, type AvrBoard } from "../avr.ts"
import { firmwareOf } from "../firmware.ts"
import { type Mark, openVirtualBoard } from "../virtual.ts"
import type { Ran, Session } from "./targets.ts"

/** Between two looks at the clock. */
const SLICE_CYCLES = 4_000_000

/**
 * Runs a probe on a virtual board of this process. Its serial port loses what nobody reads in time, as the chip's does, so
 * that each request is sent when the answer before it is there.
 */
export async function runOnVirtualBoard(elf: string, name: AvrBoard["name"], session: Session): Promise<Ran> {
  const { requests, answerBytes, timeoutMs } = session
  const board = openVirtualBoard(AVR_BOARDS[name], await firmwareOf(elf, AVR_BOARDS[name]))
  const end = performance.now() + timeoutMs
  const runUntil = (condition: () => boolean): void => {
    for (;;) {
      const why = board.runUntil(condition, SLICE_CYCLES)
      if (why === "condition") return
      if (why !== "limit") throw new Error(`avr8js: the chip is ${why} before it has answered`)
      if (performance.now() > end) throw new Error(`avr8js was killed after ${timeoutMs} ms`)
    }
  }
  for (const [n, request] of requests.entries()) {
    board.send(request)
    const isLast = n === requests.length - 1
    if (isLast) runUntil(() => board.halt === "asleep")
    else runUntil(() => board.outputLength >= (n + 1) * answerBytes && endsIn(board.marks) > n + 1)
  }
  if (board.lostBytes > 0) throw new Error(`bug: ${board.lostBytes} bytes were sent too early`)
  return { output: board.output(), marks: pairsOf(board.marks), stacks: [], said: "" }
}

const endsIn = (marks: readonly Mark[]): number => marks.filter(({ value }) => value >= 128).length

/** A write of n starts mark n, one of n | 128 ends it. */
function pairsOf(marks: readonly Mark[]): Ran["marks"] {
  const starts = new Map<number, number>()
  return marks.flatMap(({ value, cycle }) => {
    if (value < 128) starts.set(value, cycle)
    return value < 128 ? [] : [{ mark: value - 128, cycles: cycle - starts.get(value - 128)! }]
  })
}
