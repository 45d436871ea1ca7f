import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { openCache } from "./cache.ts"

/** How a build went: the path of the library, or why there is none. */
export type Outcome = { readonly path: string } | { readonly reason: string }

/** A build in a process of its own, which ends it even if this one goes: then it serves the next. */
export interface BackgroundBuild {
  /** The outcome once there is one. It looks at a file: a thread that computes and never waits hears of it, too. */
  outcome(): Outcome | undefined
}

export const OUTCOME = "outcome.json"
const builder = fileURLToPath(new URL(`./builder${extname(import.meta.url)}`, import.meta.url))

export const SOURCE = "program.c"
/** Begins to build the library of a C source, and that of the self-test. Errors: an Error when the cache cannot be used. */
export function startBuild(source: string): BackgroundBuild {
  const job = mkdtempSync(join(openCache(), "job-"))
  writeFileSync(join(job, SOURCE), source)
  let ended: Outcome | undefined
  const child = spawn(process.execPath, [builder, job, `${process.pid}`], { stdio: "ignore", windowsHide: true })
  child.unref()
  child.on("error", (error) => (ended = { reason: `the builder did not start: ${error.message}` }))
  child.on("exit", (code, signal) => {
    if (!existsSync(join(job, OUTCOME))) ended ??= { reason: `the builder ended with ${signal ?? code}` }
  })
  return {
    outcome() {
      if (!ended && existsSync(join(job, OUTCOME)))
        ended = JSON.parse(readFileSync(join(job, OUTCOME), "utf8")) as Outcome
      if (ended) rmSync(job, { recursive: true, force: true })
      return ended
    },
  }
}
