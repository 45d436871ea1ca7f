import { readFile } from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"
import { threadId } from "node:worker_threads"
import { refuse } from "@open-brains/core/base/problem.ts"
import { codeOf, type Files } from "./files.ts"

/** Who holds a lock. `started` tells a process from a later one with the same number, where the system says it. */
interface Owner {
  readonly pid: number
  readonly started: string | undefined
  readonly thread: number
  readonly host: string
  readonly token: string
  readonly purpose: Purpose
}
/** Healing takes a moment and is waited for; a write may take long and is a reason to say so. */
export type Purpose = "write" | "heal"

/** The locks of this thread: one that names it and is not here was left by a write that failed to its last step. */
const held = new Set<string>()

/**
 * Runs `work` while the file `lock` says that this process writes. A lock whose process has ended is taken over.
 * Errors: OB156 when somebody else holds it.
 */
export async function withLock<T>(
  files: Files,
  lock: string,
  token: string,
  purpose: Purpose,
  work: () => Promise<T>,
): Promise<T> {
  const owner: Owner = {
    pid: process.pid,
    started: await startOf(process.pid),
    thread: threadId,
    host: hostname(),
    token,
    purpose,
  }
  const text = new TextEncoder().encode(`${JSON.stringify(owner)}\n`)
  // Linked to `lock` when it is whole, so that nobody reads half an owner.
  const own = `${lock}-${process.pid}-${threadId}-${token}`
  held.add(token)
  try {
    await files.write(own, text)
    try {
      await take(files, lock, own, text)
    } finally {
      await files.remove(own)
    }
    try {
      await sweep(files, lock)
      return await work()
    } finally {
      if ((await ownerOf(files, lock))?.token === token) await files.remove(lock)
    }
  } finally {
    held.delete(token)
  }
}

async function take(files: Files, lock: string, own: string, text: Uint8Array): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await linkOrWrite(files, own, lock, text)
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error
    }
    const other = await ownerOf(files, lock)
    const alive = other !== undefined && (await isAlive(other))
    // An owner that cannot be read may be one that is just being written, where there are no links.
    if (alive ? other.purpose === "heal" && attempt < 100 : other === undefined && attempt < 25) {
      await new Promise((wake) => setTimeout(wake, 10))
      continue
    }
    if (alive || attempt >= 100)
      refuse({
        code: "OB156",
        seen: `Process ${other?.pid ?? "?"}${other && other.host !== hostname() ? ` on ${other.host}` : ""} is writing this module.`,
        hint: `Wait until it has finished and try again. If no such process runs, delete ${basename(lock)} beside the module.`,
      })
    // Taken aside first and looked at again: between the look and the removal another may have taken it over.
    const aside = `${own}-stale`
    try {
      await files.rename(lock, aside)
    } catch (error) {
      if (codeOf(error) === "ENOENT") continue
      throw error
    }
    const taken = await ownerOf(files, aside)
    if (taken !== undefined && taken.token !== other?.token)
      await linkOrWrite(files, aside, lock, await files.read(aside)).catch(() => undefined)
    await files.remove(aside)
  }
}

/** Some file systems, such as that of a memory stick, have no second names: there the lock is written in place. */
async function linkOrWrite(files: Files, own: string, lock: string, text: Uint8Array): Promise<void> {
  try {
    await files.link(own, lock)
  } catch (error) {
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(codeOf(error) ?? "")) throw error
    await files.write(lock, text)
  }
}

/** Removes what processes that were ended while they took the lock left beside it. */
async function sweep(files: Files, lock: string): Promise<void> {
  for (const name of await files.list(dirname(lock))) {
    if (!name.startsWith(`${basename(lock)}-`)) continue
    const path = join(dirname(lock), name)
    const [pid, thread, token = ""] = name.slice(basename(lock).length + 1).split("-")
    const stranger = { pid: Number(pid), started: undefined, thread: Number(thread), host: hostname(), token }
    if (Number.isSafeInteger(stranger.pid) && !(await isAlive((await ownerOf(files, path)) ?? stranger)))
      await files.remove(path)
  }
}

async function ownerOf(files: Files, lock: string): Promise<Owner | undefined> {
  try {
    const owner: Partial<Owner> | null = JSON.parse(new TextDecoder().decode(await files.read(lock)))
    if (typeof owner?.pid !== "number") return undefined
    const { pid, started, thread = 0, host = hostname(), token = "", purpose = "write" } = owner
    return { pid, started, thread, host, token, purpose }
  } catch (error) {
    if (codeOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function isAlive({ pid, started, thread, host, token }: Omit<Owner, "purpose">): Promise<boolean> {
  if (host !== hostname()) return true // nobody here can tell
  const now = await startOf(pid)
  if (started !== undefined && now !== undefined && started !== now) return false
  if (pid === process.pid && thread === threadId) return held.has(token)
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === "EPERM" // it runs, as another user's
  }
}

/** When a process started, in the system's own units; Linux alone says. Source: proc(5), field 22. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "latin1")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]
  } catch {
    return undefined
  }
}
