import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { codeOf } from "../store/files.ts"

/** The folder of what a scribe was taught, beside its parts: a file each, by the order of teaching. Never shared. */
export const LESSONS = "lessons"
export const LESSON_LIMITS = { bytes: 2 ** 32, lessons: 9999 } as const
/** Bytes that are read at a time, so that signals are heeded and a large text is never in memory. */
export const CHUNK = 2 ** 14

/** A text that was taught, with the bytes that lie there now. */
export interface ScribeLesson {
  readonly lesson: number // from 1, oldest first
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly digest: Digest
}

/** `0003-notes.txt`. */
export const lessonFile = (lesson: number, name: string): string => `${`${lesson}`.padStart(4, "0")}-${plainName(name)}`
const plainName = (name: string): string =>
  basename(name)
    .replace(/[^A-Za-z0-9._-]+/g, "_")
    .slice(-80) || "text"

/** What a scribe in this folder was taught, in its order. Errors: OB803 when a lesson is missing, there twice, or no file. */
export async function lessonsIn(folder: string, shown = folder): Promise<readonly ScribeLesson[]> {
  const inside = join(folder, LESSONS)
  const names = await readdir(inside).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return []
    throw error
  })
  const numbered = names
    .filter((name) => !name.startsWith("."))
    .map((name) => ({ name, lesson: Number(/^(\d{4})-./.exec(name)?.[1] ?? Number.NaN) }))
    .sort((a, b) => a.lesson - b.lesson || (a.name < b.name ? -1 : 1))
  const lessons: ScribeLesson[] = []
  const stray = numbered.find(({ lesson }) => Number.isNaN(lesson))
  if (stray)
    misplaced(shown, `${stray.name} is no lesson`, "Move it elsewhere: lessons are called 0001-NAME, 0002-NAME.")
  for (const [i, { name, lesson }] of numbered.entries()) {
    if (lesson !== i + 1)
      misplaced(
        shown,
        lesson < i + 1 ? `lesson ${lesson} is there twice` : `lesson ${i + 1} is missing, and ${name} is there`,
        `Put it back, or let those that are there be numbered from 0001 on without a gap: they are read in that order.`,
      )
    const path = join(inside, name)
    if (!(await stat(path)).isFile()) misplaced(shown, `${name} is no file`, "Move it elsewhere.")
    lessons.push({ lesson, name: name.slice(5), path, ...(await measured(path)) })
  }
  return lessons
}
const misplaced = (shown: string, what: string, hint: string): never =>
  refuse({ code: "OB803", seen: `In ${join(shown, LESSONS)} ${what}.`, hint })

async function measured(path: string): Promise<{ readonly bytes: number; readonly digest: Digest }> {
  const hash = createHash("sha256")
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { bytes, digest: parseDigest(`sha256:${hash.digest("hex")}`)! }
}

/** A text in small pieces, the first `bytesMax` of it. */
export async function* chunksOf(path: string, bytesMax = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  if (bytesMax <= 0) return
  const end = Number.isFinite(bytesMax) ? { end: bytesMax - 1 } : {}
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, ...end })) yield chunk as Buffer
}
