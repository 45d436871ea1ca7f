import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import type { Services } from "../services.ts"

/** What standard input asks, a line each with its number from 1; a person at a terminal is told how. Empty lines ask nothing. */
export async function* questions({ input, progress }: Services): AsyncGenerator<readonly [text: string, line: number]> {
  if (input.isTTY) progress("Type a message and press Enter; Ctrl-D ends.\n")
  let line = 0
  for await (const text of createInterface({ input: Readable.from(input), crlfDelay: Infinity })) {
    line++
    if (text.trim() !== "") yield [text, line]
  }
}
