import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { expect, onTestFinished, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"
import { artifactOf } from "./artifact.ts"
import { BLOBS, blobPath } from "./blobs.ts"
import { collect } from "./collect.ts"
import { applyDelta, type Delta, deltaOf, deltaPath, parseDelta, printDelta } from "./delta.ts"
import { type Layout, openLayout } from "./layout.ts"
import { keepAsDelta, shrink } from "./shrink.ts"
import { codesOf } from "./testing/artifacts.ts"
import { noise, withWeights } from "./testing/editions.ts"
import { filesIn } from "./testing/module.ts"
import { putArtifact } from "./unpack.ts"

/** A few numbers differ a little, as those of a net do that learnt on. */
const learntOn = (weights: Uint8Array): Uint8Array => weights.map((byte, i) => (i % 8 === 0 ? byte + 1 : byte))
const text = (length: number, end: string): Uint8Array =>
  new TextEncoder().encode(Array.from({ length }, (_, i) => `line ${i * i}\n`).join("") + end)

test.each([
  [
    "texts",
    text(2000, "one"),
    Buffer.concat([new TextEncoder().encode("a first line\n"), text(2000, "two")]),
    "passages",
  ],
  ["weights", noise(30_000), learntOn(noise(30_000)), "steps"],
  ["another length", noise(30_000), learntOn(noise(31_000)), "steps"],
] as const)("a delta of %s gives the blob again", (_, base, bytes, how) => {
  const found = deltaOf(bytes, base)
  expect(found.how).toBe(how)
  expect(found.frame.length).toBeLessThan(bytes.length / 2)
  const delta: Delta = { ...found, depth: 1, base: digestOf(base), size: bytes.length }
  const again = parseDelta(printDelta(delta))!
  expect(Buffer.from(applyDelta(again, base)!).equals(bytes)).toBe(true)
  expect(applyDelta({ ...again, size: bytes.length - 1 }, base)).toBeUndefined()
  for (let cut = 0; cut < 60; cut++) parseDelta(printDelta(delta).subarray(0, cut))
  expect(parseDelta(printDelta({ ...delta, depth: 5 }))).toBeUndefined()
})

async function withChain(length: number): Promise<{ readonly layout: Layout; readonly all: readonly Uint8Array[] }> {
  const layout = await openLayout(temporary(), { create: true })
  const all = Array.from({ length }, (_, i) => text(1000, `${i}`))
  for (const bytes of all) await layout.putBlob("acme/it", digestOf(bytes), bytes)
  return { layout, all }
}
const read = async (layout: Layout, bytes: Uint8Array): Promise<string> =>
  Buffer.from(await layout.blob("acme/it", digestOf(bytes), bytes.length)).equals(bytes) ? "same" : "other"

test("a chain is at most four deep, leads nowhere in a circle, and is not begun where it does not pay", async () => {
  const { layout, all } = await withChain(6)
  for (let i = 1; i <= 4; i++)
    expect(await keepAsDelta(layout, digestOf(all[i]!), digestOf(all[i - 1]!))).toBeGreaterThan(0)
  expect(await keepAsDelta(layout, digestOf(all[5]!), digestOf(all[4]!))).toBe(0)
  expect(await keepAsDelta(layout, digestOf(all[0]!), digestOf(all[4]!))).toBe(0)
  for (const bytes of all) expect(await read(layout, bytes)).toBe("same")
  expect(existsSync(blobPath(layout.folder, digestOf(all[4]!)))).toBe(false)
  const strange = noise(9000, 1e6)
  await layout.putBlob("acme/it", digestOf(strange), strange)
  expect(await keepAsDelta(layout, digestOf(strange), digestOf(all[0]!))).toBe(0)
  expect(await layout.has("acme/it", digestOf(all[4]!))).toBe(true)
})

test("an altered delta or base is noticed, and the next push puts the blob there whole", async () => {
  const { layout, all } = await withChain(2)
  const [base, more] = all as [Uint8Array, Uint8Array]
  await keepAsDelta(layout, digestOf(more), digestOf(base))
  const path = deltaPath(layout.folder, digestOf(more))
  const source = readFileSync(path)
  for (const at of [0, 4, 5, 10, 40, source.length - 5]) {
    writeFileSync(path, source.with(at, source[at]! ^ 64))
    expect(await codesOf(read(layout, more)), `${at}`).toMatch(/^OB71[23]$/)
  }
  await layout.putBlob("acme/it", digestOf(more), more)
  expect(await read(layout, more)).toBe("same")
  expect(existsSync(blobPath(layout.folder, digestOf(more)))).toBe(true)
  const fresh = await withChain(2)
  await keepAsDelta(fresh.layout, digestOf(more), digestOf(base))
  writeFileSync(blobPath(fresh.layout.folder, digestOf(base)), base.with(0, 1))
  expect(await codesOf(read(fresh.layout, more))).toBe("OB713")
})

test("a stranger's delta that leads to itself, or to more than it says, ends", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const bytes = text(1000, "")
  const [one, two] = [digestOf("one"), digestOf("two")]
  const { how, frame } = deltaOf(bytes, bytes)
  mkdirSync(join(layout.folder, "deltas"))
  const put = (digest: typeof one, base: typeof one, size: number): void =>
    writeFileSync(deltaPath(layout.folder, digest), printDelta({ how, frame, depth: 4, base, size }))
  put(one, two, bytes.length)
  put(two, one, bytes.length)
  expect(await codesOf(layout.blob("acme/it", one, bytes.length))).toBe("OB713")
  put(one, one, bytes.length)
  expect(await codesOf(layout.blob("acme/it", one, bytes.length))).toBe("OB713")
  await layout.putBlob("acme/it", digestOf(bytes), bytes)
  put(one, digestOf(bytes), 5000)
  expect(await codesOf(layout.blob("acme/it", one, 5000))).toBe("OB713")
})

