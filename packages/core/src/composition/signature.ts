import type { Target } from "./composition.ts"
import type { Cost } from "./library.ts"
import type { Port, PortType } from "./types.ts"

/** What a call of a part takes and gives, whatever the part is. */
export interface Signature {
  readonly target: Target
  readonly name: string
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  /** For each output whether it may be unsure. */
  readonly unsure: readonly boolean[]
  /** Why it may give nothing, if it may. */
  readonly nothing?: string
  /** Whether its one output comes with logits. */
  readonly isExpert: boolean
  /** Worked out when a budget asks. */
  cost(): Cost
  /** The modules that it loads, by place, and what each takes. */
  readonly loads: ReadonlyMap<number, Cost>
}

/** An expression that was checked. What is wrong in itself has no type, so that it is told of once. */
export interface Typed {
  readonly node: number
  readonly type: PortType | undefined
  readonly unsure: boolean
  readonly nothing?: string
  readonly isExpert: boolean
}
/** What is wrong in itself, or is not there. */
export const NONE: Typed = { node: -1, type: undefined, unsure: false, isExpert: false }
/** Whether it is never nothing and never unsure. */
export const isCertain = ({ type, unsure, nothing }: Typed): boolean =>
  type !== undefined && !unsure && nothing === undefined
