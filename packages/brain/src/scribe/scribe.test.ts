import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { newKey } from "../keys/keys.ts"
import { add, pull } from "../sharing/add.ts"
import { push } from "../sharing/push.ts"
import { newPerson, type Person } from "../sharing/testing/people.ts"
import { artifactOf } from "../store/artifact.ts"
import { writeModule } from "../store/folder.ts"
import { brain, temporary } from "../testing/command.ts"
import { headOf, withHead } from "./head.ts"
import { openScribe } from "./open.ts"
import { PRIMER, PRIMER_BYTES_MAX } from "./primer.ts"
import { programDigest } from "./program_digest.ts"
import { writeState } from "./snapshot.ts"
import { teachScribe } from "./teach.ts"
import { lessonsOfScribe, undoScribe } from "./undo.ts"

const SEA = "She sells sea shells by the sea shore. The shells she sells are surely sea shells.\n".repeat(3)
const PETER = "Peter Piper picked a peck of pickled peppers.\n".repeat(3)
const SMALL = 2 ** 14
const HERE = process.cwd()

let place: string
let ann: Person
beforeEach(() => {
  ann = newPerson()
  ann.become()
  place = temporary()
  process.chdir(place)
  writeFileSync("sea.txt", SEA)
  writeFileSync("peter.txt", PETER)
})
afterEach(() => {
  process.chdir(HERE)
  vi.unstubAllEnvs()
})

const text = (path: string) => ({ name: path, from: path })
const begin = (into: string, ...paths: readonly string[]) =>
  teachScribe("none", paths.map(text), { into, memoryBytes: SMALL })
const teach = (word: string, ...paths: readonly string[]) => teachScribe(word, paths.map(text))
/** What it remembers, to the bit. */
const stateOf = async (word: string) => {
  const { predictor } = await openScribe(word, { engine: "wasm" })
  return digest(writeState(predictor, digest("")))
}
const codesOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await work
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}
/** All of a folder, by path. */
const filesOf = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
async function withParts(folder: string, parts: Readonly<Record<string, Uint8Array>>): Promise<void> {
  await writeModule<PredictorManifest>(
    folder,
    {
      kind: "predictor",
      name: "primed",
      about: "It has read a primer",
      licence: "CC0-1.0",
      memoryBytes: SMALL,
      built: { operations: 1, seed: 0, data: [] },
    },
    parts,
  )
}

test("what it was taught is what reading it gives, however it was taught; undone, it is as it was", async () => {
  const { learnt } = await begin("mine", "sea.txt")
  expect(learnt[0]!.before.bitsPerByte).toBeGreaterThan(7)
  expect(learnt[0]!.lastPart.bitsPerByte).toBeLessThan(1)
  const once = await stateOf("mine")
  await teach("mine", "peter.txt")
  const twice = await stateOf("mine")
  expect(twice).not.toBe(once)
  await begin("both", "sea.txt", "peter.txt")
  await begin("other", "sea.txt")
  renameSync("other/state", "forgotten")
  expect((await openScribe("other")).bytesRead).toBe(SEA.length)
  expect(await stateOf("other")).toBe(once)

  const fresh = await openScribe("none", { memoryBytes: SMALL, engine: "interpreter" })
  for (const each of [SEA, PETER]) fresh.predictor.read(new TextEncoder().encode(each), { learns: true })
  expect(digest(writeState(fresh.predictor, digest("")))).toBe(twice)

  expect(await undoScribe("mine")).toMatchObject({ undone: { lesson: 2, name: "peter.txt" }, left: 1, bytesRead: 0 })
  expect(await stateOf("mine")).toBe(once)
  expect(existsSync("mine/state/2.packed")).toBe(false)
  await teach("mine", "peter.txt")
  expect(await stateOf("mine")).toBe(twice)
})

test("opening it is no reading, and asking how a text would go changes nothing", async () => {
  await begin("mine", "sea.txt")
  const opened = await openScribe("mine")
  expect([opened.bytesRead, opened.asides, opened.lessons.length]).toEqual([0, [], 1])
  const { learnt } = await teach("mine", "peter.txt")
  const frozen = opened.predictor.read(new TextEncoder().encode(PETER), { learns: false })
  expect(learnt[0]!.before).toEqual({ bitsPerByte: frozen / PETER.length, bytes: PETER.length })
})

