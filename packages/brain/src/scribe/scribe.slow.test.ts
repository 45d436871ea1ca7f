import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { mirror, mirrorIsPromised, missingData, repository, requireOrSkip } from "../../../../scripts/testing.ts"
import { newPerson } from "../sharing/testing/people.ts"
import { brain, temporary } from "../testing/command.ts"
import { type Ended, later, start } from "../testing/process.ts"
import { openScribe } from "./open.ts"
import { writeState } from "./snapshot.ts"
import { take } from "./text.ts"

const LINES = Array.from(
  { length: 8000 },
  (_, i) => `line ${i} of ${(i * 7919) % 1009} is ${(i * 31) % 97} and no other\n`,
)
const HERE = process.cwd()
let place: string
beforeEach(() => {
  newPerson().become()
  place = temporary()
  process.chdir(place)
  writeFileSync("long.txt", LINES.join(""))
  writeFileSync("short.txt", LINES.slice(0, 40).join(""))
})
afterEach(() => {
  process.chdir(HERE)
  vi.unstubAllEnvs()
})
const run = (...words: readonly string[]): Promise<Ended> => start(words, { cwd: place }).ended
const stateOf = async (word: string) => {
  const { predictor } = await openScribe(word, { engine: "wasm" })
  return digest(writeState(predictor, digest("")))
}
/** By its own word, or by the signal where it came before the command had begun to listen. */
const isStopped = ({ code, signal, err }: Ended): boolean =>
  signal === "SIGINT" || (code === 130 && err.endsWith("Stopped; nothing was changed.\n"))
const hidden = (): readonly string[] => readdirSync(".").filter((name) => name.startsWith("."))
const filesOf = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()

test("Ctrl-C and kill at any moment of a lesson leave the scribe that was there, or the one that has learnt it", async () => {
  await run("teach", "none", "short.txt", "--into", "mine", "--memory", "1MB")
  cpSync("mine", "whole", { recursive: true })
  const before = await stateOf("mine")
  const started = performance.now()
  await run("teach", "whole", "long.txt")
  const lasts = performance.now() - started
  const after = await stateOf("whole")
  cpSync("mine", "kept", { recursive: true })
  const seen = filesOf("mine")
  let stopped = 0
  for (const [i, share] of [0.05, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97].entries())
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const leftBefore = hidden() // of those that were killed
      const { child, ended } = start(["teach", "mine", "long.txt"], { cwd: place })
      await later(share * lasts)
      child.kill(signal)
      const end = await ended
      const lessons = readdirSync("mine/lessons")
      if (end.code === 0 || lessons.length === 2) expect([i, await stateOf("mine")]).toEqual([i, after])
      else {
        stopped++
        expect([i, await stateOf("mine")]).toEqual([i, before])
        if (signal === "SIGINT") {
          expect(end).toSatisfy(isStopped)
          expect(filesOf("mine")).toEqual(seen)
          expect(leftBefore).toEqual(expect.arrayContaining([...hidden()]))
        }
      }
      if (lessons.length === 2) expect((await run("undo", "mine")).code).toBe(0)
      expect(await stateOf("mine")).toBe(before)
    }
  expect(stopped).toBeGreaterThan(0) // how many depends on the machine
  expect((await run("teach", "mine", "long.txt")).code).toBe(0) // what the killed ones left is swept
  expect(hidden()).toEqual([])
}, 120_000)

test("Ctrl-C while a copy is taught leaves no copy", async () => {
  await run("teach", "none", "short.txt", "--into", "mine", "--memory", "1MB")
  const { child, ended } = start(["teach", "mine", "long.txt", "--into", "copy"], { cwd: place })
  await later(1500)
  child.kill("SIGINT")
  const end = await ended
  if (end.code !== 0) expect(end).toSatisfy(isStopped)
  // A signal that comes while the process ends finds the copy there, and whole.
  if (end.code === 130) expect(existsSync("copy")).toBe(false)
  if (existsSync("copy")) expect((await run("show", "copy")).code).toBe(0)
  expect(hidden()).toEqual([])
}, 60_000)

test("two processes that teach one scribe at once wait for each other, and nothing is lost", async () => {
  await run("teach", "none", "short.txt", "--into", "mine", "--memory", "64KB")
  const names = ["a", "b", "c"]
  for (const name of names) writeFileSync(`${name}.txt`, LINES.slice(0, 2000).join(name))
  const ended = await Promise.all(names.map((name) => run("teach", "mine", `${name}.txt`)))
  expect(ended.map(({ code, err }) => [code, err])).toEqual(names.map(() => [0, ""]))
  const lessons = readdirSync("mine/lessons")
  expect(lessons.map((name) => name.slice(5)).sort()).toEqual(["a.txt", "b.txt", "c.txt", "short.txt"])
  const order = lessons.map((name) => `mine/lessons/${name}`)
  await run("teach", "none", ...order, "--into", "again", "--memory", "64KB")
  expect(await stateOf("mine")).toBe(await stateOf("again"))
}, 60_000)

