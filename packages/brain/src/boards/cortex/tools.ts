import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { findLibrary, keepLibrary, openCache } from "../../native/cache.ts"
import { requireCompiler } from "../../native/compiler.ts"
import { runCompiler } from "../compile.ts"

/** The path of what a C file of ours compiles to on this machine, made when it is first asked for. Errors: an Error without a compiler. */
export async function cachedTool(source: string, flags: readonly string[]): Promise<string> {
  const { path, words, identity } = requireCompiler()
  const parts = [readFileSync(source, "utf8"), identity, ...words, ...flags, process.arch]
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)
  const found = findLibrary(key)
  if (found !== undefined) return found
  const job = mkdtempSync(join(openCache(), "job-"))
  try {
    const made = join(job, "tool")
    const all = [...words, "-std=c99", "-O2", "-Wall", "-Wextra", source, "-o", made, ...flags]
    const { code, said } = await runCompiler(path, all)
    if (code !== 0) throw new Error(`${path} ended with ${code}: ${said}`)
    return keepLibrary(key, made)
  } finally {
    rmSync(job, { recursive: true, force: true })
  }
}
