import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { EMPTY, MEDIA, printReferrer } from "@open-brains/core/commons/artifact.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { BLOBS, blobPath } from "./blobs.ts"
import { collect } from "./collect.ts"
import { deltaPath } from "./delta.ts"
import { diskFiles, type Files } from "./files.ts"
import { type Layout, openLayout } from "./layout.ts"
import { checkedOut } from "./mine.ts"
import { keepAsDelta } from "./shrink.ts"
import { codesOf, moduleOf, push } from "./testing/artifacts.ts"

const REPOSITORY = "acme/mood"
const DAY = 24 * 60 * 60 * 1000
const TOMORROW = Date.now() + 2 * DAY
const later = { youngMs: DAY, nowMs: TOMORROW }
const blobs = (layout: Layout): readonly string[] => readdirSync(join(layout.folder, BLOBS)).sort()
const open = (): Promise<Layout> => openLayout(temporary(), { create: true })

test("what no tag leads to is taken away, and the bytes are told", async () => {
  const layout = await open()
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const before = blobs(layout)
  const two = await push(layout, REPOSITORY, moduleOf("two"), "edge")
  const wasted = before.filter((hex) => ![...two.digest, digestOf("the same for all\n")].join().includes(hex))
  const { blobs: count, bytesFreed, manifests } = await collect(layout, later)
  expect(count).toBe(3) // the manifest, the card and the text; the part is shared
  expect(wasted.length).toBeGreaterThan(0)
  expect(manifests).toBe(0)
  const { files, card, manifest } = moduleOf("one")
  expect(bytesFreed).toBe(manifest.length + card.length + files.get("module.brain")!.length)
  expect(await layout.resolve(REPOSITORY, one.digest)).toBeUndefined()
  for (const { digest, size } of (await layout.facts(two.digest)).layers) await layout.blob(REPOSITORY, digest, size)
  expect(await collect(layout, later)).toEqual({ blobs: 0, bytesFreed: 0, manifests: 0 })
})

test("what a lock names stays, and so does what is about something that stays", async () => {
  const layout = await open()
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const two = await push(layout, REPOSITORY, moduleOf("two"), "edge")
  const sign = async (text: string, subject: typeof one): Promise<typeof one> => {
    const envelope = new TextEncoder().encode(text)
    await layout.putBlob(REPOSITORY, digestOf(EMPTY), EMPTY)
    await layout.putBlob(REPOSITORY, digestOf(envelope), envelope)
    return layout.putManifest(REPOSITORY, printReferrer(MEDIA.signature, envelope, subject))
  }
  const [ofOne, ofTwo] = [await sign("one", one), await sign("two", two)]
  const ofTheSignature = await sign("about it", ofTwo)
  await collect(layout, { ...later, roots: [one.digest] })
  expect(await layout.referrers(REPOSITORY, one.digest)).toEqual([ofOne])
  const { manifests } = await collect(layout, later)
  expect(manifests).toBe(1)
  expect(await layout.referrers(REPOSITORY, one.digest)).toEqual([])
  expect(await layout.referrers(REPOSITORY, two.digest)).toEqual([ofTwo])
  expect(await layout.referrers(REPOSITORY, ofTwo.digest)).toEqual([ofTheSignature])
  expect(await layout.blob(REPOSITORY, digestOf("about it"), 8)).toHaveLength(8)
})

