/** Figures of another process: a peer may set the processor to flush subnormals, or leave threads behind. */
import { spawnSync } from "node:child_process"
import { resolve } from "node:path"

export interface ChildOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly secondsMax: number
}

/** What the process printed as its last line, in JSON, or why it did not. */
export function figuresOfChild<Figures>(
  command: string,
  words: readonly string[],
  { environment = {}, secondsMax }: ChildOptions,
): Figures | string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, words, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: secondsMax * 1000,
    killSignal: "SIGKILL",
  })
  const last = stdout?.trimEnd().split("\n").at(-1)
  if (status === 0 && last) return JSON.parse(last) as Figures
  if (error?.message.includes("ETIMEDOUT")) return `it did not end within ${secondsMax} s`
  const lines = (stderr ?? "").split("\n").filter((line) => line.trim() !== "")
  const said = lines.find((line) => /^\w*(?:Error|Refusal)\b/.test(line)) ?? lines.at(-1) ?? error?.message
  return `it ended with ${signal ?? status}${said === undefined ? "" : `: ${said.slice(0, 300)}`}`
}

/** A file of this bench on a Node; that of this process unless another is named. */
export const nodeChild = <Figures>(
  path: string,
  words: readonly string[],
  options: ChildOptions & { readonly node?: string },
): Figures | string =>
  figuresOfChild<Figures>(
    options.node ?? process.execPath,
    ["--disable-warning=ExperimentalWarning", resolve(import.meta.dirname, path), ...words],
    options,
  )