test("a snapshot that is cut short, altered, of another version or another scribe is noticed, and made anew", async () => {
  await begin("mine", "sea.txt")
  await begin("another", "peter.txt")
  const file = "mine/state/1.packed"
  const [whole, wanted] = [new Uint8Array(readFileSync(file)), await stateOf("mine")]
  const { head, body } = headOf(whole)!
  const altered = body.with(body.length >> 1, body[body.length >> 1]! ^ 1)
  const lie = await openScribe("none", { memoryBytes: 2 ** 15 })
  const larger = headOf(writeState(lie.predictor, head["of"] as never))!
  const cases: readonly (readonly [name: string, bytes: Uint8Array, isDamaged: boolean])[] = [
    ["cut short", whole.subarray(0, whole.length - 100), true],
    ["cut to nothing", new Uint8Array(), true],
    ["altered", withHead(head, altered), true],
    ["another version", withHead({ ...head, snapshot: 2 }, body), false],
    ["another scribe", new Uint8Array(readFileSync("another/state/1.packed")), false],
    ["another shape, under its name", withHead(larger.head, larger.body), true],
    ["a bomb", withHead({ ...head, bytes: 2 ** 40 }, body), true],
    ["no snapshot", new TextEncoder().encode("hello\n"), true],
  ]
  for (const [name, bytes, isDamaged] of cases) {
    writeFileSync(file, bytes)
    const opened = await openScribe("mine")
    expect([name, opened.bytesRead], name).toEqual([name, SEA.length])
    expect(opened.asides, name).toEqual(
      isDamaged ? [expect.stringContaining("1.packed is damaged, and was made anew")] : [],
    )
    expect(Buffer.compare(readFileSync(file), whole), name).toBe(0)
    expect(await stateOf("mine"), name).toBe(wanted)
  }
})

test("lessons that somebody edits, takes away or adds are what it reads from then on, and a gap is refused", async () => {
  await begin("mine", "sea.txt", "peter.txt")
  writeFileSync("mine/lessons/0002-peter.txt", SEA)
  const opened = await openScribe("mine")
  expect(opened.bytesRead).toBe(SEA.length) // the first one is remembered
  await begin("twice", "sea.txt", "sea.txt")
  expect(await stateOf("mine")).toBe(await stateOf("twice"))
  const change: readonly (readonly [what: string, from: string, to: string])[] = [
    ["lesson 1 is missing, and 0002-peter.txt is there", "0001-sea.txt", "../0001-sea.txt"],
    ["lesson 1 is there twice", "0002-peter.txt", "0001-peter.txt"],
    ["peter.txt is no lesson", "0002-peter.txt", "peter.txt"],
  ]
  for (const [what, from, to] of change) {
    const paths = [join("mine/lessons", from), join("mine/lessons", to)] as const
    renameSync(...paths)
    await expect(openScribe("mine")).rejects.toThrow(`error[OB803]: In mine/lessons ${what}`)
    expect(await codesOf(teach("mine", "sea.txt"))).toEqual(["OB803"])
    renameSync(paths[1], paths[0])
  }
  writeFileSync("mine/lessons/.DS_Store", "")
  expect(await lessonsOfScribe("mine")).toHaveLength(2)
})

test("a lesson that changes while it is read is refused, and nothing is remembered of it", async () => {
  writeFileSync("long.txt", SEA.repeat(400))
  await begin("mine", "long.txt")
  rmSync("mine/state", { recursive: true })
  let isChanged = false
  const onProgress = () => {
    if (!isChanged) writeFileSync("mine/lessons/0001-long.txt", PETER.repeat(800))
    isChanged = true
  }
  expect(await codesOf(openScribe("mine", { onProgress }))).toEqual(["OB803"])
  expect(filesOf("mine").filter((path) => path.endsWith(".packed"))).toEqual([])
})

