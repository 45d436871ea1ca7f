import type { Example } from "@open-brains/core/train/examples.ts"

export const SPLITS = ["train", "validation", "test"] as const
export type SplitName = (typeof SPLITS)[number]

/** An example in the split that it was put in. */
export interface PlacedExample extends Example {
  readonly split: SplitName
  /** Whether it was a correction of an answer, and is learnt now like any other. */
  readonly lesson?: true
}
/** An example whose split may still be open. */
export interface OpenExample extends Example {
  readonly split?: SplitName | undefined
  readonly lesson?: true
  /** Of its file, from 1 on. */
  readonly line?: number
}
