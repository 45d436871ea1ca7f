import type { Context } from "./context.ts"
import { digestFrom, type Hash } from "./hash.ts"

const COLLECT_MAX = 500 // within a transaction, so that nobody waits long
const HOURS_KEPT = 2
const HOUR_MS = 3_600_000

/** Ends uploads that stopped, and takes away what was sent and nothing was made of. */
export async function collect(context: Context): Promise<void> {
  const { blobs, writer, limits, clock } = context
  await blobs.collect(clock() - limits.uploadIdleMs)
  const before = clock() - limits.looseMs
  for (let gone = COLLECT_MAX; gone === COLLECT_MAX; )
    gone = await writer.write(async ({ queries }) => {
      const loose = await queries
        .selectFrom("manifest")
        .select(["repository", "hash"])
        .where("is_loose", "=", 1)
        .where("at", "<", before)
        .limit(COLLECT_MAX)
        .execute()
      for (const { repository, hash } of loose) {
        await queries.deleteFrom("manifest").where("repository", "=", repository).where("hash", "=", hash).execute()
        const other = await queries
          .selectFrom("manifest")
          .select("repository")
          .where("hash", "=", hash)
          .executeTakeFirst()
        if (other === undefined) await queries.deleteFrom("document").where("hash", "=", hash).execute()
      }
      return loose.length
    })
  for (let gone: readonly Hash[] | undefined; gone === undefined || gone.length === COLLECT_MAX; ) {
    gone = await writer.write(async ({ queries }) => {
      const loose = await queries
        .selectFrom("blob")
        .select("hash")
        .where("is_loose", "=", 1)
        .where("at", "<", before)
        .limit(COLLECT_MAX)
        .execute()
      for (const { hash } of loose) {
        await queries.deleteFrom("link").where("hash", "=", hash).execute()
        await queries.deleteFrom("blob").where("hash", "=", hash).execute()
        await queries.deleteFrom("small").where("hash", "=", hash).execute()
      }
      return loose.map(({ hash }) => hash)
    })
    await removeFiles(context, gone)
  }
  await writer.write(async ({ queries }) => {
    const hour = Math.floor(clock() / HOUR_MS)
    await queries
      .deleteFrom("quota")
      .where("hour", "<", hour - HOURS_KEPT)
      .execute()
    await queries
      .deleteFrom("nonce")
      .where("at", "<", clock() - 2 * limits.skewMs)
      .execute()
    // Whoever asked and never gave anything: keys are made at will. Those with marks stay.
    await queries
      .deleteFrom("worker")
      .where("seen_at", "<", clock() - limits.looseMs)
      .where("marks", "=", 0)
      .where("results", "=", 0)
      .execute()
  })
}

/**
 * Files whose rows are gone for good: a row without a file would lie, a file without a row is taken over by whoever sends it
 * again. In a transaction, so that nobody makes such a row meanwhile; who is about to holds the file.
 */
async function removeFiles({ blobs, writer }: Context, hashes: readonly Hash[]): Promise<void> {
  if (hashes.length === 0) return
  await writer.writeSoon(async ({ queries }) => {
    const again = await queries.selectFrom("blob").select("hash").where("hash", "in", hashes).execute()
    const kept = new Set(again.map(({ hash }) => digestFrom(hash)))
    for (const digest of hashes.map(digestFrom)) if (!kept.has(digest)) blobs.remove(digest)
  })
}
