/** A trial on an engine of this process, and what differs between two runs of it. */
import type { Engine } from "@open-brains/core/compile.ts"
import type { Memory } from "@open-brains/core/ir/interpret.ts"
import { difference } from "@open-brains/core/ir/testing/difference.ts"
import type { Trial } from "./batch.ts"

/** Both together on optimised code take the compiler thrice as long. */
export const SANITIZERS = {
  both: ["-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
  address: ["-O1", "-fsanitize=address"],
} as const

/** All buffers after each record. */
export function runsOn(engine: Engine, { program, start, records }: Trial): readonly Memory[] {
  const { memory, run, entries } = engine.instantiate(program)
  const put = (contents: Memory): void => {
    for (const [name, numbers] of Object.entries(contents)) memory[name]!.set(numbers)
  }
  put(start)
  return records.map((record) => {
    put(record)
    for (const call of [run, ...Object.values(entries)]) call()
    return Object.fromEntries(Object.entries(memory).map(([name, numbers]) => [name, numbers.slice()]))
  })
}

/** What differs in the buffers that an engine tells of. */
export function differing(
  { title }: Trial,
  engine: string,
  expected: readonly Memory[],
  actual: readonly Memory[],
): readonly string[] {
  return actual.flatMap((after, n) => {
    const known = Object.fromEntries(Object.entries(expected[n]!).filter(([name]) => name in after))
    const found = difference(known, after)
    return found === undefined ? [] : [`${title} on ${engine}, record ${n}: ${found}`]
  })
}
