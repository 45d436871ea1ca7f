import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openBlobCrew } from "./blob_crew.ts"
import { type Blobs, openBlobs, SMALL_BYTES, type Upload } from "./blobs.ts"
import { digestBytes } from "./hash.ts"

let folder: string
let workers: Worker[]
let blobs: Blobs
const WORKER = fileURLToPath(new URL("./blob_worker.ts", import.meta.url))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-blobs-"))
  workers = []
  blobs = openBlobs(folder, (data) =>
    openBlobCrew(data, (workerData) => {
      const worker = new Worker(WORKER, { workerData, execArgv: [] })
      workers.push(worker)
      return worker
    }),
  )
})
afterEach(async () => {
  await blobs.close()
  rmSync(folder, { recursive: true, force: true })
})
const BYTES = Buffer.alloc(SMALL_BYTES + 1, "bytes of a file")
const LARGE = Buffer.alloc(5_000_001, "bytes of a large file")
const DIGEST = digestBytes(BYTES)
const OTHER = digestBytes(LARGE)
async function* inParts(bytes: Uint8Array, part = 5000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += part) yield bytes.subarray(at, at + part)
}
async function receive(bytes: Uint8Array = BYTES, part?: number): Promise<Upload> {
  const upload = blobs.begin("acme/x", 0)
  await blobs.receive(upload, inParts(bytes, part), 1e7, () => 0)
  return upload
}
const sent = (): readonly string[] => readdirSync(join(folder, "uploads"))
const kept = (): readonly string[] => readdirSync(join(folder, "blobs/sha256"))

test("what is large lies under its digest when it is settled, in whatever parts it came; what is small comes back", async () => {
  expect(await blobs.settle(await receive(), DIGEST)).toEqual({ found: DIGEST })
  expect(readFileSync(blobs.path(DIGEST))).toEqual(BYTES)
  for (const part of [700, 70_000, 3_000_000]) {
    expect(await blobs.settle(await receive(LARGE, part), OTHER)).toEqual({ found: OTHER })
    expect(readFileSync(blobs.path(OTHER)).equals(LARGE)).toBe(true)
    blobs.remove(OTHER)
  }
  const parts = blobs.begin("acme/x", 0)
  for (const from of [0, 1_000_000, 4_000_000]) {
    const to = from === 0 ? 1_000_000 : from === 1_000_000 ? 4_000_000 : LARGE.length
    await blobs.receive(parts, inParts(LARGE.subarray(from, to), 65_536), 1e7, () => 0)
    await blobs.pause(parts)
    expect(parts.waitingBytes).toBe(0)
  }
  expect(sent()).toEqual([parts.id])
  expect(await blobs.settle(parts, OTHER)).toEqual({ found: OTHER })
  expect(readFileSync(blobs.path(OTHER)).equals(LARGE)).toBe(true)
  const small = BYTES.subarray(0, SMALL_BYTES)
  const started = workers.length
  expect(await blobs.settle(await receive(small), digestBytes(small))).toEqual({ found: digestBytes(small), small })
  expect([sent(), workers.length]).toEqual([[], started])
})

test("what has another digest than it should is nowhere, nor what is too large, given up or breaks off", async () => {
  for (const bytes of [BYTES, LARGE]) {
    const upload = await receive(bytes)
    expect(await blobs.settle(upload, digestBytes(Buffer.from("other")))).toEqual({ found: digestBytes(bytes) })
    await blobs.cancel(upload)
  }
  const upload = await receive(LARGE)
  expect(sent()).toEqual([upload.id])
  await blobs.cancel(upload)
  expect(sent()).toEqual([])
  await expect(blobs.receive(upload, inParts(BYTES), 1e7, () => 0)).rejects.toThrow("given up")
  await expect(blobs.settle(upload, OTHER)).rejects.toThrow("given up")
  await expect(blobs.receive(blobs.begin("acme/x", 0), inParts(LARGE), 3e6, () => 0)).rejects.toThrow("more bytes")
  const breaking = async function* (): AsyncGenerator<Uint8Array> {
    yield Buffer.from(LARGE)
    throw new Error("the connection broke")
  }
  await expect(blobs.receive(blobs.begin("acme/x", 0), breaking(), 1e7, () => 0)).rejects.toThrow("broke")
  await receive(LARGE)
  expect(sent()).toHaveLength(1)
  expect(await blobs.collect(1)).toBe(1)
  expect([sent(), kept(), blobs.uploads]).toEqual([[], [], 0])
})

test("a part waits until the one before was written: no more than some megabytes of an upload are under way", async () => {
  let [underWay, most] = [0, 0]
  await blobs.close()
  blobs = openBlobs(folder, (data) => {
    const crew = openBlobCrew(data)
    return {
      ...crew,
      async append(id, chunks) {
        const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
        underWay += bytes
        most = Math.max(most, underWay)
        await crew.append(id, chunks)
        underWay -= bytes
      },
    }
  })
  await blobs.settle(await receive(LARGE, 65_536), OTHER)
  expect([most > 2 ** 20, most < 2 ** 22]).toEqual([true, true])
})

test("a thread that dies takes its uploads along and nothing else; another one follows it", async () => {
  const upload = await receive(LARGE)
  const settled = blobs.settle(upload, OTHER)
  settled.catch(() => undefined)
  await Promise.all([workers[0]!.terminate(), expect(settled).rejects.toThrow("a thread that writes blobs ended")])
  await blobs.cancel(upload)
  expect(sent()).toEqual([])
  const later = await receive(LARGE)
  await workers[1]!.terminate()
  await expect(blobs.settle(later, OTHER)).rejects.toThrow("a thread that writes blobs ended")
  await blobs.cancel(later)
  expect(await blobs.settle(await receive(), DIGEST)).toEqual({ found: DIGEST })
  expect([workers.length, sent(), existsSync(blobs.path(DIGEST))]).toEqual([3, [], true])
})

test("a file that somebody is about to name is not removed", async () => {
  await blobs.settle(await receive(), DIGEST)
  const releases = [blobs.hold(DIGEST), blobs.hold(DIGEST)]
  for (const release of releases) {
    blobs.remove(DIGEST)
    expect(blobs.has(DIGEST)).toBe(true)
    release()
  }
  blobs.remove(DIGEST)
  expect(blobs.has(DIGEST)).toBe(false)
})
