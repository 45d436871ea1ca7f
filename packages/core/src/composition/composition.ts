import type { Digest } from "../base/digest.ts"
import type { ModuleDeclaration } from "./parts.ts"
import type { Port } from "./types.ts"

/**
 * A brain that was checked: plain data, as it is run and as it is cached. Templates have their values, names their
 * places; a module or brain that is used twice is here once. Raise FORMAT when its meaning changes.
 */
export interface Composition {
  readonly format: typeof FORMAT
  readonly modules: readonly CheckedModule[]
  /** Each after those that it uses; the last one is what runs. */
  readonly brains: readonly CheckedBrain[]
}
export const FORMAT = 5

/** What is loaded from elsewhere, once. */
export interface CheckedModule {
  readonly kind: "net" | "code" | "remote"
  readonly name: string
  /** Folder of a net or of a code's file, as the reader of files named it; none for a remote. */
  readonly folder?: string
  readonly digest?: Digest
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  /** Of a net that is stepped: it remembers. */
  readonly isStepped?: true
  /** Of code and remote. */
  readonly declaration?: ModuleDeclaration
}

export interface CheckedBrain {
  readonly name: string
  readonly about: string
  readonly licence: string
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  readonly uses: readonly CheckedUse[]
  /** Each after those that it names, but for the bodies of `repeat`, which come before it too. */
  readonly nodes: readonly Node[]
  /** For each output its node. */
  readonly outputs: readonly number[]
  readonly rules: readonly Rule[]
  /** What it may take at most; checking has asked whether it keeps that. */
  readonly budget: readonly Limit[]
  /** What it lives by, as it names them: paths, or names of the store. */
  readonly benchmarks: readonly string[]
  /** The nodes that values of the text stand for. */
  readonly values: readonly { readonly name: string; readonly node: number }[]
}
export interface CheckedUse {
  readonly name: string
  readonly of: Target | { readonly absent: string }
  /** Uses of one such name have one state. */
  readonly shared?: string
}
/** A place among the modules, or among the brains. */
export type Target = { readonly module: number } | { readonly brain: number }

export interface Rule {
  readonly kind: "require" | "forbid"
  readonly text: string
  readonly output: number
}

/** In milliseconds, bytes, or the currency of the bill. */
export interface Limit {
  readonly what: "latency" | "memory" | "flash" | "output" | "cost"
  readonly amount: number
}

/** Numbers are places among the nodes of the brain. */
export type Node =
  | { readonly op: "input"; readonly input: number }
  | { readonly op: "literal"; readonly value: string | number }
  | { readonly op: "label"; readonly label: string | undefined }
  | { readonly op: "join"; readonly pieces: readonly (string | number)[] }
  | { readonly op: "field"; readonly of: number; readonly field: string }
  | {
      readonly op: "call"
      readonly use: number
      readonly inputs: readonly number[]
      readonly fields?: readonly string[]
    }
  | { readonly op: "within"; readonly of: number; readonly ms: number }
  | {
      readonly op: "route"
      readonly on: number
      /** For each label its branch; of labels that are not here, `otherwise`. */
      readonly labels: readonly string[]
      readonly branches: readonly number[]
      readonly unsure?: number
      readonly otherwise?: number
    }
  | { readonly op: "first"; readonly alternatives: readonly number[] }
  | { readonly op: "mix"; readonly labels: readonly string[]; readonly experts: readonly Expert[] }
  /** The value so far of the `repeat` around it. */
  | { readonly op: "so far" }
  | {
      readonly op: "repeat"
      readonly times: number
      readonly begin: number
      readonly soFar: number
      readonly step: number
      readonly until: Condition
      /** All nodes that depend on the value so far. */
      readonly body: readonly number[]
    }
export interface Expert {
  readonly node: number
  readonly weight: number // in 1/256
  /** For each label of the mix its place among the expert's own. */
  readonly order: readonly number[]
}
export type Condition =
  | { readonly test: "is"; readonly node: number; readonly labels: readonly string[]; readonly unsure: boolean }
  | { readonly test: "above" | "below"; readonly node: number; readonly bound: number }
