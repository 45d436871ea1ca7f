import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { CALLS, type Calls, FOLDER_FAILED, openBlobFiles } from "./blob_files.ts"
import { digestBytes } from "./hash.ts"

let root: string
let folder: string
let beside: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hub-files-"))
  folder = join(root, "blobs")
  beside = join(root, "uploads")
  for (const each of [folder, beside]) mkdirSync(each)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
const PARTS = [Buffer.from("bytes "), Buffer.from("of a "), Buffer.from("file")]
const WANTED = digestBytes(Buffer.concat(PARTS)).slice("sha256:".length)

/** What is done, with whether the file has its name by then. */
function watched(events: string[], change: Partial<Calls> = {}): Calls {
  const paths = new Map<number, string>()
  const told = (file: number): string => (paths.get(file) === folder ? "folder" : "file")
  const named = (): string => (existsSync(join(folder, WANTED)) ? "named" : "unnamed")
  const calls = { ...CALLS, ...change }
  return {
    ...calls,
    open(path, flags) {
      const file = calls.open(path, flags)
      paths.set(file, path)
      return file
    },
    write(file, chunks, at) {
      const count = calls.write(file, chunks, at)
      events.push(`${told(file)} written`)
      return count
    },
    sync(file) {
      calls.sync(file)
      events.push(`${told(file)} synced, ${named()}`)
    },
  }
}

test("a file is on the disk before it has its name, and its name is before anybody is told", () => {
  const events: string[] = []
  const files = openBlobFiles(folder, beside, watched(events))
  files.append("one", PARTS.slice(0, 1))
  expect(files.settle("one", PARTS.slice(1), WANTED)).toBe(WANTED)
  expect(events).toEqual(["file written", "file written", "file synced, unnamed", "folder synced, named"])
  expect(readFileSync(join(folder, WANTED), "utf8")).toBe("bytes of a file")
  events.length = 0
  files.append("two", PARTS.slice(0, 1))
  files.settle("two", PARTS.slice(1), WANTED) // whoever finds it there makes sure of the name alone
  expect(events).toEqual(["file written", "folder synced, named"])
  expect(readdirSync(beside)).toEqual([])
  files.close()
})

test("of what has another digest, and of what the disk did not take, nothing is left", () => {
  const events: string[] = []
  const files = openBlobFiles(folder, beside, watched(events))
  files.append("one", PARTS)
  expect(files.settle("one", PARTS, WANTED)).not.toBe(WANTED)
  expect([readdirSync(beside), readdirSync(folder)]).toEqual([[], []])
  for (const call of ["write", "sync", "rename"] as const) {
    const broken = (): never => {
      throw new Error("the disk is full")
    }
    const failing = openBlobFiles(folder, beside, watched([], { [call]: broken }))
    expect(() => failing.settle("one", PARTS, WANTED)).toThrow("full")
    expect([readdirSync(beside), readdirSync(folder)]).toEqual([[], []])
    failing.close()
  }
  files.append("three", PARTS)
  files.close()
  expect(readdirSync(beside)).toEqual([])
})

test("a folder that could not be synced once is never said to be on the disk", () => {
  let failures = 1
  const sync = (file: number): void => {
    if (existsSync(join(folder, WANTED)) && failures-- > 0) throw new Error("a page was lost")
    CALLS.sync(file)
  }
  const files = openBlobFiles(folder, beside, { ...CALLS, sync })
  for (const id of ["one", "two"]) expect(() => files.settle(id, PARTS, WANTED)).toThrow(FOLDER_FAILED)
  files.close()
})

test("what a disk takes in parts is written whole", () => {
  const write: Calls["write"] = (file, chunks, at) => CALLS.write(file, [chunks[0]!.subarray(0, 4)], at)
  const files = openBlobFiles(folder, beside, { ...CALLS, write })
  files.settle("one", PARTS, WANTED)
  expect(readFileSync(join(folder, WANTED), "utf8")).toBe("bytes of a file")
  files.close()
})
