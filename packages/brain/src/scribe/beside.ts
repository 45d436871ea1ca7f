import { randomBytes } from "node:crypto"
import { rmSync } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { refuseUnwritable } from "../store/file.ts"
import { diskFiles, explain } from "../store/files.ts"

/**
 * Writes a file that is too long to lie in memory: beside its place, and renamed when `work` is done; gone when that fails or
 * the process is stopped. Errors: OB157, and OB811 where something is there and `force` does not say that it may go.
 */
export async function writeBeside<T>(path: string, force: boolean, work: (file: FileHandle) => Promise<T>): Promise<T> {
  await refuseTaken(path, force)
  const place = await diskFiles.realPath(path) // a link stays a link
  const fresh = join(dirname(place), `.${basename(place)}.new-${randomBytes(8).toString("hex")}`)
  const clear = (): void => rmSync(fresh, { force: true })
  process.once("exit", clear)
  try {
    const file = await explain(path, open(fresh, "wx"))
    try {
      const done = await explain(path, work(file))
      await explain(path, file.sync())
      await file.close()
      await refuseTaken(path, force)
      await explain(path, diskFiles.rename(fresh, place))
      await diskFiles.settle(dirname(place))
      return done
    } finally {
      await file.close()
    }
  } finally {
    clear()
    process.off("exit", clear)
  }
}

async function refuseTaken(path: string, force: boolean): Promise<void> {
  await refuseUnwritable(path)
  if (!force && (await diskFiles.kind(path)) !== undefined)
    refuse({
      code: "OB811",
      seen: `${path} is there already.`,
      hint: "Name another file with --out, or write over it with --force.",
    })
}

/** Writes all of it: one call may write less. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
