import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import {
  add,
  binary,
  buffer,
  i32,
  let_,
  load,
  local,
  loop,
  mul,
  parallel,
  set,
  store,
  table,
} from "@open-brains/core/ir/build.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { onTestFinished, vi } from "vitest"
import { cacheFolder } from "../cache.ts"

/** A folder that is gone after the test, and the variables of the environment that were stubbed with it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "native-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  onTestFinished(() => void vi.unstubAllEnvs())
  return folder
}

/** A cache that nothing is in. */
export function emptyCache(): string {
  vi.stubEnv("XDG_CACHE_HOME", testFolder())
  return cacheFolder()
}

/** For the time of the test `gcc` is this shell script, or no compiler is there at all. */
export function compilerThat(script: string | undefined): void {
  const folder = testFolder()
  if (script === undefined) vi.stubEnv("PATH", folder)
  else {
    writeFileSync(join(folder, "gcc"), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env["PATH"]}`)
  }
}

/** Counts runs, weighs them by a constant, and keeps a local across two outermost loops; `reset` starts over. Another `first` is another library. */
export function counter(name: string, first = 0): Program {
  const [step, count, weights] = [
    buffer("input", "i32", "step", 4),
    buffer("state", "i32", "count", 4),
    table("i8", "weights", [3, -1, 4, -128]),
  ]
  const [sum, narrow] = [buffer("output", "i32", "sum", 1), buffer("output", "u8", "narrow", 4)]
  const i = local("i")
  const body = [
    parallel("i", 4, [store(count, i, add(load(count, i), load(step, i)))]),
    let_("total", i32(first)),
    loop("k", 4, [set("total", add(local("total"), mul(load(count, local("k")), load(weights, local("k")))))]),
    store(sum, i32(0), local("total")),
    parallel("n", 4, [store(narrow, local("n"), binary("i32.xor", load(count, local("n")), local("total")))]),
  ]
  const reset = [parallel("r", 4, [store(count, local("r"), i32(0))])]
  return { name, buffers: [step, count, weights, sum, narrow], body, entries: { reset } }
}
/** What its tests add at every run: wraps soon. */
export const STEP = Int32Array.of(1, -7, 2 ** 31 - 1, 5)
