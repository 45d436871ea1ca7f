import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stream } from "@open-brains/core/base/random.ts"
import { correct, lessonsOf, load, rebuild, undo } from "open-brains"
import { afterAll, beforeAll, expect, test } from "vitest"
import { ownExamples } from "./examples.ts"
import { readModule } from "./store/folder.ts"
import { teachModule } from "./teach.ts"
import { brain, fileWith, temporary } from "./testing/command.ts"
import { MESSAGES, teachDesk } from "./testing/lesson.ts"

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-lessons-"))
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
function newDesk(): string {
  const path = join(temporary(), "desk")
  cpSync(join(folder, "desk"), path, { recursive: true })
  return path
}
const digestOf = async (path: string): Promise<string> => (await readModule(path)).digest

test("a correction is one more part, and undoing it gives the former module to the bit", async () => {
  const path = newDesk()
  const before = await readModule(path)
  const { digest, lesson, isNew } = await correct(path, "where is my parcel", "refund")
  const after = await readModule(path)
  expect(digest).toBe(after.digest)
  expect(digest).not.toBe(before.digest)
  expect([lesson.lesson, isNew]).toEqual([1, false])
  const { "lessons.jsonl": bytes, ...rest } = after.parts
  expect(rest).toEqual(before.parts)
  expect(new TextDecoder().decode(bytes)).toBe('{"label":"refund","text":"where is my parcel"}\n')
  expect((await load(path)).ask("where is my parcel").label).toBe("refund")
  expect((await undo(path)).digest).toBe(before.digest)
  expect(await readModule(path)).toEqual(before)
})

test("undoing a lesson equals never having taught it, in any sequence", async () => {
  const texts = ["a b c", "A b c!", "where is it", "money", "a joke"]
  const labels = ["parcel", "refund", undefined, "drone"]
  const [path, twin] = [newDesk(), newDesk()]
  const random = stream(1, "mix")
  let [left, n] = [[] as { text: string; label: string | undefined }[], 0]
  for (let step = 0; step < 14; step++) {
    if (left.length > 1 && random.below(n++, 2) === 0) {
      const place = random.below(n++, left.length)
      expect((await undo(path, place + 1)).undone).toEqual({ ...left[place], lesson: place + 1 })
      left = left.toSpliced(place, 1)
    } else {
      const said = { text: texts[random.below(n++, 5)]!, label: labels[random.below(n++, 4)] }
      await correct(path, said.text, said.label)
      left.push(said)
    }
  }
  expect(left.length).toBeGreaterThan(1)
  for (const { text, label } of left) await correct(twin, text, label)
  expect(await digestOf(path)).toBe(await digestOf(twin))
})

test("what contradicts a lesson is named, in the list too; the later one counts", async () => {
  const path = newDesk()
  const first = await correct(path, "Where is my PARCEL", "refund")
  expect(first.lesson.contradicts).toEqual([{ text: "where is my parcel", label: "parcel" }])
  const second = await correct(path, "where is my parcel!", "drone")
  expect(second.isNew).toBe(true)
  expect(second.lesson.contradicts).toEqual([
    { text: "where is my parcel", label: "parcel" },
    { text: "Where is my PARCEL", label: "refund", lesson: 1 },
  ])
  expect((await lessonsOf(path)).map(({ lesson, state }) => [lesson, state])).toEqual([
    [1, "overruled"],
    [2, "counts"],
  ])
  expect((await load(path)).ask("where is my parcel").label).toBe("drone")
  await undo(path, 2)
  expect((await load(path)).ask("where is my parcel").label).toBe("refund")
})

