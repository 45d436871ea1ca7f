import { rmSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Does something with a folder of its own, which is gone afterwards, and also when the process is stopped meanwhile. */
export async function inWorkplace<T>(stem: string, work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), stem))
  const clear = (): void => rmSync(folder, { recursive: true, force: true })
  process.on("exit", clear)
  try {
    return await work(folder)
  } finally {
    process.removeListener("exit", clear)
    await rm(folder, { recursive: true, force: true })
  }
}
