/** What a hub takes from strangers. Bytes and milliseconds, counts by the hour. */
export interface Limits {
  readonly blobBytes: number
  readonly manifestBytes: number
  readonly envelopeBytes: number // tlog-tiles has two bytes for the length of an entry
  readonly moduleBytes: number
  /** Of blobs that no manifest names, all of them together: who uploads them has shown no key. */
  readonly looseBytes: number
  /** Of manifests that no push names, all of them together: as much as blobs at most. */
  readonly looseManifests: number
  /** After so long what was uploaded and is named by nothing is collected. */
  readonly looseMs: number
  /** So long a body of the API may take that has no length, and one that has some longer. */
  readonly bodyMs: number
  /** After so long without a byte an upload is over. */
  readonly uploadIdleMs: number
  readonly uploads: number // at once
  readonly pushesAnHour: { readonly key: number; readonly namespace: number }
  readonly bytesAnHour: { readonly key: number; readonly namespace: number }
  /** Of a subject; those of a namespace that nobody owns are as many. */
  readonly referrers: number
  /** Namespaces that a key may have claimed. */
  readonly namespacesOfKey: number
  /** How long a worker may keep a job without a word. */
  readonly leaseMs: number
  /** How far the clock of a worker may be off. */
  readonly skewMs: number
  /** Whoever asked for work within so long is there. */
  readonly presentMs: number
  /** How old the claim of a namespace must be for its brains to count at the gate: 0 where only this machine reaches the hub. */
  readonly namespaceAgeMs: number
  /** For so long the price of retries grows, and small losses add up. */
  readonly epochMs: number
  /** Open candidates of a module at once. */
  readonly candidates: number
}

const [MEBI, GIBI, HOUR] = [2 ** 20, 2 ** 30, 3_600_000]
export const LIMITS: Limits = {
  blobBytes: GIBI,
  manifestBytes: 4 * MEBI,
  envelopeBytes: 2 ** 16 - 1,
  moduleBytes: 2 * GIBI,
  looseBytes: 16 * GIBI,
  looseManifests: 4096,
  looseMs: HOUR,
  bodyMs: 30_000,
  uploadIdleMs: HOUR / 6,
  uploads: 1024,
  pushesAnHour: { key: 600, namespace: 1200 },
  bytesAnHour: { key: 20 * GIBI, namespace: 40 * GIBI },
  referrers: 10_000,
  namespacesOfKey: 16,
  leaseMs: 120_000,
  skewMs: 300_000,
  presentMs: 60_000,
  namespaceAgeMs: 24 * HOUR,
  epochMs: 90 * 24 * HOUR,
  candidates: 4,
}
