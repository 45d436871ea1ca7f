import type { Context } from "./context.ts"
import { digestFrom } from "./hash.ts"

const COLLECT_MAX = 500 // within a transaction, so that nobody waits long
const HOURS_KEPT = 2
const HOUR_MS = 3_600_000

/** Ends uploads that stopped, and takes away what was sent and nothing was made of. */
export async function collect({ blobs, writer, limits, clock }: Context): Promise<void> {
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
  for (let gone = COLLECT_MAX; gone === COLLECT_MAX; )
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
      }
      // A row without a file would lie; a file without a row is taken over by whoever sends it again.
      for (const { hash } of loose) blobs.remove(digestFrom(hash))
      return loose.length
    })
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
