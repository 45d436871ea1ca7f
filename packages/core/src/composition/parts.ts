import type { Digest } from "../base/digest.ts"
import type { Port } from "./types.ts"

/** What a module says of itself in a brain's text. */
export type Declaration = ModuleDeclaration | BenchmarkDeclaration
/** One that answers. */
export type ModuleDeclaration = NetDeclaration | CodeDeclaration | RemoteDeclaration

interface Declared {
  readonly name: string
  readonly about: string
  readonly licence: string // SPDX expression
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  readonly benchmarks: readonly string[]
}
export interface NetDeclaration extends Declared {
  readonly kind: "net"
  readonly in?: string // folder
  readonly base?: { readonly name: string; readonly digest?: Digest }
  readonly recipe?: string
  readonly data?: string
  readonly unsureBelow?: number // in 1/256 bit of evidence
}
export interface CodeDeclaration extends Declared {
  readonly kind: "code"
  readonly in?: string // folder that its file lies in; else that of the text
  readonly file: string
  readonly language: "javascript" | "wasm"
  readonly limits: Limits
}
export interface RemoteDeclaration extends Declared {
  readonly kind: "remote"
  readonly endpoint: string // http or https
  readonly protocol: "chat" | "http"
  readonly model?: string
  readonly prompt?: string // names its inputs in braces
  readonly keyFrom?: string // environment variable
  readonly pricePerMillionTokens?: number
  readonly limits: Limits
}
/** Questions with what is to be answered to each, and how answers are scored. */
export interface BenchmarkDeclaration extends Declared {
  readonly kind: "benchmark"
  readonly items: BenchmarkItems
  readonly metric: Metric
  /** The mean score, in 0 … 1, with which it is passed. */
  readonly bound: number
  /** What one item may take: told to whoever runs it. */
  readonly costMs?: number
}
/** A file of the folder that the text lies in: its rows, or a function of seed and index. */
export type BenchmarkItems =
  | { readonly from: "data"; readonly file: string }
  | {
      readonly from: "generator"
      readonly file: string
      readonly language: "javascript" | "wasm"
      readonly limits: Limits
    }
export const METRICS = ["accuracy", "exact", "bits"] as const
/** `accuracy` of labels and `exact`: 1 when right, else 0; `bits`: 1 − min(b, 16) / 16, b = −log₂ p(expected). */
export type Metric = (typeof METRICS)[number]
/** Of one answer. */
export interface Limits {
  readonly latencyMs?: number
  readonly memoryBytes?: number
  readonly flashBytes?: number
  readonly outputBytes?: number
  readonly cost?: number
}