test("what is no lesson is refused, and nothing is changed", async () => {
  await begin("mine", "sea.txt")
  const before = [filesOf("mine"), await stateOf("mine")]
  writeFileSync("empty.txt", "")
  writeFileSync("huge.txt", "")
  truncateSync("huge.txt", 2 ** 32 + 1)
  for (const path of ["empty.txt", "huge.txt", "nothing.txt", "mine"])
    expect(await codesOf(teach("mine", "sea.txt", path)), path).toEqual(["OB802"])
  const nothing = { name: "stdin", from: createReadStream("empty.txt") }
  expect(await codesOf(teachScribe("mine", [text("sea.txt"), nothing]))).toEqual(["OB802"])
  const broken = {
    name: "stdin",
    async *from() {
      yield "a text that "
      throw new Error("broke off")
    },
  }
  await expect(teachScribe("mine", [{ name: "stdin", from: broken.from() }])).rejects.toThrow("broke off")
  expect([filesOf("mine"), await stateOf("mine")]).toEqual(before)
  expect(readdirSync(".").filter((name) => name.startsWith("."))).toEqual([])
})

test("a primer is read first, and what it left is remembered for all copies", async () => {
  await withParts("primed", { [PRIMER]: bytesOf(SEA) })
  expect((await openScribe("primed")).bytesRead).toBe(SEA.length)
  await teachScribe("primed", [text("peter.txt")], { into: "copy" })
  expect((await openScribe("primed")).bytesRead).toBe(0)
  await begin("mine", "sea.txt")
  expect(await stateOf("primed")).toBe(await stateOf("mine"))
  expect(readFileSync("copy/primer.txt", "utf8")).toBe(SEA)
})

test("a primer that is too large, or another one than the manifest names, is refused", async () => {
  await withParts("primed", { [PRIMER]: new Uint8Array(PRIMER_BYTES_MAX + 1) })
  expect(await codesOf(openScribe("primed"))).toEqual(["OB805"])
  await withParts("primed", { [PRIMER]: bytesOf(SEA) })
  writeFileSync("primed/primer.txt", PETER)
  expect(await codesOf(openScribe("primed"))).toEqual(["OB153"])
})

test("neither lessons nor state are in the artifact, and what is pulled begins without them", async () => {
  await withParts("primed", { [PRIMER]: bytesOf(SEA) })
  const before = await artifactOf("primed")
  await teach("primed", "peter.txt")
  expect(filesOf("primed")).toEqual(expect.arrayContaining(["lessons/0001-peter.txt", "state/1.packed"]))
  const made = await artifactOf("primed")
  expect(made.artifact).toEqual(before.artifact)
  expect([...made.files.keys()].sort()).toEqual(["module.brain", "primer.txt"])
  expect(made.cardData).toMatchObject({ kind: "predictor", name: "primed" })

  await newKey("me")
  await push("primed", "acme/primed", { to: "stick" })
  const everything = Buffer.concat(
    filesOf("stick").flatMap((path) => (path.includes("sha256/") ? [readFileSync(join("stick", path))] : [])),
  )
  expect(everything.includes("Peter Piper")).toBe(false)
  newPerson().become()
  await add("acme/primed", { from: "stick" })
  expect((await openScribe("acme/primed")).lessons).toEqual([])
  await pull("acme/primed", "pulled", { from: "stick" })
  expect(filesOf("pulled")).toEqual(["module.brain", "primer.txt"])
  expect((await brain(["list"])).out).toMatch(/^acme\/primed:edge {2}predictor {2}/)
  expect((await brain(["show", "acme/primed"])).out).toContain("kind      predictor")

  // One of the store is never changed: a copy learns, but not where something lies.
  expect(await codesOf(teach("acme/primed", "peter.txt"))).toEqual(["OB807"])
  renameSync("primed", "elsewhere")
  const { folder, copyOf } = await teach("acme/primed", "peter.txt")
  expect([folder, copyOf]).toEqual(["primed", "acme/primed"])
  expect(await lessonsOfScribe("acme/primed")).toEqual([])
  expect(await codesOf(undoScribe("acme/primed"))).toEqual(["OB804"])
})

