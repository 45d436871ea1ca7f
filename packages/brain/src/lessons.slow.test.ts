import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { lessonsOf, undo } from "./lessons.ts"
import { load } from "./load.ts"
import { readModule } from "./store/folder.ts"
import { teachDesk } from "./testing/lesson.ts"
import { later, start } from "./testing/process.ts"

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-lessons-"))
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("processes that correct at once lose nothing", async () => {
  const path = join(folder, "together")
  cpSync(join(folder, "desk"), path, { recursive: true })
  const texts = Array.from({ length: 12 }, (_, i) => `message number ${i}`)
  const ended = await Promise.all(texts.map((text) => start(["correct", path, text, "parcel"]).ended))
  expect(ended.map(({ code, err }) => [code, err])).toEqual(texts.map(() => [0, ""]))
  expect((await lessonsOf(path)).map(({ text }) => text).sort()).toEqual([...texts].sort())
  for (const _ of texts) await undo(path)
  expect((await readModule(path)).digest).toBe((await readModule(join(folder, "desk"))).digest)
}, 120_000)

test("a process killed while it corrects leaves the lessons that were told of, and at most its own beside them", async () => {
  const path = join(folder, "killed")
  cpSync(join(folder, "desk"), path, { recursive: true })
  let known: readonly string[] = []
  for (let kill = 0; kill < 12; kill++) {
    const text = `message number ${kill}`
    const { child, ended } = start(["correct", path, text, "parcel"])
    await later(120 + kill * 25)
    child.kill("SIGKILL")
    const { out } = await ended
    const found = (await lessonsOf(path)).map((each) => each.text)
    expect([[...known], [...known, text]]).toContainEqual(found)
    if (out.includes("Lesson")) expect(found).toContain(text)
    expect((await load(path)).corrections.length).toBe(found.length)
    known = found
  }
}, 120_000)
