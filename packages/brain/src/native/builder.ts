/** The process of a build (background.ts): compiles the source in a folder into the cache and says there how it went. */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { setPriority } from "node:os"
import { join } from "node:path"
import { messageOf } from "@open-brains/core/base/problem.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { OUTCOME, type Outcome, SOURCE } from "./background.ts"
import { requireCompiler } from "./compiler.ts"
import { nativeEngine } from "./engine.ts"
import { libraryOf } from "./library.ts"

/** Whoever waits for an answer comes first, but on a busy machine this one is not starved, as it would be at 10. */
const NICE = 5
const [job = "", asker] = process.argv.slice(2)
setPriority(NICE)
writeFileSync(join(job, "beside"), JSON.stringify(build()))
renameSync(join(job, "beside"), join(job, OUTCOME))
if (`${process.ppid}` !== asker) rmSync(job, { recursive: true, force: true }) // whoever asked has gone

function build(): Outcome {
  try {
    const compiler = requireCompiler()
    const fault = faultOf(nativeEngine)
    if (fault !== undefined) return { reason: fault }
    return { path: libraryOf(readFileSync(join(job, SOURCE), "utf8"), compiler) }
  } catch (error) {
    return { reason: messageOf(error) }
  }
}
