import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { messageOf, refuse } from "@open-brains/core/base/problem.ts"

/** One hub in a folder, which is made: the lock goes with the process, however it ends. Errors: OB740. */
export function holdFolder(folder: string): () => void {
  const lock = openLock(folder)
  try {
    lock.exec(
      "pragma busy_timeout = 0; pragma locking_mode = exclusive; begin exclusive; create table if not exists held (at); commit",
    )
  } catch {
    lock.close()
    return refuse({
      code: "OB740",
      seen: `Another hub runs in ${folder}.`,
      hint: "End it first, or name another folder.",
    })
  }
  return () => lock.close()
}

function openLock(folder: string): DatabaseSync {
  try {
    mkdirSync(folder, { recursive: true })
    return new DatabaseSync(join(folder, "hold.db"))
  } catch (error) {
    return refuse({
      code: "OB740",
      seen: `The hub cannot keep anything in ${folder}: ${messageOf(error)}.`,
      hint: "Name a folder that is yours, or one that is not there yet: --folder FOLDER",
    })
  }
}