test("the commands say what they did, for a person and for a program", async () => {
  const path = newDesk()
  const { code, out, isHeld } = await brain(["correct", path, "where is my parcel", "refunds"])
  expect([code, isHeld]).toEqual([0, true])
  expect(out).toMatch(
    /^Lesson 1: “where is my parcel” is refunds\.\n {2}before {2}.*parcel.*\n {2}now {5}refunds \d+\.\d %$/m,
  )
  expect(out).toContain("The net was taught that “where is my parcel” is parcel: this lesson counts instead.")
  expect(out).toContain(
    "Its net does not know refunds: until it is taught, lessons alone answer that. Did you mean `refund`?",
  )
  const asked = await brain(["ask", path, "where is my parcel"])
  expect(asked.out).toContain("because you said so of “where is my parcel” (lesson 1)")
  await brain(["correct", path, "sing me a song", "unsure"])
  expect((await brain(["ask", path, "sing me a song"])).out).toBe(
    "unsure  because you said so of “sing me a song” (lesson 2)",
  )
  expect(JSON.parse((await brain(["ask", path, "sing me a song", "--json"])).out)).toMatchObject({
    label: null,
    because: { lesson: 2, text: "sing me a song", label: null },
  })
  expect((await brain(["lessons", path])).out.split("\n")).toEqual([
    "1  refunds  “where is my parcel”",
    "   against an example: “where is my parcel” is parcel",
    "2  unsure   “sing me a song”",
    "2 lessons count before the net; its weights have learnt 0.",
  ])
  expect((await brain(["show", path])).out).toContain(`lessons  2, which count before the net: brain lessons ${path}`)
  const undone = JSON.parse((await brain(["undo", path, "1", "--json"])).out)
  expect(undone).toMatchObject({ undone: { lesson: 1, label: "refunds" }, left: 1, digest: await digestOf(path) })
  const again = JSON.parse((await brain(["correct", path, "my parcel is blue", "refund", "--json"])).out)
  expect(again).toMatchObject({ lesson: 2, isNew: false, contradicts: [], after: { label: "refund" } })
  expect((await brain(["undo", path])).out).toBe("Undone: lesson 2, “my parcel is blue” is refund. 1 lesson is left.")
  expect(JSON.parse((await brain(["lessons", path, "--json"])).out).lessons).toHaveLength(1)
  expect((await brain(["undo", path, "9"])).err).toContain("error[OB551]")
})

test("the next teach folds lessons into the weights: the later one of a text wins, and rebuild gives the same", async () => {
  const path = newDesk()
  for (const label of ["parcel", "refund"]) await correct(path, "The Parcel is gone", label) // a test example, too
  await correct(path, "where is my parcel", "drone") // an example to learn from, too
  const more = fileWith("text,label,split\nthe drone fell into the lake,drone,train\n")
  const { code, out } = await brain(["teach", path, more, "--into", path, "--base", "none", "--json"])
  expect(code, out).toBe(0)
  const files = await readModule(path)
  expect(files.manifest.gives.labels).toEqual(["drone", "parcel", "refund"])
  expect(Object.keys(files.parts)).not.toContain("lessons.jsonl")
  const texts = ownExamples(files)!.filter(({ text }) => /parcel is gone|where is my parcel/i.test(text))
  expect(texts).toEqual([
    { text: "The Parcel is gone", label: "refund", split: "train", lesson: true, line: expect.any(Number) },
    { text: "where is my parcel", label: "drone", split: "train", lesson: true, line: expect.any(Number) },
  ])
  expect((await lessonsOf(path)).map(({ state, lesson }) => [state, lesson])).toEqual([
    ["folded", undefined],
    ["folded", undefined],
  ])
  expect((await rebuild(files)).isSame).toBe(true)
  await brain(["teach", path, "--into", path, "--base", "none"])
  expect((await lessonsOf(path)).length).toBe(2)
})

test("a lesson that comes while a module is taught, or that nobody folds, stays in its memory", async () => {
  const path = newDesk()
  await correct(path, "one two", "parcel")
  const folded = [{ text: "one two", label: "parcel" }]
  const options = { into: path, name: "desk", recipe: { epochs: 8, buckets: 256, dims: 8 } }
  let arrived: Promise<unknown> | undefined
  await teachModule({
    ...options,
    examples: [...MESSAGES, { ...folded[0]!, split: "train", lesson: true }],
    folded,
    onProgress: () => {
      arrived ??= correct(path, "three four", "refund")
    },
  })
  await arrived
  const states = (await lessonsOf(path)).map(({ text, state }) => [text, state])
  expect(states).toEqual([
    ["one two", "folded"],
    ["three four", "counts"],
  ])
  await teachModule({ ...options, examples: MESSAGES })
  expect((await lessonsOf(path)).map(({ text }) => text)).toEqual(["three four"])
  await teachModule({ ...options, examples: MESSAGES, forgets: true })
  expect(await lessonsOf(path)).toEqual([])
})

test("a lesson is no test: neither of a file, nor of what was held out", async () => {
  const path = newDesk()
  await correct(path, "the parcel is gone", "parcel")
  expect(JSON.parse((await brain(["test", path, "--json"])).out).examples).toBe(2)
  const file = fileWith("text,label\nthe parcel is gone,parcel\nmy money,refund\n")
  expect(JSON.parse((await brain(["test", path, file, "--json"])).out)).toMatchObject({ examples: 1, leftOut: 1 })
})

test("nothing but the module lies there afterwards, and a person's own files stay", async () => {
  const path = newDesk()
  writeFileSync(join(path, "notes.txt"), "mine")
  await correct(path, "x y", "parcel")
  await undo(path)
  expect(readdirSync(join(path, ".."))).toEqual(["desk"])
  expect(readdirSync(path)).toContain("notes.txt")
})
