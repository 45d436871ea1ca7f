import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** All that a command may touch of the outside. Tests pass fakes; only main.ts builds the real one. */
export interface Services {
  /** One line on standard output. */
  print(line: string): void
  /** Standard output as it comes, without a line break; done when there is room for more. */
  write(text: string | Uint8Array): Promise<void>
  /** Something that passes on standard error: progress on a terminal, nothing elsewhere. */
  progress(line: string | undefined): void
  readonly isTerminal: boolean
  /** The screen and keyboard, where both are a terminal's. */
  readonly terminal?: Terminal
  readonly input: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean }
  /** Colours the text on a terminal. */
  readonly paint: Paint
  /** One message on standard error: what went wrong. */
  complain(text: string): void
  /** An empty folder that is gone when the command has ended, however it ends. */
  temporaryFolder(): string
  /** From here on Ctrl-C is not heeded: what is being written is written whole. */
  holdInterrupts(): void
  /** What Ctrl-C says from here on, where it is not true any more that nothing was changed. */
  whenStopped(line: string): void
}
export interface Terminal {
  /** Keys come as they are pressed, on a screen of its own; what was there before is there again after `leave`, or at the end. */
  enter(): void
  leave(): void
  size(): { readonly columns: number; readonly rows: number }
  onResize(listener: () => void): void
}
export type Colour = "bold" | "dim" | "green" | "red" | "yellow" | "cyan"
export type Paint = (colour: Colour, text: string) => string
export type ExitCode = 0 | 1 | 2 // done, refused, misused

const repository = fileURLToPath(new URL("../../..", import.meta.url))
/** A first-party module or example of the repository that this command stands in, if it is there. */
export const firstParty = (...path: readonly string[]): string | undefined => {
  const found = join(repository, ...path)
  return existsSync(found) ? found : undefined
}
/** What `--base` is when nobody says. */
export const defaultBase = (): string | undefined => firstParty("modules", "intent")
