/** Two hundred mistakes and where they are told of; a hundred thousand texts that somebody changed. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { number } from "../shared/report.ts"
import { checkTexts } from "./brain.testing.ts"

interface Case {
  readonly files: Readonly<Record<string, string>>
  readonly code: string | null
  readonly file: string
  readonly line: number
  readonly at: string | null
}
const casesIn = (kind: string): readonly Case[] => {
  const folder = join(repository, "conformance/brains", kind)
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Case)
}
const OPEN = ["OB613", "OB614"] // of a circle any member may be named

export function measureMistakes({ isQuick }: PartOptions): Part {
  const [broken, valid] = [casesIn("broken"), casesIn("valid")]
  const right = broken.filter(({ files, code, file, line, at }) => {
    const [first] = checkTexts(files).problems
    const span = first?.span
    if (!first || !span || first.code !== code || span.file !== file) return false
    if (at === null && OPEN.includes(first.code)) return true
    return (
      span.source.slice(0, span.start).split("\n").length === line &&
      (at === null || span.source.slice(span.start, span.end) === at)
    )
  }).length
  const alone = broken.filter(({ files }) => checkTexts(files).problems.length === 1).length
  const falseAlarms = valid.filter(({ files }) => checkTexts(files).problems.length > 0).length
  const count = isQuick ? 2000 : 100_000
  const { crashes, slowestMs } = mutate([...valid, ...broken], count)
  return {
    isSame: crashes === 0,
    measures: [
      {
        name: `of ${broken.length} files with a mistake those told of first with its code, line and place`,
        value: (100 * right) / broken.length,
        unit: "%",
        digits: 1,
        bars: { is: "at least", must: 100 },
      },
      { name: "those told of alone", value: (100 * alone) / broken.length, unit: "%", digits: 1 },
      {
        name: `of ${valid.length} files without one those with a false alarm`,
        value: falseAlarms,
        unit: "",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
      {
        name: `of ${count} changed texts those at which reading broke`,
        value: crashes,
        unit: "",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
      { name: "the slowest of them", value: slowestMs, unit: "ms", digits: 0, bars: { is: "at most", must: 1000 } },
    ],
    sections: [
      {
        title: "Mistakes",
        notes: [
          "The files were written from the page of the language alone, without sight of a parser; where that page left two codes open it was made to decide, and thirteen of the files follow it (conformance/README.md).",
        ],
        table: {
          heading: ["", "count"],
          rows: [
            ["with a mistake", number(broken.length, 0)],
            ["told of rightly", number(right, 0)],
            ["without", number(valid.length, 0)],
            ["changed", number(count, 0)],
          ],
        },
      },
    ],
  }
}

function mutate(all: readonly Case[], count: number): { readonly crashes: number; readonly slowestMs: number } {
  let state = 20_260_101
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const change = (source: string, other: string): string => {
    const at = Math.floor(random() * source.length)
    const length = 1 + Math.floor(random() ** 3 * 60)
    const from = Math.floor(random() * other.length)
    const changes = [
      () => source.slice(0, at) + source.slice(at + length),
      () => source.slice(0, at) + source.slice(at, at + length).repeat(3) + source.slice(at + length),
      () => source.slice(0, at) + String.fromCodePoint(Math.floor(random() * 0x3000)) + source.slice(at),
      () => source.slice(0, at) + other.slice(from, from + length) + source.slice(at + length),
      () => source.slice(0, at) + '{}":#\n'[Math.floor(random() * 6)]! + source.slice(at + 1),
    ]
    return pick(changes)()
  }
  let [crashes, slowestMs] = [0, 0]
  for (let i = 0; i < count; i++) {
    const { files } = pick(all)
    const changed = Object.fromEntries(
      Object.entries(files).map(([path, text]) => {
        let now = text
        for (let n = 1 + Math.floor(random() * 4); n > 0; n--) now = change(now, pick(Object.values(pick(all).files)))
        return [path, now]
      }),
    )
    const start = performance.now()
    try {
      checkTexts(changed)
    } catch {
      crashes++
    }
    slowestMs = Math.max(slowestMs, performance.now() - start)
  }
  return { crashes, slowestMs }
}
