import { readdirSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import { isPath } from "../brains/gather.ts"
import { lockPathOf } from "../brains/lock.ts"
import { definitionsAt, leadsTo } from "../brains/sources.ts"

/**
 * Where a person keeps suites for a brain that nobody else sees: beside `NAME.brain` the folder `NAME.tests`, in the folder of a brain
 * `brain.tests`. No text of the brain leads there, so that no push takes it along.
 */
export const privateSuitesOf = (main: string): string => lockPathOf(main).replace(/\.lock$/, ".tests")

/** What a brain is judged by: the benchmarks that it names, then those of its private folder, as `openBenchmark` takes them. */
export function suitesOf(main: string, { brains }: Composition): readonly string[] {
  const declared = brains.at(-1)!.benchmarks.map((source) => (isPath(source) ? leadsTo(main, source) : source))
  const folder = privateSuitesOf(main)
  const isThere = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
  const own = isThere
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
        .filter((path) => definitionsAt(path) !== undefined)
    : []
  return [...declared, ...own]
}

/** What messages call a suite: its name in the store, or the end of its path. */
export const shownSuite = (name: string): string =>
  isPath(name) ? join(basename(dirname(name)), basename(name)) : name
