import type { Because } from "./classifier.ts"

/** What a part of a brain takes and gives while it runs. */
export type Value = string | number | Uint8Array | Float32Array | LabelValue | RecordValue

/** One of a set of labels, or none of them. */
export interface LabelValue {
  /** Nothing when it is unsure. */
  readonly label: string | undefined
  /** Of experts: the best label, sure or not, and its probability in 0 … 1, */
  readonly guess?: string
  readonly probability?: number
  /** for each label of the set its logit, and the logit that a sure one needs, both in 1/256 bit. */
  readonly logits?: Int16Array
  readonly needed?: number
  /** The correction that decided, if one did. */
  readonly because?: Because
}
export interface RecordValue {
  readonly fields: Readonly<Record<string, Value>>
}

/** No value, and why: the part is absent, was late, failed or broke a rule. */
export interface Nothing {
  readonly nothing: string
}
export type Outcome = Value | Nothing
export const isNothing = (outcome: unknown): outcome is Nothing =>
  typeof outcome === "object" && outcome !== null && "nothing" in outcome && typeof outcome.nothing === "string"

/** What cuts a part off. */
export interface Cutoff {
  /** Milliseconds that it may take; it answers nothing beyond them. */
  readonly withinMs: number
}

/** A module that a brain asks, opened. */
export interface Part {
  /**
   * Gives its outputs in the order of its `gives`, at once or later; or nothing for all of them, with the reason. What inputs hold
   * is never a reason to throw. `cutoff` is that of the brain, if it states one; a part that has limits of its own heeds both.
   */
  ask(inputs: readonly Value[], cutoff: Cutoff | undefined): Answered | Promise<Answered>
  /** Forgets its state, if it has any. */
  reset?(): void
  close?(): void | Promise<void>
}
export type Answered = readonly Value[] | Nothing
