import { unlinkSync } from "node:fs"
import { refuse } from "@open-brains/core/base/problem.ts"
import { needScribe } from "./find.ts"
import { forgetOthers } from "./kept.ts"
import { lessonsIn, type ScribeLesson } from "./lessons.ts"
import { alone } from "./locked.ts"
import { openFound } from "./open.ts"
import type { TeachScribeOptions } from "./teach.ts"

/** What a scribe was taught, oldest first. Errors: OB801, OB803. */
export async function lessonsOfScribe(word: string): Promise<readonly ScribeLesson[]> {
  const { folder, isOwn } = await needScribe(word)
  return isOwn ? lessonsIn(folder) : []
}

export interface UndoneLesson {
  readonly undone: ScribeLesson
  readonly left: number
  /** What it had to read again: nothing where it remembered the state before. */
  readonly bytesRead: number
}
/**
 * Takes the last lesson back: the scribe is then to the bit what it would be had it never read it. Errors: OB804 when there is none, or when
 * `lesson` is not the last; OB801, OB803, OB156.
 */
export async function undoScribe(
  word: string,
  lesson?: number,
  options: Pick<TeachScribeOptions, "onProgress" | "onWait" | "engine"> & { readonly onUndone?: () => void } = {},
): Promise<UndoneLesson> {
  const found = await needScribe(word)
  const { folder, isOwn } = found
  return alone(folder, options.onWait ?? (() => undefined), async () => {
    const lessons = isOwn ? await lessonsIn(folder) : []
    const undone = lessons.at(-1) ?? noSuchLesson(word, isOwn)
    if (lesson !== undefined && lesson !== lessons.length) notTheLast(word, lesson, lessons.length)
    unlinkSync(undone.path)
    options.onUndone?.()
    const { bytesRead } = await openFound(word, found, options)
    await forgetOthers(folder, lessons.length - 1)
    return { undone, left: lessons.length - 1, bytesRead }
  })
}
const noSuchLesson = (word: string, isOwn: boolean): never =>
  refuse({
    code: "OB804",
    seen: isOwn ? `${word} has no lesson to undo.` : `${word} is not yours: it has no lessons.`,
    hint: `Give it one: brain teach ${word} notes.txt`,
  })
const notTheLast = (word: string, lesson: number, count: number): never =>
  refuse({
    code: "OB804",
    seen: `Lesson ${lesson} of ${word} is not the last: there are ${count}.`,
    hint: `What was read later was learnt by what was read before. Undo the last ones one by one: brain undo ${word}`,
  })
