import type { Generated } from "kysely"
import type { Hash } from "../hash.ts"

/** What a hub remembers, beside the bytes of blobs. Times are milliseconds since 1970, digests 32 bytes. */
export interface Tables {
  readonly migration: { readonly name: string; readonly at: number }
  readonly repository: { readonly id: Generated<number>; readonly namespace: string; readonly name: string }
  /** A blob whose bytes lie on the disk, whole; it is loose until something that stays is made of it. */
  readonly blob: { readonly hash: Hash; readonly size: number; readonly at: number; readonly is_loose: number }
  /** A blob that somebody uploaded to a repository. */
  readonly link: { readonly repository: number; readonly hash: Hash }
  /** Manifests and envelopes: small, many, and read at once. Packed, as packing.ts has it. */
  readonly document: { readonly hash: Hash; readonly bytes: Uint8Array }
  /** The bytes of blobs that are too small for a file, packed. */
  readonly small: { readonly hash: Hash; readonly bytes: Uint8Array }
  readonly manifest: {
    readonly repository: number
    readonly hash: Hash
    readonly media_type: string
    readonly artifact_type: string | null
    readonly subject: Hash | null
    /** Of a referrer that is not in `document`, but made of this envelope: it, and how long its subject's manifest is. */
    readonly envelope: Hash | null
    readonly subject_size: number | null
    readonly at: number
    /** No tag ever stood for it, and no push named it. */
    readonly is_loose: number
  }
  /** What a tag stands for, and how often it was moved; the number stays when a tag is taken away. */
  readonly tag: {
    readonly repository: number
    readonly name: string
    readonly hash: Hash | null
    readonly serial: number
  }
  readonly namespace: {
    readonly name: string
    readonly keys: string // JSON
    readonly threshold: number
    readonly serial: number
    readonly envelope: Hash
    readonly claimed_by: string
    readonly at: number
  }
  /** The log, in its order; the entry is the envelope. */
  readonly push: {
    readonly id: number // index in the log
    readonly repository: number
    readonly tag: string
    readonly artifact: Hash
    readonly envelope: Hash
    readonly at: number
  }
  /** Size and peaks of the tree of the log: one row. */
  readonly log: { readonly id: number; readonly size: number; readonly peaks: Uint8Array }
  /** Roots of the full tiles of 256 hashes; level 1 is over leaves. */
  readonly tile: { readonly level: number; readonly number: number; readonly hash: Hash }
  /** The newest card of a module. */
  readonly card: {
    readonly repository: number
    readonly artifact: Hash
    readonly kind: string
    readonly json: string
    readonly at: number
  }
  /** What a tag of a brain is made of. */
  readonly use: {
    readonly repository: number
    readonly tag: string
    readonly target: number // repository
    readonly artifact: Hash
  }
  /** What was pushed within an hour, by a key or for a namespace. */
  readonly quota: { readonly who: string; readonly hour: number; readonly pushes: number; readonly bytes: number }
  readonly attestation: {
    readonly envelope: Hash
    readonly candidate: Hash
    readonly baseline: Hash
    readonly benchmark: Hash
    readonly key: string
    readonly better: number
    readonly equal: number
    readonly worse: number
    readonly at: number
    /** It shows that the candidate by itself reaches the bound of the benchmark. */
    readonly passes: Generated<number>
  }
  readonly candidate: {
    readonly id: number // index of its push in the log
    readonly repository: number
    readonly tag: string
    readonly artifact: Hash
    readonly baseline: Hash
    readonly serial: number
    readonly is_open: number
    readonly state: string // JSON: gate/record.ts
    readonly at: number
  }
  readonly job: {
    readonly id: Generated<number>
    readonly candidate: number
    readonly kind: string
    readonly payload: string // JSON
    /** Failed: those who had it could not do it, all for one reason. */
    readonly state: "ready" | "done" | "failed" | "void"
    readonly priority: number
    readonly lease_until: number // not used: `lease` has one for each worker
    /** The only key that may have it: the hub's, of a job of its referee. */
    readonly worker: string | null
    readonly never: string // not used
    /** The result that those who did it agree about: the envelope of one of them. */
    readonly result: Hash | null
    /** Of a job of the referee: about which one it is to decide. */
    readonly parent: number | null
  }
  /** Who has a job, and what became of it. */
  readonly lease: {
    readonly job: number
    readonly worker: string
    readonly until: number
    /** Void: it was found to be wrong. A lease that ran out stays leased, and is told by its time. */
    readonly state: "leased" | "given" | "failed" | "void"
    /** Why it failed. */
    readonly code: string | null
    readonly result: Hash | null // envelope of what was given
  }
  readonly worker: {
    readonly key: string
    readonly seen_at: number
    readonly marks: number // results of it that were found to be wrong
    readonly results: number
  }
  /** Nonces of requests that workers have signed, for as long as the date of one may be off. */
  readonly nonce: { readonly key: string; readonly nonce: string; readonly at: number }
}
