import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { runCommandLine } from "../command_line.ts"
import type { Services, Terminal } from "../services.ts"

/** A folder that is removed when the test has ended. */
export function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "brain-test-"))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
/** A file in a folder of its own, by its content: its path. */
export function fileWith(content: string | Uint8Array, name = "messages.csv"): string {
  const path = join(temporary(), name)
  writeFileSync(path, content)
  return path
}

export interface Ran {
  readonly code: number
  /** Standard output and error, without the last line break. */
  readonly out: string
  readonly err: string
  readonly progress: readonly string[]
  readonly isHeld: boolean
  /** What Ctrl-C would have said at the end, where it is another thing than usual. */
  readonly stopped: string
}
interface Around {
  readonly input?: string | Uint8Array
  readonly isTerminal?: boolean
}

/** Runs a command line in this process, on fakes: what it printed, and its exit code. */
export async function brain(words: readonly string[], around: Around = {}): Promise<Ran> {
  const out: Uint8Array[] = []
  const err: string[] = []
  const progress: string[] = []
  const folders: string[] = []
  let isHeld = false
  let stopped = ""
  const { input = "", isTerminal = false } = around
  const services: Services = {
    print: (line) => void out.push(new TextEncoder().encode(`${line}\n`)),
    write: async (text) => void out.push(typeof text === "string" ? new TextEncoder().encode(text) : text.slice()),
    complain: (text) => err.push(text),
    progress: (line) => line !== undefined && progress.push(line),
    isTerminal,
    ...(isTerminal && { terminal: TERMINAL }),
    input: Object.assign(chunks(input), { isTTY: isTerminal }),
    paint: (_, text) => text,
    temporaryFolder() {
      folders.push(mkdtempSync(join(tmpdir(), "brain-test-")))
      return folders.at(-1)!
    },
    holdInterrupts: () => {
      isHeld = true
    },
    whenStopped: (line) => {
      stopped = line
    },
  }
  try {
    const code = await runCommandLine(words, services)
    const printed = Buffer.concat(out).toString().replace(/\n$/, "")
    return { code, out: printed, err: err.join("\n"), progress, isHeld, stopped }
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

const TERMINAL: Terminal = { enter() {}, leave() {}, size: () => ({ columns: 80, rows: 24 }), onResize() {} }
async function* chunks(input: string | Uint8Array): AsyncGenerator<Uint8Array | string> {
  if (input.length > 0) yield input
}
