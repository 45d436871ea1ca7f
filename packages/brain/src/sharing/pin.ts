import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Reference, readReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { gather } from "../brains/gather.ts"
import { readLock, writeLock } from "../brains/lock.ts"
import { needBrainFile } from "../brains/sources.ts"

/**
 * Keeps a brain to that module wherever it uses it by name; what else is locked stays as it is. Errors: OB616 when no use
 * of the brain means it.
 */
export async function pin(
  brain: string,
  reference: Reference,
  artifact: Digest,
  tag: string | undefined,
): Promise<{ readonly lock: string; readonly uses: readonly string[] }> {
  const file = needBrainFile(brain)
  const before = readLock(file)
  const { uses } = await gather(file, { isLocked: false })
  const isMeant = (source: string): boolean => {
    const used = readReference(source)
    return (
      used !== undefined &&
      repositoryOf(used) === repositoryOf(reference) &&
      (used.digest === undefined ? used.tag === undefined || used.tag === tag : used.digest === artifact)
    )
  }
  const meant = uses.filter(({ source }) => isMeant(source))
  if (meant.length === 0)
    refuse({
      code: "OB616",
      seen: `${file} does not use ${repositoryOf(reference)}${tag === undefined ? "" : `:${tag}`}; it is in your store now.`,
      hint: `Use it there, and lock it: use NAME from "${repositoryOf(reference)}"`,
    })
  const kept = uses.map((use) =>
    isMeant(use.source)
      ? { ...use, digest: artifact }
      : { ...use, digest: before?.digestOf(use.file, use.source) ?? use.digest },
  )
  return { lock: await writeLock(file, kept), uses: [...new Set(meant.map(({ source }) => source))] }
}
