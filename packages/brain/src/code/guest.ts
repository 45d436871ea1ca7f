import type { Port } from "@open-brains/core/composition/types.ts"

/** What the thread that runs somebody's code is told at its start. */
export interface Setup {
  readonly language: "javascript" | "wasm"
  readonly source: Uint8Array
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  readonly limits: GuestLimits
}
export interface GuestLimits {
  /** Of the heap of the code, in bytes. */
  readonly memoryBytes: number
  /** Of one answer, whatever the types would allow. */
  readonly outputBytes: number
  /** Ticks that one answer may use; JavaScript only. */
  readonly fuel: number
  /** Ticks that the file itself may use while it is read. */
  readonly fuelToOpen: number
}

/** Somebody's code, ready to be asked, with its state. */
export interface Guest {
  /** `inputs` are plain values; the outputs are unchecked ones. Never throws for what the code does. */
  ask(inputs: readonly unknown[], withinMs: number): Reply
}
export type Reply = { readonly outputs: readonly unknown[] } | Failure
export interface Failure {
  readonly nothing: string
  /** What state it is in, nobody knows: it must start afresh. */
  readonly spoilt?: true
  /** It says something of the machine, which was late or short of something: elsewhere the answer may be another one. */
  readonly byMachine?: true
}

/** The file cannot be used, and why. */
export interface Unfit {
  readonly unfit: "no program" | "fails at once" | "has no answer"
  readonly why: string
  /** Line and column from 1, in the text of the file. */
  readonly at?: { readonly line: number; readonly column: number }
}

/** What the thread is told, and what it tells. Each order gives one notice. */
export type Order = { readonly ask: readonly unknown[]; readonly withinMs: number } | { readonly refresh: true }
export type Notice = Reply | Unfit | { readonly ready: true }
