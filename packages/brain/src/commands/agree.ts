import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import type { Services } from "../services.ts"

/** Whether somebody at the terminal says yes; anything else is no. */
export async function agrees(question: string, { input, progress }: Services): Promise<boolean> {
  progress(question)
  for await (const line of createInterface({ input: Readable.from(input) })) {
    progress(undefined)
    return /^(?:y|yes)$/i.test(line.trim())
  }
  return false
}
