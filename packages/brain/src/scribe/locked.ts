import { randomBytes } from "node:crypto"
import { readFileSync, rmSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { diskFiles, explain } from "../store/files.ts"
import { lockOf } from "../store/folder.ts"
import { withLock } from "../store/lock.ts"

const WAIT_MS = 30_000

/** A folder beside a scribe for what is not its own yet; gone when the work is done, however the process ends. */
export interface Desk {
  readonly place: string // of the scribe
  readonly folder: string
}

/**
 * Runs `work` while nobody else changes the scribe at `path`. Another process that does is waited for. Errors: OB156 after
 * a wait of `WAIT_MS`, OB157.
 */
export async function alone<T>(path: string, onWait: () => void, work: (desk: Desk) => Promise<T>): Promise<T> {
  const place = await diskFiles.realPath(path)
  const token = randomBytes(8).toString("hex")
  const lock = lockOf(place)
  const beside = (end: string): string => join(dirname(place), `.${basename(place)}.${end}`)
  const folder = beside(`teach-${token}`)
  const cleanUp = (): void => {
    rmSync(folder, { recursive: true, force: true })
    if (isOurs(lock, token)) rmSync(lock, { force: true })
  }
  process.on("exit", cleanUp)
  try {
    for (const start = performance.now(); ; ) {
      try {
        return await explain(
          path,
          withLock(diskFiles, lock, token, "write", async () => {
            // What lies there was left by a process that was killed: nobody else holds the lock.
            for (const name of await readdir(dirname(place)))
              if (name.startsWith(basename(beside("teach-")))) await diskFiles.remove(join(dirname(place), name))
            await diskFiles.makeFolder(folder)
            return work({ place, folder })
          }),
        )
      } catch (error) {
        const isBusy = error instanceof Refusal && error.problems[0]?.code === "OB156"
        if (!isBusy || performance.now() - start > WAIT_MS) throw error
        onWait()
        await new Promise((wake) => setTimeout(wake, 50))
      }
    }
  } finally {
    process.removeListener("exit", cleanUp)
    rmSync(folder, { recursive: true, force: true })
  }
}

function isOurs(lock: string, token: string): boolean {
  try {
    return readFileSync(lock, "utf8").includes(token)
  } catch {
    return false
  }
}
