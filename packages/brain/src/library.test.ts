import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { load, type OpenExample, place, Refusal, readExamples, rebuild, score, teach } from "open-brains"
import { afterAll, beforeAll, expect, test } from "vitest"
import { buildInTurns, buildModule } from "./build.ts"
import { remarksOn } from "./remarks.ts"
import { readModule } from "./store/folder.ts"
import { brain, fileWith, temporary } from "./testing/command.ts"
import { MESSAGES, teachDesk } from "./testing/lesson.ts"

const SMALL = { epochs: 8, buckets: 256, dims: 8 }
let folder: string
let desk: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-library-"))
  desk = join(folder, "desk")
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const teachInto = (into: string, examples: readonly OpenExample[], rest = {}): ReturnType<typeof teach> =>
  teach({ examples, into, name: "x", recipe: SMALL, ...rest })

test("load opens what teach wrote, and both answer alike", async () => {
  const { brain: taught } = await teachInto(join(temporary(), "x"), MESSAGES)
  const loaded = await load(taught.files.path)
  for (const { text } of MESSAGES) expect(loaded.ask(text)).toEqual(taught.ask(text))
  expect(loaded.ask("where is my parcel")).toMatchObject({ label: "parcel", guess: "parcel", bytesCut: 0 })
  expect(loaded.files.digest).toBe(taught.files.digest)
})

test("one seed gives one module, another seed another; in turns or at once, with or without progress", async () => {
  const digestOf = async (seed: number, rest = {}): Promise<string> =>
    (await teachInto(join(temporary(), "x"), MESSAGES, { seed, ...rest })).brain.files.digest
  const [one, again, watched, other] = [
    await digestOf(1),
    await digestOf(1),
    await digestOf(1, { onProgress: () => undefined }),
    await digestOf(2),
  ]
  expect([again, watched, other === one]).toEqual([one, one, false])
  const examples = place(MESSAGES, 1)
  const starts = [{ name: "scratch", recipe: (await import("@open-brains/core/train/recipe.ts")).RECIPE }]
  const small = starts.map((start) => ({ ...start, recipe: { ...start.recipe, ...SMALL } }))
  expect((await buildInTurns(examples, small, 1)).parts).toEqual(buildModule(examples, small, 1).parts)
})

test("rebuild finds a manifest whose labels or threshold are not those of the build", async () => {
  const files = await readModule(desk)
  const { gives } = files.manifest
  for (const change of [{ unsureBelow: -32_768 }, { gives: { ...gives, labels: gives.labels.toReversed() } }])
    expect((await rebuild({ ...files, manifest: { ...files.manifest, ...change } })).isSame).toBe(false)
})

test("nothing is scored on what was learnt: not on a base's texts, another case, two labels, nor a given test in train", () => {
  const many = Array.from({ length: 40 }, (_, i) => ({
    text: `message number ${i} of it`,
    label: i % 2 === 0 ? "even" : "odd",
  }))
  const splitOf = (examples: readonly OpenExample[], learnt: readonly string[] = []) =>
    Object.groupBy(place(examples, 1, learnt), ({ split }) => split)
  expect(splitOf(many).test?.length).toBeGreaterThan(0)
  const { test, validation, train } = splitOf(
    many,
    many.slice(0, 30).map(({ text }) => text.toUpperCase()),
  )
  const known = new Set(many.slice(0, 30).map(({ text }) => text))
  expect([...(test ?? []), ...(validation ?? [])].filter(({ text }) => known.has(text))).toEqual([])
  expect(train?.length).toBeGreaterThanOrEqual(30)

  const shouted = many.map(({ text, label }) => ({ text: `${text.toUpperCase()}!`, label }))
  expect(place([...many, ...shouted], 1).length).toBe(40)
  const turned = many.map(({ text, label }) => ({ text, label: label === "even" ? "odd" : "even" }))
  expect(Object.keys(splitOf([...many, ...turned]))).toEqual(["train"])
  const given = many.slice(0, 5).map((each) => ({ ...each, text: each.text.toUpperCase(), split: "test" as const }))
  expect(splitOf([...many, ...given])["train"]!.length + splitOf([...many, ...given])["validation"]!.length).toBe(35)
})

test("rebuild gives the same parts; of another base, or without one, it says which is meant", async () => {
  expect((await rebuild(await readModule(desk))).isSame).toBe(true)
  const base = (await load(desk)).files
  // The base knows these texts and scratch has seen one of each: the base does better, and is kept.
  const few = MESSAGES.filter(({ split }, i) => split !== "train" || i === 0 || i === 4)
  const { brain: taught, taught: lesson } = await teachInto(join(temporary(), "x"), few, { base })
  expect(lesson.kept.name).toBe("base")
  expect(taught.files.manifest.built.base).toEqual({ name: "desk", digest: base.digest })
  expect((await rebuild(taught.files, { base })).isSame).toBe(true)
  await expect(rebuild(taught.files)).rejects.toThrow(`was learnt on from \`desk\` ${base.digest}.`)
  await expect(rebuild(taught.files, { base: taught.files })).rejects.toThrow(
    `${base.digest}, not ${taught.files.digest}.\nhint: Name the folder that holds it: --base FOLDER.`,
  )
})

