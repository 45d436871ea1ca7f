import { chmodSync, mkdirSync, readdirSync, truncateSync, utimesSync, writeFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { CACHE_BYTES_MAX, keepLibrary, openCache } from "./cache.ts"
import { type Compiler, findCompiler, keyOf } from "./compiler.ts"
import { emptyCache, testFolder } from "./testing/machine.ts"

test("another text, compiler or flag is another library", () => {
  const compiler: Compiler = { path: "/usr/bin/gcc", words: [], identity: "gcc" }
  const keys = [
    keyOf("a", compiler),
    keyOf("b", compiler),
    keyOf("a", { ...compiler, identity: "newer" }),
    keyOf("a", { ...compiler, words: ["cc"] }),
  ]
  expect(new Set(keys).size).toBe(4)
})

test("the cache is bounded: the oldest libraries go, and what killed builds left", () => {
  const cache = emptyCache()
  openCache()
  const put = (name: string, hoursAgo: number): void => {
    const path = join(cache, name)
    const time = Date.now() / 1000 - hoursAgo * 3600
    if (name.startsWith("job")) mkdirSync(path)
    else {
      writeFileSync(path, "")
      truncateSync(path, Math.floor(0.4 * CACHE_BYTES_MAX))
    }
    utimesSync(path, time, time)
  }
  put("oldest-0.so", 9)
  put("older-0.so", 8)
  put("newer-0.so", 7)
  put("job-left", 2)
  put("job-running", 0)
  const made = join(testFolder(), "made")
  writeFileSync(made, "library")
  const kept = keepLibrary("key", made)
  expect(
    readdirSync(cache)
      .map((name) => join(cache, name))
      .sort(),
  ).toEqual([kept, join(cache, "job-running"), join(cache, "newer-0.so"), join(cache, "older-0.so")].sort())
})

test("a folder that others may write into is not used: what lies there is run", (context) => {
  requireOrSkip(context, process.getuid ? undefined : "there are no owners here", false)
  const cache = emptyCache()
  openCache()
  chmodSync(cache, 0o777)
  expect(() => openCache()).toThrow("can be written by others")
})

test("a compiler is found on the path by name, and one that is no program is not", () => {
  const own = testFolder()
  writeFileSync(join(own, "gcc"), "", { mode: 0o644 })
  mkdirSync(join(own, "clang"))
  expect(findCompiler(own)).toBeUndefined()
  writeFileSync(join(own, "zig"), "", { mode: 0o755 })
  expect(findCompiler(`${delimiter}${own}`)).toMatchObject({ path: join(own, "zig"), words: ["cc"] })
})