test("what is young stays, with all that it leads to, and so does what is found there by a push", async () => {
  const layout = await open()
  await push(layout, REPOSITORY, moduleOf("one"), "edge")
  await layout.remove(REPOSITORY, "edge")
  const all = blobs(layout)
  const old = (hex: string): void => utimesSync(join(layout.folder, BLOBS, hex), new Date(0), new Date(0))
  expect(await collect(layout, { youngMs: DAY })).toMatchObject({ blobs: 0 })
  const [file] = moduleOf("one").artifact.files
  for (const hex of all) old(hex)
  expect(await layout.has(REPOSITORY, file!.digest)).toBe(true) // a push asks
  expect(await collect(layout, { youngMs: DAY })).toMatchObject({ blobs: all.length - 1 })
  expect(await layout.has(REPOSITORY, file!.digest)).toBe(true)
  const text = new TextEncoder().encode("again")
  await layout.putBlob(REPOSITORY, digestOf(text), text)
  old(digestOf(text).slice(7))
  await layout.putBlob(REPOSITORY, digestOf(text), text)
  await collect(layout, { youngMs: DAY })
  expect(await layout.has(REPOSITORY, digestOf(text))).toBe(true)
})

test("a push that asks for a file just when it is taken away keeps it, or is told to push again", async () => {
  const folder = temporary()
  const pusher = await openLayout(folder, { create: true })
  const module = moduleOf("one")
  for (const { path, digest } of module.artifact.files)
    await pusher.putBlob(REPOSITORY, digest, module.files.get(path)!)
  for (const hex of blobs(pusher)) utimesSync(join(folder, BLOBS, hex), new Date(0), new Date(0))
  const rename: Files["rename"] = async (from, to) => {
    if (from.startsWith(join(folder, BLOBS))) await diskFiles.touch(from) // somebody asks between look and removal
    await diskFiles.rename(from, to)
  }
  const layout = await openLayout(folder, { files: { ...diskFiles, rename } })
  expect(await collect(layout, { youngMs: DAY })).toMatchObject({ blobs: 0 })
  expect(blobs(pusher)).toHaveLength(2)
  for (const hex of blobs(pusher)) utimesSync(join(folder, BLOBS, hex), new Date(0), new Date(0))
  await collect(pusher, { youngMs: DAY })
  await pusher.putBlob(REPOSITORY, module.artifact.card.digest, module.card)
  expect(await codesOf(pusher.putManifest(REPOSITORY, module.manifest, "edge"))).toBe("OB712")
})

test("a damaged manifest takes nothing else with it, and files of others stay", async () => {
  const layout = await open()
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const two = await push(layout, "acme/other", moduleOf("two"), "edge")
  writeFileSync(blobPath(layout.folder, one.digest), "{}")
  writeFileSync(join(layout.folder, BLOBS, "notes.txt"), "mine")
  mkdirSync(join(layout.folder, BLOBS, "a"))
  const reader = await openLayout(layout.folder)
  await collect(reader, later)
  expect(await reader.tags(REPOSITORY)).toEqual(["edge"])
  expect(blobs(layout)).toEqual(expect.arrayContaining(["a", "notes.txt", one.digest.slice(7)]))
  expect(await reader.facts(two.digest)).toMatchObject({ artifactType: MEDIA.module })
})

test("unpacked folders go with their artifacts, and a base stays as long as something is told from it", async () => {
  const layout = await open()
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const two = await push(layout, REPOSITORY, moduleOf("two"), "beta")
  const places = [await checkedOut(one.digest, layout), await checkedOut(two.digest, layout)]
  const [base, more] = ["x", "y"].map((letter) => new TextEncoder().encode(`${"0123456789".repeat(900)}${letter}`))
  await layout.putBlob(REPOSITORY, digestOf(base!), base!)
  await layout.putBlob(REPOSITORY, digestOf(more!), more!)
  expect(await keepAsDelta(layout, digestOf(more!), digestOf(base!))).toBeGreaterThan(8000)
  await layout.remove(REPOSITORY, "beta")
  await collect(layout, { ...later, roots: [digestOf(more!)] })
  expect(places.map((each) => existsSync(each))).toEqual([true, false])
  expect(Buffer.from(await layout.blob(REPOSITORY, digestOf(more!), more!.length)).equals(more!)).toBe(true)
  await collect(layout, later)
  expect(existsSync(deltaPath(layout.folder, digestOf(more!)))).toBe(false)
  expect(existsSync(blobPath(layout.folder, digestOf(base!)))).toBe(false)
})
