import type { Problem } from "@open-brains/core/base/problem.ts"
import { HISTOGRAM_BYTES } from "./histogram.ts"
import type { RingMemory } from "./ring.ts"

/** Words that the worker of a stream and the rest share. Each but ENDING is written by the worker alone. */
export const [ENDING, OUTPUTS, LATE, UNREAD, WORST_US] = [0, 1, 2, 3, 4]
export const CONTROL_BYTES = 64 + HISTOGRAM_BYTES
export const wordsOf = (control: SharedArrayBuffer): Int32Array => new Int32Array(control, 0, 16)
export const countsOf = (control: SharedArrayBuffer): Uint32Array =>
  new Uint32Array(control, 64, HISTOGRAM_BYTES / Uint32Array.BYTES_PER_ELEMENT)

/** Of a sample: its time stamp in milliseconds, and its number from 0, which those that were dropped have too. */
export const INPUT_STAMPS = 2
/** Of an output: the time stamp and number of its sample, and its latency in milliseconds. */
export const OUTPUT_STAMPS = 3

/** What the worker is made with. */
export interface WorkerData {
  readonly graph: string
  readonly weights: Uint8Array
  readonly entry: string
  readonly input: RingMemory
  readonly output: RingMemory
  readonly control: SharedArrayBuffer
  readonly latencyMsMax: number
  readonly spinUs: number
  readonly waits: boolean
}
/** What the worker says. */
export type Report =
  | { readonly kind: "ready"; readonly engine: string }
  | { readonly kind: "refused"; readonly problems: readonly Problem[] }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "done"; readonly steady: Steady | undefined }

/** What the worker asked of the heap after it had warmed up. */
export interface Steady {
  readonly samples: number
  /** All that was allocated, with what reading this number takes; nothing where this Node does not count. */
  readonly bytesAllocated: number | undefined
  readonly collections: number
}

/** Milliseconds of the clock that time stamps are of: every thread of a process has the same. */
export const clockMs = (): number => performance.timeOrigin + performance.now()
