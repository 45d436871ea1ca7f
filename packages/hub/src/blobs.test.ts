import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { type Blobs, openBlobs, SMALL_BYTES } from "./blobs.ts"
import { digestBytes } from "./hash.ts"

let folder: string
let blobs: Blobs
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-blobs-"))
  blobs = openBlobs(folder)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await blobs.close()
  rmSync(folder, { recursive: true, force: true })
})
const BYTES = Buffer.alloc(SMALL_BYTES + 1, "bytes of a file")
const DIGEST = digestBytes(BYTES)
async function* inParts(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < BYTES.length; at += 5000) yield BYTES.subarray(at, at + 5000)
}
async function receive(): Promise<ReturnType<Blobs["begin"]>> {
  const upload = blobs.begin("acme/x", 0)
  await blobs.receive(upload, inParts(), 1e6, () => 0)
  expect(await blobs.finish(upload)).toEqual({ digest: DIGEST, small: undefined })
  return upload
}

test("a file is on the disk before it has its name, and its name is before anybody is told", async () => {
  const upload = await receive()
  const handle = await open(folder, "r")
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const events: string[] = []
  const sync = prototype.sync
  vi.spyOn(prototype, "sync").mockImplementation(async function (this: FileHandle) {
    await sync.call(this)
    const is = (await this.stat()).isDirectory() ? "folder" : "file"
    events.push(`${is} synced, named ${existsSync(blobs.path(DIGEST))}`)
  })
  await blobs.place(upload, DIGEST)
  events.push("told")
  expect(events).toEqual(["file synced, named false", "folder synced, named true", "told"])
  expect(readFileSync(blobs.path(DIGEST))).toEqual(BYTES)
  expect(readdirSync(join(folder, "uploads"))).toEqual([])
  await blobs.place(await receive(), DIGEST) // whoever finds it there makes sure of the name alone
  expect(events.slice(3)).toEqual(["folder synced, named true"])
})

test("a file that somebody is about to name is not removed", async () => {
  await blobs.place(await receive(), DIGEST)
  const releases = [blobs.hold(DIGEST), blobs.hold(DIGEST)]
  for (const release of releases) {
    blobs.remove(DIGEST)
    expect(blobs.has(DIGEST)).toBe(true)
    release()
  }
  blobs.remove(DIGEST)
  expect(blobs.has(DIGEST)).toBe(false)
})
