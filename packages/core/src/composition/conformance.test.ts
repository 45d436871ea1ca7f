import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { formatBrains } from "./format.ts"
import { checkTexts } from "./testing/library.ts"

interface Case {
  readonly about: string
  readonly files: Readonly<Record<string, string>>
  readonly code: string | null
  readonly file: string
  readonly line: number
  readonly at: string | null
}
const FOLDER = join(repository, "conformance/brains")
const casesIn = (kind: string): readonly (readonly [string, Case])[] =>
  readdirSync(join(FOLDER, kind))
    .sort()
    .map((name) => [name, JSON.parse(readFileSync(join(FOLDER, kind, name), "utf8")) as Case])

const lineOf = (source: string, at: number): number => source.slice(0, at).split("\n").length

test.each(casesIn("broken"))(
  "%s: its mistake is told of first, with its code and line",
  (_, { files, code, file, line, at, about }) => {
    const [first] = checkTexts(files).problems
    const span = first!.span!
    // Of a circle any member may be named, and the page says so.
    const isOpen = at === null && ["OB613", "OB614"].includes(code!)
    expect([first!.code, span.file, isOpen ? line : lineOf(span.source, span.start)], about).toEqual([code, file, line])
    if (at !== null) expect(span.source.slice(span.start, span.end), about).toBe(at)
  },
)

test.each(casesIn("valid"))("%s has no mistake, and is written to the same meaning", (_, { files }) => {
  expect(checkTexts(files).problems.map(({ seen }) => seen)).toEqual([])
  const formatted = Object.fromEntries(Object.entries(files).map(([path, text]) => [path, formatBrains(text, path)]))
  expect(checkTexts(formatted).composition).toEqual(checkTexts(files).composition)
})

test("few mistakes bring others with them", () => {
  const counts = casesIn("broken").map(([, { files }]) => checkTexts(files).problems.length)
  expect(counts.filter((count) => count === 1).length).toBeGreaterThanOrEqual(190)
})

/** A generator of changes: a character gone, doubled, swapped, or a stretch of another file put in. */
function mutate(source: string, other: string, random: () => number): string {
  const at = Math.floor(random() * source.length)
  const length = 1 + Math.floor(random() ** 3 * 40)
  switch (Math.floor(random() * 5)) {
    case 0:
      return source.slice(0, at) + source.slice(at + length)
    case 1:
      return source.slice(0, at) + source.slice(at, at + length).repeat(2) + source.slice(at + length)
    case 2:
      return source.slice(0, at) + String.fromCodePoint(Math.floor(random() * 0x3000)) + source.slice(at)
    case 3: {
      const from = Math.floor(random() * other.length)
      return source.slice(0, at) + other.slice(from, from + length) + source.slice(at + length)
    }
    default:
      return source.slice(0, at) + '{}":#\n'[Math.floor(random() * 6)] + source.slice(at + 1)
  }
}
const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)
const MUTANTS = Number(process.env["BRAIN_MUTANTS"] ?? 3000)
test(`a text that somebody changed is refused or read, and quickly (SEED=${SEED})`, () => {
  const all = [...casesIn("valid"), ...casesIn("broken")].map(([, { files }]) => files)
  let state = SEED
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  let slowest = 0
  for (let i = 0; i < MUTANTS; i++) {
    const files = all[Math.floor(random() * all.length)]!
    const other = Object.values(all[Math.floor(random() * all.length)]!)[0]!
    const changed = Object.fromEntries(
      Object.entries(files).map(([path, text]) => {
        let now = text
        for (let n = 1 + Math.floor(random() * 4); n > 0; n--) now = mutate(now, other, random)
        return [path, now]
      }),
    )
    const start = performance.now()
    let problems: readonly unknown[] = []
    try {
      problems = checkTexts(changed).problems
    } catch (error) {
      throw new Error(`mutant ${i} of seed ${SEED}: ${(error as Error).stack}\n${JSON.stringify(changed)}`)
    }
    slowest = Math.max(slowest, performance.now() - start)
    expect(problems.length).toBeLessThanOrEqual(5000)
  }
  expect(slowest).toBeLessThan(10_000) // a hang, not a pace: the bench has the time
}, 120_000)
