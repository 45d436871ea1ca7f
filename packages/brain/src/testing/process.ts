import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

export const MAIN = join(import.meta.dirname, "../main.ts")

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}
export interface Running {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
}

/** The real command in a process of its own. */
export function start(
  words: readonly string[],
  options: { readonly cwd?: string; readonly uid?: number } = {},
): Running {
  const child = spawn(process.execPath, [MAIN, ...words], { ...options, stdio: "pipe" })
  const texts = { out: "", err: "" }
  child.stdout.on("data", (bytes: Buffer) => {
    texts.out += bytes.toString()
  })
  child.stderr.on("data", (bytes: Buffer) => {
    texts.err += bytes.toString()
  })
  child.stdin.on("error", () => undefined) // it may end before it has read all
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...texts }))
  return { child, ended }
}
export const later = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))
