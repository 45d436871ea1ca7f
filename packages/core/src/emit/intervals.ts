import { ANY, type Interval, intervalOf } from "../ir/interval.ts"
import { blocksOf, type Program, statementsOf } from "../ir/program.ts"

/** What is known of each local that is bound once; one that is ever `set` counts as any i32. */
export function intervalsOf(program: Program): (name: string) => Interval {
  const known = new Map<string, Interval>()
  const ofLocal = (name: string): Interval => known.get(name) ?? ANY
  const assigned = new Set<string>()
  for (const body of blocksOf(program)) for (const s of statementsOf(body)) if (s.kind === "set") assigned.add(s.name)
  for (const body of blocksOf(program))
    for (const s of statementsOf(body))
      if (s.kind === "let" && !assigned.has(s.name)) known.set(s.name, intervalOf(s.value, ofLocal))
      else if (s.kind === "loop") known.set(s.index, [0, Math.max(0, s.maximum - 1)])
  return ofLocal
}
