import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { printArtifact } from "@open-brains/core/commons/artifact.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { BLOBS, blobPath } from "./blobs.ts"
import { applyDelta, type Delta, deltaOf, deltaPath, parseDelta, printDelta } from "./delta.ts"
import { type Layout, openLayout } from "./layout.ts"
import { keepAsDelta, shrink } from "./shrink.ts"
import { codesOf, moduleOf } from "./testing/artifacts.ts"
import { type Fetched, putArtifact } from "./unpack.ts"

const random = stream(1, "mix", 0)
const noise = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(256 * random.uniform(from + i)))
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

function withWeights(edition: string, weights: Uint8Array): Fetched {
  const { cardData, files } = moduleOf(edition)
  const all = new Map([...files, ["weights.safetensors", weights] as const])
  const described = [...all].map(([path, bytes]) => ({ path, digest: digestOf(bytes), size: bytes.length }))
  return { ...printArtifact(described, cardData), cardData, files: all }
}

test("editions of a module are told from the latest one, and read as before by whoever opens the folder", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const weights = noise(20_000)
  const one = withWeights("one", weights)
  const two = withWeights("two", learntOn(weights))
  await putArtifact(layout, "acme/mood", one, "stable")
  await putArtifact(layout, "acme/mood", two, "edge")
  await putArtifact(layout, "acme/other", withWeights("three", noise(20_000, 1e6)), "edge")
  const { deltas, bytesFreed } = await shrink(layout)
  expect(deltas).toBe(1)
  expect(bytesFreed).toBeGreaterThan(10_000)
  expect(await shrink(layout)).toEqual({ deltas: 0, bytesFreed: 0 })
  const file = one.artifact.files.find(({ path }) => path === "weights.safetensors")!
  expect(existsSync(join(layout.folder, BLOBS, file.digest.slice(7)))).toBe(false)
  const reader = await openLayout(layout.folder)
  expect(await reader.has("acme/mood", file.digest)).toBe(true)
  expect(Buffer.from(await reader.blob("acme/mood", file.digest, file.size)).equals(weights)).toBe(true)
  expect(await codesOf(reader.blob("acme/mood", file.digest, file.size + 1))).toBe("OB713")
  await putArtifact(layout, "acme/mood", one, "beta") // its files are there
  expect(existsSync(join(layout.folder, BLOBS, file.digest.slice(7)))).toBe(false)
})
