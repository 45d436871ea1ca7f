import { counted, inBits, inBytes, pad, shorten, widest, wrap } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import { memorySize, printMemory } from "../scribe/memory.ts"
import type { OnProgress } from "../scribe/reading.ts"
import { type LearntText, type TaughtScribe, teachScribe as teach } from "../scribe/teach.ts"
import type { Text } from "../scribe/text.ts"
import { lessonsOfScribe, undoScribe as undo } from "../scribe/undo.ts"
import type { ExitCode, Services } from "../services.ts"
import { tellAsides } from "./ask.ts"

export interface TeachScribeArguments {
  readonly into?: string
  readonly memory?: string
  readonly engine?: EngineName
  readonly json?: boolean
}

/** `brain teach SCRIBE [TEXT…]`: has a scribe read texts, or what standard input brings. */
export async function teachScribe(
  word: string,
  paths: readonly string[],
  { into, memory, engine, json = false }: TeachScribeArguments,
  services: Services,
): Promise<ExitCode> {
  const texts = (paths.length === 0 ? ["-"] : paths).map(
    (path): Text => (path === "-" ? { name: "stdin", from: services.input } : { name: path, from: path }),
  )
  if (paths.length === 0 && services.input.isTTY) services.complain("Type or paste a text; it ends with Ctrl-D.")
  const taught = await teach(word, texts, {
    ...(into === undefined ? {} : { into }),
    ...(memory === undefined ? {} : { memoryBytes: memorySize(memory) }),
    ...(engine === undefined ? {} : { engine }),
    onProgress: readingBar(services),
    onWait: () => services.progress("Another process teaches it: waiting."),
    onWrite: services.holdInterrupts,
  })
  services.progress(undefined)
  tellAsides(taught, services)
  if (json) services.print(JSON.stringify(taught))
  else for (const line of describe(word, taught, services)) services.print(line)
  return 0
}

function describe(word: string, taught: TaughtScribe, { paint }: Services): readonly string[] {
  const { folder, copyOf, learnt, lessons, seconds } = taught
  const bytes = learnt.reduce((sum, each) => sum + each.bytes, 0)
  const first = lessons - learnt.length + 1
  const which = learnt.length === 1 ? `lesson ${lessons}` : `lessons ${first} to ${lessons}`
  const copied =
    copyOf === undefined || copyOf === "none"
      ? []
      : [
          wrap(
            `${copyOf} stays as it is: this is a copy of it, with ${printMemory(taught.memoryBytes)} of memory. ${
              folder === word
                ? `Standing in this folder, ${word} is the copy from now on, since a path that is there goes first.`
                : `Name the copy by its folder: ${folder}.`
            }`,
          ),
        ]
  return [
    `Taught ${paint("bold", folder)}: ${counted(bytes, "byte")} read in ${seconds.toFixed(1)} s, ${which}.`,
    ...learnt.flatMap(describeText),
    ...copied,
    paint("dim", `The text lies in ${folder}/lessons and is never shared. Take it back:  ./brain undo ${folder}`),
  ]
}
const describeText = ({ name, bytes, before, whileReading, lastPart }: LearntText): readonly string[] => [
  `  ${shorten(name)}, ${inBytes(bytes)}, in bits a byte:`,
  `    before it was read  ${inBits(before.bitsPerByte, 3)}${before.bytes < bytes ? `   of its first ${inBytes(before.bytes)}` : ""}`,
  `    while it was read   ${inBits(whileReading, 3)}`,
  `    its last part       ${inBits(lastPart.bitsPerByte, 3)}   the last ${inBytes(lastPart.bytes)}`,
]

const WIDTH = 24
const EVERY_MS = 80
/** What a scribe reads, redrawn a few times a second; a pipe sees nothing of it. */
export function readingBar({ progress, paint }: Services): OnProgress {
  let shown = 0
  return ({ doing, name, done, total }) => {
    const now = performance.now()
    if (now - shown < EVERY_MS) return
    shown = now
    const full = Math.round((WIDTH * done) / total)
    const what = doing === "reading" ? `reading ${shorten(name, 30)}` : doing
    progress(
      `${paint("cyan", "█".repeat(full))}${"░".repeat(WIDTH - full)} ${what}, ${inBytes(done)} of ${inBytes(total)}`,
    )
  }
}

interface Options {
  readonly json?: boolean
}
/** `brain lessons SCRIBE`: what it was taught, oldest first. */
export async function scribeLessons(word: string, { json = false }: Options, { print }: Services): Promise<ExitCode> {
  const lessons = await lessonsOfScribe(word)
  if (json) {
    print(JSON.stringify({ scribe: word, lessons: lessons.map(({ path: _, ...each }) => each) }))
    return 0
  }
  if (lessons.length === 0) {
    print(`${word} has no lessons. Give it one:  ./brain teach ${word} notes.txt`)
    return 0
  }
  const rows = lessons.map(({ lesson, name, bytes }) => [`${lesson}`, shorten(name), inBytes(bytes)] as const)
  const [numbers, names] = [widest(rows.map(([number]) => number)), widest(rows.map(([, name]) => name))]
  for (const [number, name, bytes] of rows) print(`${number.padStart(numbers)}  ${pad(name, names)}  ${bytes}`)
  return 0
}

/** `brain undo SCRIBE [N]`: takes the last lesson back. */
export async function undoScribe(
  word: string,
  lesson: number | undefined,
  { json = false }: Options,
  services: Services,
): Promise<ExitCode> {
  const { undone, left, bytesRead } = await undo(word, lesson, {
    onProgress: readingBar(services),
    onWait: () => services.progress("Another process teaches it: waiting."),
    onUndone: () => services.whenStopped("Stopped; the lesson is undone, and the rest is read again when it is asked."),
  })
  services.progress(undefined)
  const { path: _, ...shown } = undone
  if (json) services.print(JSON.stringify({ scribe: word, undone: shown, left, bytesRead }))
  else
    services.print(
      `Undone: lesson ${undone.lesson}, ${shorten(undone.name)}. ${counted(left, "lesson is", "lessons are")} left, and it is as it was before, to the bit.`,
    )
  return 0
}
