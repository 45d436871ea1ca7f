import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { type Problem, Refusal, refuse } from "@open-brains/core/base/problem.ts"

export interface Found {
  readonly is: "file" | "folder" | "other"
  readonly bytes: number
  readonly id: string
  /** When its content changed, in milliseconds since 1970. */
  readonly changedMs: number
}

/** What the store asks of a file system. Tests hand in one that fails at the n-th step. */
export interface Files {
  /** Undefined when nothing is there; a symbolic link is followed. */
  kind(path: string): Promise<Found | undefined>
  list(folder: string): Promise<readonly string[]>
  read(path: string): Promise<Uint8Array>
  /** Makes a file as young as one that was just written. */
  touch(path: string): Promise<void>
  /** A new file, on the disk when this returns; fails with EEXIST. */
  write(path: string, bytes: Uint8Array): Promise<void>
  makeFolder(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** A second name of a file; fails with EEXIST, so that of two that try one wins. */
  link(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** What the folder lists is on the disk when this returns. */
  settle(folder: string): Promise<void>
  /** Without symbolic links, also where nothing is there yet, or nothing for a moment. */
  realPath(path: string): Promise<string>
}

export const diskFiles: Files = {
  kind: async (path) => {
    const found = await ifThere(fs.stat(path, { bigint: true }))
    if (found === undefined) return undefined
    const is = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other"
    return {
      is,
      bytes: Number(found.size),
      id: `${found.dev}:${found.ino}`,
      changedMs: Number(found.mtimeNs / 1000n) / 1000,
    }
  },
  list: async (folder) => (await fs.readdir(folder)).sort(),
  read: (path) => fs.readFile(path),
  touch: async (path) => {
    const now = new Date()
    await fs.utimes(path, now, now)
  },
  write: async (path, bytes) => {
    const file = await fs.open(path, "wx")
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  },
  makeFolder: (path) => fs.mkdir(path),
  rename: (from, to) => fs.rename(from, to),
  link: (from, to) => fs.link(from, to),
  remove: (path) => fs.rm(path, { recursive: true, force: true }),
  settle: async (folder) => {
    if (process.platform === "win32") return // a folder cannot be opened there
    const opened = await fs.open(folder, constants.O_RDONLY)
    try {
      await opened.sync()
    } finally {
      await opened.close()
    }
  },
  realPath,
}

async function realPath(path: string): Promise<string> {
  const real = await ifThere(fs.realpath(path))
  if (real !== undefined) return real
  try {
    return await realPath(resolve(dirname(path), await fs.readlink(path)))
  } catch (error) {
    if (!["ENOENT", "EINVAL"].includes(codeOf(error) ?? "")) throw error
    return join((await ifThere(fs.realpath(dirname(path)))) ?? resolve(dirname(path)), basename(path))
  }
}

async function ifThere<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined
    throw error
  }
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined

const MEANING: Readonly<Record<string, readonly [seen: string, hint: string]>> = {
  EACCES: [
    "you may not do that there",
    "Allow it for the folder and the one that it lies in, or choose another place.",
  ],
  EPERM: ["you may not do that there", "Allow it for the folder and the one that it lies in, or choose another place."],
  EROFS: ["that disk can only be read", "Choose another place."],
  ENOSPC: ["the disk is full", "Make room and try again: what was there before is still whole."],
  EDQUOT: ["your share of the disk is full", "Make room and try again: what was there before is still whole."],
  ENOENT: ["the folder that it lies in is not there", "Make that folder first, or correct the path."],
  ENOTDIR: ["a part of that path is a file, not a folder", "Correct the path."],
  EBUSY: ["another program uses it", "Close the programs that have it open and try again."],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter name."],
}

/** What the file system refuses is a person's to mend: OB157. */
export async function explain<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const code = codeOf(error)
    if (error instanceof Refusal || code === undefined) throw error
    const [what, hint] = MEANING[code] ?? [`the file system says ${code}`, "Look at the disk and try again."]
    const about = error instanceof Error && "path" in error ? `${error.path}` : path
    const problem: Problem = { code: "OB157", seen: `${path}: ${what} (${code} at ${about}).`, hint }
    return refuse(problem)
  }
}
