import type { Problem } from "../base/problem.ts"
import type { FileSyntax, Place } from "./syntax.ts"

/** Collects what is wrong, each mistake once: a template is checked as often as it is used. */
export interface Reporter {
  report(file: FileSyntax, at: Place, code: Problem["code"], seen: string, hint: string): void
  readonly problems: Problem[]
  /** What is reported while `work` runs is forgotten. */
  muted<T>(work: () => T): T
}

export function reporter(): Reporter {
  const problems: Problem[] = []
  const told = new Set<string>()
  let mutes = 0
  return {
    problems,
    report({ file, source }, { start, end }, code, seen, hint) {
      const key = `${file}\n${start}\n${code}`
      if (mutes > 0 || told.has(key)) return
      told.add(key)
      problems.push({ code, seen, hint, span: { file, source, start, end } })
    },
    muted(work) {
      mutes++
      try {
        return work()
      } finally {
        mutes--
      }
    },
  }
}
