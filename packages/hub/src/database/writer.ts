import { CompiledQuery } from "kysely"
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
const SAVEPOINT = CompiledQuery.raw("savepoint one")
const RELEASE = CompiledQuery.raw("release savepoint one")
const ROLLBACK = CompiledQuery.raw("rollback to savepoint one")
interface Waiting {
  readonly isDurable: boolean
  /** Alone: where it throws, the transaction does. */
  runAlone(transaction: Transaction): Promise<void>
  run(transaction: Transaction): Promise<void>
  settled(error?: unknown): void
}

/**
 * Group commit: all that waits becomes one transaction. Each work of several has a savepoint of its own, so that one that is refused takes
 * nothing along. While one transaction goes to the disk the next one is made already: it goes there with, or after, the first.
 */
export function writerOf(database: Database): Writer {
  const queue: Waiting[] = []
  let isRunning = false

  async function drain(): Promise<void> {
    if (isRunning) return
    isRunning = true
    await new Promise(setImmediate) // what came by the same turn of the loop goes together
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX)
      try {
        const isDurable = batch.some((each) => each.isDurable)
        await database.transact(isDurable, async (queries) => {
          if (batch.length === 1) return batch[0]!.runAlone({ queries })
          for (const each of batch) {
            await queries.executeQuery(SAVEPOINT)
            await each.run({ queries })
          }
        })
        const settle = (some: readonly Waiting[], error?: unknown): void => {
          for (const each of some) each.settled(error)
        }
        const durable = batch.filter((each) => each.isDurable)
        const settleDurable = (error?: unknown): void => settle(durable, error)
        if (isDurable) void database.flush().then(() => settleDurable(), settleDurable)
        settle(batch.filter((each) => !each.isDurable))
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
        async runAlone(transaction) {
          const value = await work(transaction)
          outcome = () => resolve(value)
        },
        async run(transaction) {
          const { queries } = transaction
          try {
            const value = await work(transaction)
            await queries.executeQuery(RELEASE)
            outcome = () => resolve(value)
          } catch (error) {
            await queries.executeQuery(ROLLBACK)
            await queries.executeQuery(RELEASE)
            outcome = () => reject(error as Error)
          }
        },
        settled: (error) => (error === undefined ? outcome() : reject(error as Error)),
      })
      void drain()
    })
  return { write: (work) => enqueue(true, work), writeSoon: (work) => enqueue(false, work) }
}
