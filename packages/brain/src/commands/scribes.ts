import { statSync } from "node:fs"
import { inBytes } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import { memorySize } from "../scribe/memory.ts"
import { openScribe, type Scribe } from "../scribe/open.ts"
import { chunksOf } from "../scribe/read_file.ts"
import { type ReadIn, readIn } from "../scribe/read_in.ts"
import type { Services } from "../services.ts"
import { tellAsides } from "./ask.ts"
import { readingBar } from "./teach_scribe.ts"

/** What every command of a scribe takes. */
export interface ScribeArguments {
  readonly engine?: EngineName
  /** Its tables, as a person says it: 64KB. */
  readonly memory?: string
  readonly json?: boolean
}

/** Opens a scribe, and says what runs otherwise than asked. */
export async function openTold(path: string, options: ScribeArguments, services: Services): Promise<Scribe> {
  const { engine, memory } = options
  const scribe = await openScribe(path, {
    ...(engine === undefined ? {} : { engine }),
    ...(memory === undefined ? {} : { memoryBytes: memorySize(memory) }),
    onProgress: readingBar(services),
  })
  services.progress(undefined)
  tellAsides(scribe, services)
  return scribe
}

const WIDTH = 24
const EVERY_MS = 80

/** A bar of bytes done, redrawn a few times a second. */
export function bytesBar({ progress, paint }: Services, doing: string, bytesAll: number) {
  let shown = 0
  return (bytes: number, beside = ""): void => {
    const now = performance.now()
    if (now - shown < EVERY_MS) return
    shown = now
    const full = bytesAll > 0 ? Math.min(WIDTH, Math.floor((WIDTH * bytes) / bytesAll)) : WIDTH
    const bar = `${paint("cyan", "█".repeat(full))}${"░".repeat(WIDTH - full)}`
    progress(`${bar} ${doing}, ${inBytes(bytes)} of ${inBytes(bytesAll)}${beside}`)
  }
}
/** How long a file is, as far as that is known before it is read. */
export const lengthOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

/** Shows a scribe a file before its work, in memory alone. Errors: OB810. */
export async function learnFile({ predictor }: Scribe, path: string, services: Services): Promise<ReadIn> {
  const bar = bytesBar(services, `reading ${path}`, lengthOf(path))
  const done = await readIn(predictor, chunksOf(path), ({ bytes, bits }) =>
    bar(bytes, `, ${(bits / bytes || 0).toFixed(2)} bits a byte`),
  )
  services.progress(undefined)
  return done
}
