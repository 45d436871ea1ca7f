import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { messageOf } from "@open-brains/core/base/problem.ts"
import type Koffi from "koffi"
import { findLibrary, keepLibrary, openCache } from "./cache.ts"
import { type Compiler, FLAGS, keyOf } from "./compiler.ts"

const COMPILE_MS_MAX = 120_000
const SAID_LINES = 4

/** The path of the library of a C source, out of the cache or compiled now. Errors: an Error that says why there is none. */
export function libraryOf(source: string, compiler: Compiler): string {
  const key = keyOf(source, compiler)
  return findLibrary(key) ?? compile(source, compiler, key)
}

function compile(source: string, compiler: Compiler, key: string): string {
  const job = mkdtempSync(join(openCache(), "job-"))
  try {
    return keepLibrary(key, compileIn(job, source, compiler))
  } finally {
    rmSync(job, { recursive: true, force: true })
  }
}

/** Compiles in a folder: the path of the library. Errors: an Error with what the compiler said first. */
export function compileIn(folder: string, source: string, { path, words }: Compiler): string {
  const [input, output] = [join(folder, "program.c"), join(folder, "library")]
  writeFileSync(input, source)
  const all = [...words, ...FLAGS, input, "-o", output, "-lm"]
  const { status, signal, error, stderr } = spawnSync(path, all, { timeout: COMPILE_MS_MAX, encoding: "utf8" })
  if (error) throw new Error(`${path} did not run: ${error.message}`)
  const said = stderr.trim().split("\n").slice(0, SAID_LINES).join("\n")
  if (status !== 0) throw new Error(`${path} ended with ${status ?? signal}: ${said || "it said nothing"}`)
  return output
}

/** What calls C. Errors: an Error when it has nothing for this platform: it comes as binaries for the common ones. */
export function koffi(): typeof Koffi {
  try {
    return createRequire(import.meta.url)("koffi") as typeof Koffi
  } catch (error) {
    throw new Error(`koffi, which calls C, has nothing for this platform: ${firstLine(error)}`)
  }
}
const firstLine = (error: unknown): string => messageOf(error).trim().split("\n", 1)[0]!

/**
 * The functions `symbols` of a library, `void f(unsigned char *memory)`, bound to a memory, which they keep alive. It must
 * not grow: then its bytes stay where they are.
 */
export function bind(path: string, symbols: readonly string[], memory: ArrayBufferLike): readonly (() => void)[] {
  const library = koffi().load(path)
  const bytes = new Uint8Array(memory)
  return symbols.map((symbol) => {
    const call = library.func(symbol, "void", ["void *"])
    return () => void call(bytes)
  })
}
