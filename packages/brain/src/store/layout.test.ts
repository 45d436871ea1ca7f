import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest as digestOf } from "@open-brains/core/base/digest.ts"
import { EMPTY, MEDIA, printArtifact, printReferrer } from "@open-brains/core/commons/artifact.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { blobPath, INCOMING } from "./blobs.ts"
import { diskFiles, type Files } from "./files.ts"
import { type Layout, openLayout } from "./layout.ts"
import { REF_NAME } from "./layout_index.ts"
import { codesOf, moduleOf, push } from "./testing/artifacts.ts"

const REPOSITORY = "acme/mood"

test("what is pushed is there, by tag and by digest, also for who opens the folder later", async () => {
  const folder = join(temporary(), "deep", "store")
  const layout = await openLayout(folder, { create: true })
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const other = await push(layout, "acme/other", moduleOf("other"), "stable")
  const again = await openLayout(folder)
  expect(await again.resolve(REPOSITORY, "edge")).toEqual(one)
  expect(await again.resolve(REPOSITORY, one.digest)).toEqual(one)
  expect(await again.resolve(REPOSITORY, "stable")).toBeUndefined()
  expect(await again.repositories()).toEqual([REPOSITORY, "acme/other"])
  expect(await again.tags("acme/other")).toEqual(["stable"])
  expect(await again.manifest(REPOSITORY, one.digest)).toEqual(Buffer.from(moduleOf("one").manifest))
  expect(JSON.parse(readFileSync(join(folder, "oci-layout"), "utf8"))).toEqual({ imageLayoutVersion: "1.0.0" })
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"))
  expect(index.manifests[1]).toMatchObject({
    digest: other.digest,
    mediaType: MEDIA.manifest,
    annotations: { [REF_NAME]: "acme/other:stable" },
  })
  expect(readdirSync(join(folder, INCOMING))).toEqual([])
})

test("a tag moves, and taking it away leaves the rest", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  await push(layout, REPOSITORY, moduleOf("one"), "stable")
  const two = await push(layout, REPOSITORY, moduleOf("two"), "edge")
  expect((await layout.resolve(REPOSITORY, "edge"))?.digest).toBe(two.digest)
  expect((await layout.resolve(REPOSITORY, "stable"))?.digest).toBe(one.digest)
  expect((await layout.index()).entries).toHaveLength(2)
  expect(await layout.remove(REPOSITORY, "edge")).toBe(true)
  expect(await layout.remove(REPOSITORY, "edge")).toBe(false)
  expect(await layout.tags(REPOSITORY)).toEqual(["stable"])
  expect(await layout.remove(REPOSITORY, one.digest)).toBe(true)
  expect(await layout.remove(REPOSITORY, one.digest)).toBe(false)
  expect(await layout.tags(REPOSITORY)).toEqual([])
  expect(await layout.resolve(REPOSITORY, one.digest)).toBeUndefined()
})

test("artifacts about another one are found by its digest, ours and those that another tool listed", async () => {
  const folder = temporary()
  const layout = await openLayout(folder, { create: true })
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const envelope = new TextEncoder().encode("signed")
  await layout.putBlob(REPOSITORY, digestOf(EMPTY), EMPTY)
  await layout.putBlob(REPOSITORY, digestOf(envelope), envelope)
  const about = await layout.putManifest(REPOSITORY, printReferrer(MEDIA.signature, envelope, one))
  await layout.putManifest(REPOSITORY, printReferrer(MEDIA.attestation, envelope, one))
  expect(await layout.referrers(REPOSITORY, one.digest, MEDIA.signature)).toEqual([about])
  expect(await layout.referrers(REPOSITORY, one.digest)).toHaveLength(2)
  expect(await layout.referrers("acme/other", one.digest)).toEqual([])
  expect(await layout.referrers(REPOSITORY, about.digest)).toEqual([])
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8"))
  for (const each of index.manifests) delete each.annotations
  writeFileSync(join(folder, "index.json"), JSON.stringify(index))
  expect(await layout.referrers(REPOSITORY, one.digest)).toHaveLength(2)
})

test("a manifest whose files are not there is not taken", async () => {
  const layout = await openLayout(temporary(), { create: true })
  expect(await codesOf(layout.putManifest(REPOSITORY, moduleOf("one").manifest, "edge"))).toBe("OB712")
  expect(await layout.tags(REPOSITORY)).toEqual([])
})

