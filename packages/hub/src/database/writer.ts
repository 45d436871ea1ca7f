import { sql } from "kysely"
import type { Database, Queries } from "./database.ts"

/** What is written within a transaction, and to the disk before it is committed. */
export interface Transaction {
  readonly queries: Queries
  /** What the folder lists has to be on the disk before this is true. */
  settle(folder: string): void
}
export interface Writer {
  /** Its result is on the disk when the promise resolves; where it throws, nothing of it was written. */
  write<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** Others see it when the promise resolves; on the disk it is with the next `write`: for what is worth nothing before that. */
  writeSoon<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
}

const BATCH_MAX = 128
interface Waiting {
  readonly isDurable: boolean
  run(transaction: Transaction): Promise<void>
  settled(error?: unknown): void
}

/**
 * Group commit: all that waits becomes one transaction, with one fsync for all of it. Each work has a savepoint of its own, so that
 * one that is refused takes nothing along. `settle` brings folders to the disk.
 */
export function writerOf(database: Database, settle: (folder: string) => Promise<void>): Writer {
  const queue: Waiting[] = []
  const unsettled = new Set<string>()
  let isRunning = false

  async function drain(): Promise<void> {
    if (isRunning) return
    isRunning = true
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX)
      try {
        const isDurable = batch.some((each) => each.isDurable)
        await database.transact(isDurable, async (queries) => {
          const transaction: Transaction = { queries, settle: (folder) => void unsettled.add(folder) }
          for (const each of batch) {
            await sql`savepoint one`.execute(queries)
            await each.run(transaction)
          }
          if (!isDurable) return
          await Promise.all([...unsettled].map(settle))
          unsettled.clear()
        })
        for (const each of batch) each.settled()
      } catch (error) {
        for (const each of batch) each.settled(error)
      }
    }
    isRunning = false
  }

  const enqueue = <T>(isDurable: boolean, work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      let outcome: () => void = () => reject(new Error("bug: settled before it ran"))
      queue.push({
        isDurable,
        async run(transaction) {
          try {
            const value = await work(transaction)
            await sql`release savepoint one`.execute(transaction.queries)
            outcome = () => resolve(value)
          } catch (error) {
            await sql`rollback to savepoint one`.execute(transaction.queries)
            await sql`release savepoint one`.execute(transaction.queries)
            outcome = () => reject(error as Error)
          }
        },
        settled: (error) => (error === undefined ? outcome() : reject(error as Error)),
      })
      void drain()
    })
  return { write: (work) => enqueue(true, work), writeSoon: (work) => enqueue(false, work) }
}
