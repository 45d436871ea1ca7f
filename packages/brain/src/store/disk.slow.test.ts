import { spawnSync } from "node:child_process"
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { expect, onTestFinished, test } from "vitest"
import { readModule, writeModule } from "./folder.ts"
import { manifestOf, newFolder, partsOf } from "./testing/module.ts"

/** A disk of its own of so many bytes, or why there is none. */
function newDisk(bytes: number): string | undefined {
  const folder = join(newFolder(), "disk")
  mkdirSync(folder)
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder])
  onTestFinished(() => {
    spawnSync("umount", [folder])
    rmSync(join(folder, ".."), { recursive: true, force: true })
  })
  return status === 0 ? folder : undefined
}
const codesOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return "none"
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code, seen }) => `${code} ${seen}`).join()
    throw error
  }
}
const NO_DISK = "only root may mount a disk of its own"

test("a disk that is full keeps the module that was there, and nothing of the one that did not fit", async (context) => {
  const disk = newDisk(256 * 1024)
  if (disk === undefined) return context.skip(NO_DISK)
  const path = join(disk, "helpdesk")
  const { digest } = await writeModule(path, manifestOf("a"), partsOf("a"))
  const large = { ...partsOf("b"), "weights.safetensors": new Uint8Array(2 ** 20) }
  expect(await codesOf(writeModule(path, manifestOf("b"), large))).toMatch(/^OB157 .*the disk is full \(ENOSPC/)
  expect(readdirSync(disk)).toEqual(["helpdesk"])
  expect((await readModule(path)).digest).toBe(digest)
  await writeModule(path, manifestOf("c"), partsOf("c")) // there is room again
  expect((await readModule(path)).manifest.about).toBe("Edition c")
})

test("a disk that can only be read is named, and its modules are read", async (context) => {
  const disk = newDisk(2 ** 20)
  if (disk === undefined) return context.skip(NO_DISK)
  const path = join(disk, "helpdesk")
  const { digest } = await writeModule(path, manifestOf("a"), partsOf("a"))
  expect(spawnSync("mount", ["-o", "remount,ro", disk]).status).toBe(0)
  expect(await codesOf(writeModule(path, manifestOf("b"), partsOf("b")))).toMatch(/^OB157 .*can only be read \(EROFS/)
  expect((await readModule(path)).digest).toBe(digest)
})
