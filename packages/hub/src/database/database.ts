import type { Kysely } from "kysely"
import type { Tables } from "./tables.ts"

export type Queries = Kysely<Tables>

/** A database, as far as the two differ. */
export interface Database {
  readonly name: "sqlite" | "postgres"
  /** What is committed, and nothing else. */
  readonly read: Queries
  /**
   * One transaction at a time, of all hubs on it. What it wrote is seen when it resolves; whoever tells others that it stays waits
   * for `flush`. One that is not durable may be lost with the power, but never without those that came after it.
   */
  transact(isDurable: boolean, work: (queries: Queries) => Promise<void>): Promise<void>
  /** Every durable transaction before the call is on the disk when it resolves, with all that were committed before it. */
  flush(): Promise<void>
  readonly findings: Findings
  close(): Promise<void>
}

/** Search over the words of cards. */
export interface Findings {
  put(queries: Queries, repository: number, words: CardWords): Promise<void>
  /** Repositories that have all words, best first, after the first `skip`: `search` of search.ts. */
  find(queries: Queries, wanted: Wanted): Promise<readonly number[]>
}
export interface CardWords {
  readonly kind: string
  readonly name: string
  readonly about: string
  readonly ports: string
}
export interface Wanted {
  readonly words: readonly string[] // letters and digits, small
  readonly kind: string | undefined
  readonly skip: number
  readonly limit: number
  /** So many are ranked: see search.ts. */
  readonly rankedMax: number
}
