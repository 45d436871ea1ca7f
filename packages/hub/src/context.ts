import type { Blobs } from "./blobs.ts"
import type { Database } from "./database/database.ts"
import type { Writer } from "./database/writer.ts"
import type { HubKey } from "./keys.ts"
import type { Limits } from "./limits.ts"
import type { Metrics } from "./metrics.ts"

/** What every route of a hub works with. */
export interface Context {
  readonly database: Database
  readonly writer: Writer
  readonly blobs: Blobs
  readonly limits: Limits
  readonly key: HubKey
  readonly metrics: Metrics
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** So many workers do each job of the gate. */
  readonly verifiers: number
  /** Tags may be put without a signature in namespaces that nobody owns. */
  readonly isAnonymous: boolean
}
