import type { Code, Machine } from "./stack.ts"
export function thumbMachine(_code: Code): Machine<undefined> {
  return {
    entry: undefined,
    returnBytes: 0,
    step: () => ({ depth: 0, next: [], refused: "unknown instruction" }),
    join: () => undefined,
    same: () => true,
  }
}