test("a text is copied without being held in memory", async () => {
  const chunk = new Uint8Array(2 ** 20).fill(65)
  let most = 0
  async function* much(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 512; i++) {
      yield chunk.slice()
      if (i % 16 === 0) {
        globalThis.gc?.()
        const { arrayBuffers } = process.memoryUsage()
        most = Math.max(most, arrayBuffers)
      }
    }
  }
  const first = process.memoryUsage().arrayBuffers
  expect((await take({ name: "much", from: much() }, join(place, "much"))).bytes).toBe(2 ** 29)
  expect(most - first).toBeLessThan(2 ** 28)
}, 60_000)

test("scribe is found by its name, taught in a copy that goes first from then on, and never changed itself", async () => {
  const own = filesOf(join(repository, "modules/scribe"))
  const manifest = readFileSync(join(repository, "modules/scribe/module.brain"))
  const shown = await brain(["show", "scribe"])
  expect(shown.out).toContain("To teach it, a copy is made: brain teach scribe notes.txt")
  const taught = await brain(["teach", "scribe", "short.txt"])
  expect(taught.out.replace(/\s+/g, " ")).toContain(
    "scribe stays as it is: this is a copy of it, with 16 MB of memory. Standing in this folder, scribe is the copy from now on",
  )
  expect((await brain(["lessons", "scribe"])).out).toContain("1  short.txt")
  expect(JSON.parse((await brain(["teach", "scribe", "short.txt", "--json"])).out)).toMatchObject({ lessons: 2 })
  const learnt = await stateOf("scribe")
  expect((await brain(["undo", "scribe"])).code).toBe(0)
  expect(await stateOf("scribe")).not.toBe(learnt)
  symlinkSync(join(repository, "modules/scribe"), "linked")
  expect(JSON.parse((await brain(["show", "linked", "--json"])).out)).toMatchObject({ isOwn: false })
  mkdirSync("elsewhere")
  process.chdir("elsewhere")
  expect((await brain(["undo", "scribe"])).err).toContain("OB804")
  expect(filesOf(join(repository, "modules/scribe"))).toEqual(own)
  expect(readFileSync(join(repository, "modules/scribe/module.brain"))).toEqual(manifest)
}, 60_000)

test("brain rebuild scribe makes its primer again, bit for bit, and tells where another comes out", async (context) => {
  requireOrSkip(context, missingData("tinyshakespeare/input.txt"), mirrorIsPromised())
  vi.stubEnv("BRAIN_MIRROR", mirror()!)
  const scribe = join(repository, "modules/scribe")
  const primer = ["--only", "primer"]
  expect(await brain(["rebuild", scribe, ...primer])).toMatchObject({
    code: 0,
    out: expect.stringContaining("Its primer alone was built again, bit for bit."),
  })
  cpSync(scribe, "other", { recursive: true })
  const recipe = readFileSync("other/recipe.json", "utf8")
  writeFileSync("other/recipe.json", recipe.replace(/("primer":[\s\S]*?"from": )0/, "$11"))
  expect((await brain(["rebuild", "other", ...primer, "--write"])).code).toBe(0)
  expect((await brain(["rebuild", "other", ...primer])).code).toBe(0)
  expect(readFileSync("other/primer.txt")).toEqual(readFileSync(join(scribe, "primer.txt")).subarray(1))
  const alien = recipe.replaceAll(/sha256:[0-9a-f]{64}/g, digest("x"))
  writeFileSync("other/recipe.json", alien)
  expect((await brain(["rebuild", "other", ...primer, "--write"])).err).toContain("OB531")
  expect((await brain(["rebuild", "other", "--only", "net", "--write"])).err).toContain("OB531")
  vi.stubEnv("BRAIN_MIRROR", place)
  expect((await brain(["rebuild", scribe, ...primer])).err).toContain("OB530")
}, 120_000)

test("scribe has a net, and English that nobody taught it costs less for it", async () => {
  const scribe = join(repository, "modules/scribe")
  cpSync(scribe, "bare", { recursive: true })
  const manifest = readFileSync("bare/module.brain", "utf8")
  writeFileSync("bare/module.brain", manifest.replace(/ {2}part "net.safetensors" .*\n/, ""))
  const manual = readFileSync(join(repository, "docs/manual/scribe.md"))
  const paragraph = manual.subarray(manual.indexOf("\n\n") + 2, manual.indexOf("```"))
  const opened = await Promise.all(["bare", scribe].map((word) => openScribe(word)))
  expect(opened.map(({ predictor }) => predictor.experts.at(-1)!.name)).toEqual(["match", "neural"])
  const [without, with_] = opened.map(
    ({ predictor }) => predictor.read(paragraph, { learns: false }) / paragraph.length,
  )
  expect(with_!).toBeLessThan(without!)
  expect(with_!).toBeLessThan(3)
}, 120_000)
