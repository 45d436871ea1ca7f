import type { Problem } from "../base/problem.ts"
import { LIMITS } from "./limits.ts"
import { printStatement } from "./print.ts"
import type { Block, Program, Statement } from "./program.ts"

/** What a walk through a program found wrong, and where it stands now. */
export interface Log {
  readonly problems: readonly Problem[]
  /** Adds a Problem that points at the statement in hand, if there is one and room is left. */
  report(seen: string, hint: string, code?: ProblemCode): void
  /** Goes into a block, until `leave`: reports name the statement that the step stands at. `part` is an entry or a branch. */
  enter(block: Block, part: string): Step
  leave(): void
}
export interface Step {
  readonly part: string
  readonly block: Block
  /** The walk's to move on. */
  at: number
}
export type ProblemCode = "OB210" | "OB212"

export function openLog({ name }: Program): Log {
  const problems: Problem[] = []
  const trail: Step[] = []
  const place = (): string => {
    const inner = trail.at(-1)
    if (!inner) return ""
    const path = trail.map(({ part, block, at }) => `${part}[${at}].${labelOf(block[at]!)}`).join("")
    return ` At ${path}: ${printStatement(inner.block[inner.at]!, SHOWN_DEPTH)}`
  }
  return {
    problems,
    report(seen, hint, code = "OB210") {
      if (problems.length === LIMITS.problems) return
      const words = `Program \`${name.slice(0, 64)}\`: ${seen.slice(0, SHOWN_MAX)}${place()}`
      problems.push({ code, seen: shown(words), hint: shown(hint) })
    },
    enter(block, part) {
      const step = { part, block, at: 0 }
      trail.push(step)
      return step
    },
    leave() {
      trail.pop()
    },
  }
}
const SHOWN_MAX = 300
const SHOWN_DEPTH = 6

/** What a path calls a statement. */
const labelOf = (s: Statement): string => {
  if (s.kind === "if") return "if"
  return `${s.kind} ${s.kind === "loop" ? s.index : s.kind === "store" ? s.buffer : s.name}`.slice(0, 72)
}
/** With a stranger's names in it, yet fit for a terminal. */
const shown = (words: string): string => words.slice(0, 2 * SHOWN_MAX).replace(/[^ -~]/g, "?")