test("what others are told from stays whole: as a delta it would make them deeper than they say", async () => {
  const { layout, all } = await withChain(3)
  const [one, two, three] = all as [Uint8Array, Uint8Array, Uint8Array]
  expect(await keepAsDelta(layout, digestOf(one), digestOf(two))).toBeGreaterThan(0)
  expect(await keepAsDelta(layout, digestOf(two), digestOf(three))).toBe(0)
  for (const bytes of all) expect(await read(layout, bytes)).toBe("same")
})

test("a delta that a process left beside its blob when it was ended is written again", async () => {
  const { layout, all } = await withChain(2)
  const [base, more] = all as [Uint8Array, Uint8Array]
  await keepAsDelta(layout, digestOf(more), digestOf(base))
  for (const left of [readFileSync(deltaPath(layout.folder, digestOf(more))), new TextEncoder().encode("OBD1 half")]) {
    writeFileSync(blobPath(layout.folder, digestOf(more)), more)
    writeFileSync(deltaPath(layout.folder, digestOf(more)), left)
    expect(await read(layout, more)).toBe("same")
    expect(await keepAsDelta(layout, digestOf(more), digestOf(base))).toBeGreaterThan(0)
    expect(existsSync(blobPath(layout.folder, digestOf(more)))).toBe(false)
    expect(await read(layout, more)).toBe("same")
  }
})

test("an edition is told from another one that a tag stands for, and read as before by whoever opens the folder", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const weights = noise(20_000)
  const [one, two] = [withWeights("one", weights), withWeights("two", learntOn(weights))]
  const three = withWeights("three", learntOn(learntOn(weights)))
  await putArtifact(layout, "acme/mood", one, "stable")
  await putArtifact(layout, "acme/mood", two, "edge")
  await putArtifact(layout, "acme/other", withWeights("four", noise(20_000, 1e6)), "edge")
  const { deltas, bytesFreed } = await shrink(layout, two.artifact.digest)
  expect(deltas).toBe(1)
  expect(bytesFreed).toBeGreaterThan(10_000)
  expect(await shrink(layout, two.artifact.digest)).toEqual({ deltas: 0, bytesFreed: 0 })
  const file = two.artifact.files.find(({ path }) => path === "weights.safetensors")!
  expect(existsSync(join(layout.folder, BLOBS, file.digest.slice(7)))).toBe(false)
  const reader = await openLayout(layout.folder)
  expect(await reader.has("acme/mood", file.digest)).toBe(true)
  expect(Buffer.from(await reader.blob("acme/mood", file.digest, file.size)).equals(learntOn(weights))).toBe(true)
  expect(await codesOf(reader.blob("acme/mood", file.digest, file.size + 1))).toBe("OB713")
  await putArtifact(layout, "acme/mood", two, "beta") // its files are there
  expect(existsSync(join(layout.folder, BLOBS, file.digest.slice(7)))).toBe(false)
  // Nothing is kept for the sake of a delta: what no tag stands for any more is no base.
  const only = await openLayout(temporary(), { create: true })
  await putArtifact(only, "acme/mood", one, "edge")
  await putArtifact(only, "acme/mood", three, "edge")
  await only.putManifest("acme/mood", one.manifest)
  expect((await shrink(only, three.artifact.digest)).deltas).toBe(0)
})

/** The bytes of all files in a store. */
const bytesIn = (folder: string): number =>
  Object.keys(filesIn(folder)).reduce((sum, path) => sum + statSync(join(folder, path)).size, 0)

test("the push of a net that was edited by hand costs the store little, gc keeps what it is told from, and all of it reads back", async () => {
  const [home, place] = [temporary(), temporary()]
  vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"))
  vi.stubEnv("BRAIN_STORE", join(home, "store"))
  onTestFinished(() => void vi.unstubAllEnvs())
  const intent = join(repository, "modules/intent")
  const run = async (...words: readonly string[]): Promise<void> =>
    expect(await brain(words)).toMatchObject({ err: "", code: 0 })
  await run("key", "new")
  await run("push", intent, "acme/intent")
  const before = bytesIn(join(home, "store"))
  const edited = join(place, "edited")
  await run("edit", intent, "--weight", "bias", "--at", "0,1", "--to", "12", "--into", edited)
  await run("push", edited, "acme/careful")
  const [grown, weights] = [bytesIn(join(home, "store")) - before, readFileSync(join(edited, "weights.safetensors"))]
  expect(grown).toBeLessThan(weights.length / 10)
  const layout = await openLayout(join(home, "store"))
  const { artifact } = await artifactOf(edited)
  expect(existsSync(deltaPath(layout.folder, digestOf(weights)))).toBe(true)
  // The net that it was made from goes, and is old enough to be taken: its weights stay.
  await layout.remove("acme/intent", "edge")
  const later = Date.now() + 1e9
  expect((await collect(layout, { youngMs: 1000, nowMs: later })).blobs).toBeGreaterThan(0)
  await run("pull", "acme/careful", "--from", layout.folder, "--into", join(place, "back"))
  expect(filesIn(join(place, "back"))).toEqual(filesIn(edited))
  expect((await artifactOf(join(place, "back"))).artifact.digest).toBe(artifact.digest)
  // When that goes too, nothing stays behind.
  await layout.remove("acme/careful", "edge")
  await collect(layout, { youngMs: 1000, nowMs: later + 1e9 })
  expect(existsSync(deltaPath(layout.folder, digestOf(weights)))).toBe(false)
  expect(bytesIn(layout.folder)).toBeLessThan(2000)
})
