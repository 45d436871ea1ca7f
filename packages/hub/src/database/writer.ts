import { sql } from "kysely"
import type { Database, Queries } from "./database.ts"

/** What is written within a transaction. */
export interface Transaction {
  readonly queries: Queries
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
 * Group commit: all that waits becomes one transaction. Each work has a savepoint of its own, so that one that is refused takes
 * nothing along. While one transaction goes to the disk the next one is made already: it goes there with, or after, the first.
 */
export function writerOf(database: Database): Writer {
  const queue: Waiting[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    if (isRunning) return
    isRunning = true
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX)
      try {
        const isDurable = batch.some((each) => each.isDurable)
        await database.transact(isDurable, async (queries) => {
          for (const each of batch) {
            await sql`savepoint one`.execute(queries)
            await each.run({ queries })
          }
        })
        const settle = (error?: unknown): void => {
          for (const each of batch) each.settled(error)
        }
        if (isDurable) void database.flush().then(() => settle(), settle)
        else settle()
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