test("altered bytes are noticed when they are read, and mended by the next push", async () => {
  const folder = temporary()
  const layout = await openLayout(folder, { create: true })
  const packed = moduleOf("one")
  const { digest } = await push(layout, REPOSITORY, packed, "edge")
  const [file] = packed.artifact.files
  const path = blobPath(folder, file!.digest)
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.with(0, 1))
  expect(await codesOf(layout.blob(REPOSITORY, file!.digest, file!.size))).toBe("OB713")
  truncateSync(path, 1)
  expect(await codesOf(layout.blob(REPOSITORY, file!.digest, file!.size))).toBe("OB713")
  expect(await codesOf(layout.putBlob(REPOSITORY, file!.digest, bytes.with(0, 1)))).toBe("OB713")
  await layout.putBlob(REPOSITORY, file!.digest, bytes)
  expect(await layout.blob(REPOSITORY, file!.digest, file!.size)).toEqual(bytes)
  writeFileSync(blobPath(folder, digest), "{}")
  expect(await codesOf(layout.manifest(REPOSITORY, digest))).toBe("OB713")
  expect(await codesOf(layout.manifest(REPOSITORY, digestOf("nothing")))).toBe("OB712")
})

test("a stranger's folder: no layout, damaged, too large, and links out of it", async () => {
  const folder = temporary()
  expect(await codesOf(openLayout(folder))).toBe("OB710")
  expect(await codesOf(openLayout(join(folder, "none")))).toBe("OB710")
  writeFileSync(join(folder, "thesis.txt"), "mine")
  expect(await codesOf(openLayout(folder, { create: true }))).toBe("OB710")
  expect(readdirSync(folder)).toEqual(["thesis.txt"])
  const store = join(temporary(), "store")
  const layout = await openLayout(store, { create: true })
  const { digest } = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  const index = join(store, "index.json")
  const source = readFileSync(index, "utf8")
  for (const damaged of [
    "{",
    "[]",
    '{"schemaVersion":2,"manifests":[{"digest":"../../etc"}]}',
    source.replace("2}", "3}"),
  ]) {
    writeFileSync(index, damaged)
    expect(await codesOf(layout.tags(REPOSITORY)), damaged).toBe("OB711")
  }
  truncateSync(index, 2 ** 26 + 1)
  expect(await codesOf(layout.tags(REPOSITORY))).toBe("OB711")
  writeFileSync(index, source)
  const outside = join(folder, "thesis.txt")
  const leads = digestOf("another")
  symlinkSync(outside, blobPath(store, leads))
  expect(await codesOf(layout.blob(REPOSITORY, leads, 4))).toBe("OB713")
  symlinkSync(outside, blobPath(store, digestOf("mine")))
  expect(await layout.blob(REPOSITORY, digestOf("mine"), 4)).toEqual(Buffer.from("mine"))
  mkdirSync(blobPath(store, digestOf("folder")))
  expect(await codesOf(layout.blob(REPOSITORY, digestOf("folder"), 4))).toBe("OB713")
  truncateSync(blobPath(store, digest), 2 ** 23)
  expect(await codesOf(layout.manifest(REPOSITORY, digest))).toBe("OB713")
  writeFileSync(join(store, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}')
  expect(await codesOf(openLayout(store))).toBe("OB710")
})

test("a file that says it is empty and never ends is not read", async () => {
  const store = temporary()
  const layout = await openLayout(store, { create: true })
  const digest = digestOf("endless")
  writeFileSync(blobPath(store, digest), "")
  const read: Files["read"] = (path) => {
    throw new Error(`${path} was read`)
  }
  const watched = await openLayout(store)
  expect(await codesOf(layout.blob(REPOSITORY, digest, 0))).toBe("OB713")
  expect(await watched.blob(REPOSITORY, digestOf(""), 0).catch(() => "absent")).toBe("absent")
  const { openBlobs } = await import("./blobs.ts")
  expect(await codesOf(openBlobs(store, { ...diskFiles, read }).read(digest, { bytesMax: 9 }))).toBe("OB713")
})

test("stopped at any step, a push leaves the old or the new, and the next one goes through", async () => {
  for (let step = 0; ; step++) {
    const folder = join(temporary(), "store")
    const first = await openLayout(folder, { create: true })
    const one = await push(first, REPOSITORY, moduleOf("one"), "edge")
    let count = 0
    const stop =
      <A extends readonly unknown[], T>(work: (...all: A) => Promise<T>) =>
      async (...all: A): Promise<T> => {
        if (count++ >= step) throw Object.assign(new Error("stopped"), { code: "EIO" })
        return work(...all)
      }
    const { write, rename, makeFolder, link, settle, remove, touch } = diskFiles
    const files: Files = {
      ...diskFiles,
      write: stop(write),
      rename: stop(rename),
      makeFolder: stop(makeFolder),
      link: stop(link),
      settle: stop(settle),
      remove: stop(remove),
      touch: stop(touch),
    }
    const stopped = await push(await openLayout(folder, { files }), REPOSITORY, moduleOf("two"), "edge").catch(
      () => undefined,
    )
    const reader = await openLayout(folder)
    const now = (await reader.resolve(REPOSITORY, "edge"))!
    const expected = [one.digest, moduleOf("two").artifact.digest]
    expect(stopped ? expected.slice(1) : expected, `step ${step}`).toContain(now.digest)
    await whole(reader)
    await push(await openLayout(folder), REPOSITORY, moduleOf("three"), "edge")
    expect((await reader.resolve(REPOSITORY, "edge"))?.digest).toBe(moduleOf("three").artifact.digest)
    if (stopped && count < step) break
  }
})
async function whole(layout: Layout): Promise<void> {
  for (const { digest } of (await layout.index()).entries) {
    const { config, layers } = await layout.facts(digest)
    for (const each of [config!, ...layers]) await layout.blob(REPOSITORY, each.digest, each.size)
  }
}

test("two processes that write at once lose nothing of each other", async () => {
  const folder = join(temporary(), "store")
  const writers = ["a", "b"].map((name) =>
    spawn(process.execPath, [join(import.meta.dirname, "testing/pusher.ts"), folder, name, "12"], {
      stdio: ["ignore", "pipe", "inherit"],
    }),
  )
  for (const writer of writers) writer.stdout.resume()
  const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "exit"))[0]))
  expect(codes).toEqual([0, 0])
  const layout = await openLayout(folder)
  expect(await layout.tags("acme/a")).toHaveLength(12)
  expect(await layout.tags("acme/b")).toHaveLength(12)
  await whole(layout)
}, 30_000)