test("a copy is made where something lies never, nor of another memory in place", async () => {
  await begin("mine", "sea.txt")
  mkdirSync("taken")
  expect(await codesOf(begin("taken", "sea.txt"))).toEqual(["OB807"])
  expect(await codesOf(teachScribe("none", [text("sea.txt")]))).toEqual(["OB807"])
  expect(await codesOf(teachScribe("mine", [text("sea.txt")], { memoryBytes: 2 ** 15 }))).toEqual(["OB808"])
  const larger = await teachScribe("mine", [text("peter.txt")], { memoryBytes: 2 ** 15, into: "larger" })
  expect([larger.memoryBytes, larger.lessons]).toEqual([2 ** 15, 2])
  expect((await openScribe("larger")).bytesRead).toBe(0)
  expect(await lessonsOfScribe("mine")).toHaveLength(1)
})

test("the commands: teach, lessons, show, undo, and those that have no use for a scribe", async () => {
  const words = "teach none sea.txt --into mine --memory 16KB".split(" ")
  const taught = await brain(words)
  expect(taught.out).toMatch(
    /^Taught mine: 249 bytes read in \d+\.\d s, lesson 1\.\n {2}sea\.txt, 249 bytes, in bits a byte:\n/,
  )
  expect(taught).toMatchObject({ code: 0, err: "", isHeld: true })
  const piped = await brain(["teach", "mine", "--json"], { input: "a text from a pipe\n" })
  expect(JSON.parse(piped.out)).toMatchObject({ folder: "mine", lessons: 2, learnt: [{ name: "stdin", bytes: 19 }] })
  expect((await brain(["lessons", "mine"])).out).toBe("1  sea.txt  249 bytes\n2  stdin    19 bytes")
  const shown = await brain(["show", "mine"])
  expect(shown.out).toContain("memory   16 KB of tables")
  expect(shown.out).toContain("read     0 bytes of its primer, 268 bytes of lessons")
  expect(JSON.parse((await brain(["show", "mine", "--json"])).out)).toMatchObject({
    kind: "predictor",
    memoryBytes: SMALL,
    bytesRead: { primer: 0, lessons: 268 },
  })
  expect((await brain(["undo", "mine"])).out).toBe(
    "Undone: lesson 2, stdin. 1 lesson is left, and it is as it was before, to the bit.",
  )
  expect(JSON.parse((await brain(["undo", "mine", "--json"])).out)).toMatchObject({ undone: { lesson: 1 }, left: 0 })
  writeFileSync("desk.csv", "text,label\nhello,greeting\nbye,parting\n")
  writeFileSync(
    "echo.brain",
    'brain echo { about "x" licence "CC0-1.0" takes text: text up to 99 bytes gives reply: text up to 99 bytes use mine from "./mine" reply is mine of text }',
  )
  for (const [words, code, seen] of [
    ["undo mine", 1, "OB804"],
    ["ask mine hello", 1, "OB120"],
    ["test mine", 1, "OB120"],
    ["correct mine hello there", 1, "OB120"],
    ["teach sea.txt", 2, "OB500"],
    ["teach mine sea.txt --seed 3", 2, "OB500"],
    ["rebuild mine", 1, "OB806"],
    ["check mine", 1, "OB631"],
    ["check echo.brain", 1, "mine is a predictor of text, and gives no answers"],
    ["teach desk.csv --into mine --base none", 1, "OB807"],
    ["teach mnie sea.txt", 1, "OB801"],
    ["teach desk.csv --memory 16KB --into other", 1, "OB801"],
  ] as const)
    expect([words, await brain(words.split(" "))]).toMatchObject([words, { code, err: expect.stringContaining(seen) }])
})

test("two programs with one digest are one program", async () => {
  const [a, b] = await Promise.all([SMALL, 2 * SMALL].map((memoryBytes) => openScribe("none", { memoryBytes })))
  expect(programDigest(a!.predictor.program)).toBe(programDigest(structuredClone(a!.predictor.program)))
  expect(programDigest(a!.predictor.program)).not.toBe(programDigest(b!.predictor.program))
})
