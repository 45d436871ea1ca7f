import { readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import { elementOf } from "@open-brains/core/composition/types.ts"
import { isPath } from "../brains/gather.ts"
import { lockPathOf } from "../brains/lock.ts"
import { definitionsAt, leadsTo } from "../brains/sources.ts"
import { type OpenBenchmark, openBenchmark } from "./benchmark.ts"
import { rowsBenchmark } from "./rows.ts"

/**
 * Where a person keeps suites for a brain that nobody else sees: beside `NAME.brain` the folder `NAME.tests`, in the folder of a brain
 * `brain.tests`. In it lie benchmarks, or files of rows. No text of the brain leads there, so that no push takes it along.
 */
export const privateSuitesOf = (main: string): string => lockPathOf(main).replace(/\.lock$/, ".tests")
const ROWS = /\.(?:csv|tsv|jsonl|ndjson)$/i

/** What a brain is judged by: the benchmarks that it names, then those of its private folder, as `openSuite` takes them. */
export function suitesOf(main: string, { brains }: Composition): readonly string[] {
  const declared = brains.at(-1)!.benchmarks.map((source) => (isPath(source) ? leadsTo(main, source) : source))
  const folder = privateSuitesOf(main)
  const isThere = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
  const own = isThere
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
        .filter((path) => definitionsAt(path) !== undefined || ROWS.test(path))
    : []
  return [...declared, ...own]
}

/** Opens one of them: of a file of rows the ports are those of the brain. Errors: those of `openBenchmark`, OB753. */
export async function openSuite(name: string, { brains }: Composition): Promise<OpenBenchmark> {
  if (!ROWS.test(name) || statSync(name, { throwIfNoEntry: false })?.isFile() !== true) return openBenchmark(name)
  const { takes, gives } = brains.at(-1)!
  const [firstLine = ""] = readFileSync(name, "utf8").split("\n", 1)
  const asked = takes.map((port) => ({ ...port, type: elementOf(port.type) }))
  return rowsBenchmark(name, firstLine, { takes: asked, gives })
}

/** What messages call a suite: its name in the store, or the end of its path. */
export const shownSuite = (name: string): string =>
  isPath(name) ? join(basename(dirname(name)), basename(name)) : name
