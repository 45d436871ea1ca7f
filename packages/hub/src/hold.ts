import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { refuse } from "@open-brains/core/base/problem.ts"

/** One hub in a folder: the lock goes with the process, however it ends. Errors: OB740. */
export function holdFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, "hold.db"))
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