test("a module without its examples is not rebuilt, nor taken along", async () => {
  const data = { name: "letters", digest: (await readModule(desk)).digest }
  const { brain: taught } = await teachInto(join(temporary(), "x"), MESSAGES, { data })
  expect(Object.keys(taught.files.parts)).not.toContain("examples.jsonl")
  await expect(rebuild(taught.files)).rejects.toThrow("learnt from letters, which it does not carry")
  const words = ["teach", taught.files.path, "--into", join(temporary(), "y")]
  const { code, err } = await brain(words)
  expect([code, err.split(" ")[0]]).toEqual([1, "error[OB514]:"])
})

test("score counts what is right, what is refused, and what is taken for what", async () => {
  const report = score(await load(desk), [
    { text: "where is my parcel", label: "parcel" },
    { text: "refund me please", label: "parcel" },
    { text: "refund me please", label: "unheard of" },
  ])
  expect(report).toMatchObject({
    examples: 3,
    accuracy: 1 / 3,
    auroc: undefined,
    confusions: [
      { expected: "parcel", guess: "refund", count: 1, examples: ["refund me please"] },
      { expected: "unheard of", guess: "refund", count: 1 },
    ],
  })
  expect(report.labels).toEqual([
    { label: "parcel", examples: 2, accuracy: 0.5 },
    { label: "unheard of", examples: 1, accuracy: 0 },
  ])
  expect(score(await load(desk), []).accuracy).toBeUndefined()
})

test("readExamples gives lines and splits, and refuses with data", async () => {
  expect(await readExamples(fileWith("text,label\nhi,a\n"))).toEqual([
    { text: "hi", label: "a", line: 2, split: undefined },
  ])
  const refusal = await readExamples(fileWith("texts,label\nhi,a\n")).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(Refusal)
  expect((refusal as Refusal).problems).toMatchObject([{ code: "OB505" }])
})

test("two and three examples are enough to teach, and nobody claims to have tested them", async () => {
  for (const rows of ["hi,a\nyou,b\n", "hi,a\nyou,b\nthere,\n"]) {
    const into = join(temporary(), "x")
    const { code, out, err } = await brain(["teach", fileWith(`text,label\n${rows}`), "--into", into])
    expect([code, err]).toEqual([0, ""])
    expect(out).toContain("Too few examples to try it on any that were held out; kept what began from")
    expect(out).toContain("Not tested: too few examples to hold any out. Give more, or --test FILE.")
    expect(out + readFileSync(join(into, "README.md"), "utf8")).not.toContain("NaN")
    expect((await load(into)).ask("hi").guess).toBe("a")
  }
})

test("teach says which rows are there twice, which contradict each other, and which are cut; and teaches", async () => {
  const long = "where is my parcel ".repeat(60)
  const rows = ["hi,a", "hi,a", "hi,b", "you,b", "you,", "there,b", `${long},a`, "x,a", "y,a", "z,b"]
  const file = fileWith(`text,label\n${rows.join("\n")}\n`)
  const words = ["teach", file, "--into", join(temporary(), "x"), "--base", "none"]
  const { code, out } = await brain(words)
  expect(code).toBe(0)
  expect(out).toContain("1 example was there before and counted once.")
  expect(out).toContain("2 texts have more than one label, such as “hi”: a and b. Decide which is right.")
  expect(out).toContain("1 text is longer than 1024 bytes; the rest was not read.")
  const { remarks } = JSON.parse((await brain([...words, "--json"])).out)
  expect(remarks).toEqual({
    duplicates: 1,
    leaks: [],
    conflicts: [
      { text: "hi", labels: ["a", "b"] },
      { text: "you", labels: ["b", null] },
    ],
    cut: 1,
  })
})

test("a text is as long as its bytes are", () => {
  const of = (text: string): number => remarksOn([], [{ text, label: "a", split: "train" as const }], 1024).cut
  expect([of("x".repeat(1024)), of("x".repeat(1025)), of("é".repeat(512)), of("é".repeat(513))]).toEqual([0, 1, 0, 1])
})

test("texts and labels of any script", async () => {
  const rows = ["我的包裹在哪里,包裹 📦", "包裹丢了,包裹 📦", "أريد استرداد المال,استرداد", "متى يصل المال,استرداد"]
  const into = join(temporary(), "x")
  await teachInto(into, await readExamples(fileWith(`text,label\n${rows.join("\n")}\n`)))
  const taught = await load(into)
  expect(taught.labels).toEqual(["استرداد", "包裹 📦"])
  expect(taught.ask("包裹丢了").guess).toBe("包裹 📦")
  expect((await brain(["rebuild", into])).code).toBe(0)
})

test("half a character in JSON is taught as what stands for it, and is the same when rebuilt", async () => {
  const rows = ["a \ud800", "b \udc00", "c", "d"].map((text, i) => JSON.stringify({ text, label: i % 2 ? "x" : "y" }))
  const into = join(temporary(), "x")
  await teachInto(into, await readExamples(fileWith(rows.join("\n"), "a.jsonl")))
  expect((await brain(["rebuild", into])).code).toBe(0)
})

test("a stopped lesson writes nothing", async () => {
  const into = join(temporary(), "x")
  const { brain: before } = await teachInto(into, MESSAGES)
  const onProgress = (): never => {
    throw new Error("stop")
  }
  await expect(teachInto(into, MESSAGES, { seed: 2, onProgress })).rejects.toThrow("stop")
  expect((await readModule(into)).digest).toBe(before.files.digest)
  await expect(teachInto(into, MESSAGES, { onWrite: onProgress })).rejects.toThrow("stop")
  expect((await readModule(into)).digest).toBe(before.files.digest)
})
