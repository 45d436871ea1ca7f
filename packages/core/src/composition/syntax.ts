import type { Digest } from "../base/digest.ts"
import type { Piece } from "./braces.ts"
import type { Declaration } from "./parts.ts"
import type { PortType } from "./types.ts"

/** A stretch of the file that it was read from, in UTF-16 units. */
export interface Place {
  readonly start: number
  readonly end: number
}
/** A name or a string, where it stands. */
export interface Word extends Place {
  readonly text: string
}

/** A file as it was read: nothing in it is resolved. */
export interface FileSyntax {
  readonly file: string
  readonly source: string
  readonly includes: readonly Word[]
  readonly definitions: readonly (BrainSyntax | ModuleSyntax)[]
}

export interface ModuleSyntax {
  readonly kind: "module"
  readonly name: Word
  readonly declaration: Declaration
}

export interface BrainSyntax {
  readonly kind: "brain"
  readonly name: Word
  readonly about: string
  readonly licence: string
  readonly takes: readonly PortSyntax[]
  readonly gives: readonly PortSyntax[]
  readonly parameters: readonly ParameterSyntax[]
  readonly uses: readonly UseSyntax[]
  readonly values: readonly ValueSyntax[]
  readonly rules: readonly RuleSyntax[]
  readonly budget: readonly LimitSyntax[]
  /** Paths, or names of the store. */
  readonly benchmarks: readonly Word[]
}

/** A type of a port, or `label of PART`. */
export type TypeSyntax = PortType | { readonly type: "label of"; readonly part: Word }
export interface PortSyntax {
  readonly name: Word
  readonly type: TypeSyntax
  readonly at: Place // of the type
}
export interface ParameterSyntax {
  readonly name: Word
  readonly type: PortType | { readonly type: "module"; readonly takes: readonly PortType[]; readonly gives: PortType }
  readonly value?: LiteralSyntax
}
export interface UseSyntax {
  readonly name: Word
  readonly source: Word
  /** A folder, file or name of the store; else a definition or a parameter. */
  readonly isString: boolean
  readonly digest?: Digest
  readonly arguments: readonly ArgumentSyntax[]
  readonly isOptional: boolean
  readonly shared?: string
}
export interface ArgumentSyntax {
  readonly name: Word
  readonly value: LiteralSyntax | (Place & { readonly kind: "name"; readonly name: string })
}
export interface ValueSyntax {
  readonly name: Word
  readonly value: ExpressionSyntax
  /** The names in it, some more than once. */
  readonly mentioned: readonly string[]
}
export interface RuleSyntax {
  readonly kind: "require" | "forbid"
  readonly text: Word
  readonly output: Word
}
export interface LimitSyntax extends Place {
  readonly what: "latency" | "memory" | "flash" | "output" | "cost"
  /** In milliseconds, bytes, or the currency of the bill. */
  readonly amount: number
}

export type LiteralSyntax = Place &
  (
    | { readonly kind: "text"; readonly text: string; readonly pieces?: readonly Piece[] | "unpaired" }
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "label"; readonly label: string }
  )

export type ExpressionSyntax =
  | LiteralSyntax
  | (Place &
      (
        | { readonly kind: "unsure" }
        | { readonly kind: "name"; readonly name: string }
        | { readonly kind: "field"; readonly field: Word; readonly of: Word }
        | CallSyntax
        | {
            readonly kind: "route"
            readonly on: Word
            readonly cases: readonly CaseSyntax[]
            readonly otherwise?: Branch
          }
        | { readonly kind: "first"; readonly alternatives: readonly ExpressionSyntax[] }
        | { readonly kind: "mix"; readonly experts: readonly ExpertSyntax[] }
        | RepeatSyntax
        | { readonly kind: "within"; readonly of: ExpressionSyntax; readonly ms: number }
      ))

export interface CallSyntax extends Place {
  readonly kind: "call"
  readonly part: Word
  readonly inputs: readonly ExpressionSyntax[]
}
export interface Branch extends Place {
  readonly value: ExpressionSyntax
}
export interface CaseSyntax extends Branch {
  readonly labels: readonly (Word & { readonly isUnsure: boolean })[]
}
export interface ExpertSyntax {
  readonly value: ExpressionSyntax
  readonly weight: number // in 1/256
}
export interface RepeatSyntax extends Place {
  readonly kind: "repeat"
  readonly times: number
  readonly begin: ExpressionSyntax
  readonly then: ExpressionSyntax
  readonly until: ConditionSyntax
}
export type ConditionSyntax = Place & { readonly value: ExpressionSyntax } & (
    | { readonly test: "is"; readonly labels: readonly (Word & { readonly isUnsure: boolean })[] }
    | { readonly test: "above" | "below"; readonly bound: number }
  )