test("many in this process at once lose nothing either", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const other = await openLayout(layout.folder)
  await Promise.all(
    Array.from({ length: 20 }, (_, i) => push(i % 2 ? layout : other, REPOSITORY, moduleOf(`m${i}`), `t${i}`)),
  )
  expect(await layout.tags(REPOSITORY)).toHaveLength(20)
})

test("an index that another one took the place of is read, though its size, time and inode are as before", async () => {
  const folder = temporary()
  const layout = await openLayout(folder, { create: true })
  await push(layout, REPOSITORY, moduleOf("one"), "edge")
  expect(await layout.tags(REPOSITORY)).toEqual(["edge"])
  const source = readFileSync(join(folder, "index.json"), "utf8")
  const now = Date.now()
  const same: Files["kind"] = async (path) => {
    const found = await diskFiles.kind(path)
    return found && { ...found, id: "1:1", changedMs: now }
  }
  const watched = await openLayout(folder, { files: { ...diskFiles, kind: same } })
  expect(await watched.tags(REPOSITORY)).toEqual(["edge"])
  writeFileSync(join(folder, "new"), source.replace("mood:edge", "mood:egde"))
  renameSync(join(folder, "new"), join(folder, "index.json"))
  expect(await watched.tags(REPOSITORY)).toEqual(["egde"])
})

test("an index of 10,000 entries is parsed once", async () => {
  const folder = temporary()
  const layout = await openLayout(folder, { create: true })
  const one = await push(layout, REPOSITORY, moduleOf("one"), "edge")
  await layout.change(async ({ entries }) => ({
    entries: [
      ...entries,
      ...Array.from({ length: 10_000 }, (_, i) => ({ ...one, annotations: { [REF_NAME]: `acme/m${i}:edge` } })),
    ],
    result: undefined,
  }))
  const reader = await openLayout(folder)
  expect(await reader.repositories()).toHaveLength(10_001)
  const index = await reader.index()
  expect(await reader.index()).toBe(index)
  const start = performance.now()
  for (let i = 0; i < 100; i++) await reader.resolve(`acme/m${i}`, "edge")
  expect((performance.now() - start) / 100).toBeLessThan(50)
  expect(printArtifact(moduleOf("one").artifact.files, moduleOf("one").cardData).artifact.digest).toBe(one.digest)
})
