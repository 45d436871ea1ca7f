import type { Dtype, Scalar } from "../../base/dtype.ts"
import type { Interval } from "../../ir/interval.ts"
import type { Statement } from "../../ir/program.ts"
import { type Code, unsigned } from "./binary.ts"
import type { Functions, ValueType } from "./functions.ts"
import type { Stored } from "./opcode.ts"

/** Where a buffer lies in memory. */
export interface Place {
  readonly dtype: Dtype
  readonly bytes: number
  readonly start: number
  /** The immediates of a load or a store: how it is aligned, and where the buffer starts. */
  readonly immediates: Code
}

/** What all functions of a module share. */
export interface Shared {
  readonly functions: Functions
  readonly places: ReadonlyMap<string, Place>
  interval(name: string): Interval
  /** Whether relaxed SIMD may be used, where the result is one and the same. */
  readonly relaxed: boolean
  /** Work (work.ts) from which on a loop is a function of its own. */
  readonly apart: number
  /** In a module for several threads. */
  readonly sharing?: {
    /** The function that shares out a phase (threads.ts). */
    readonly share: number
    /** Loops to share out, and how many of their rounds make a share at least. */
    readonly least: ReadonlyMap<Statement, number>
    /** The functions of the phases. */
    readonly phases: number[]
  }
}

/**
 * A function while it is printed. Printers are handed it, and are not made anew for each function: engines are quick
 * with functions that there is one of, and slow to make many.
 */
export interface Frame {
  readonly shared: Shared
  /** Of locals that have a name, parameters among them. */
  readonly slots: Map<string, Code>
  readonly parameters: number
  /** All beside the parameters. */
  readonly locals: ValueType[]
  /** Two locals of each type for operations that need an operand twice; free again at once. */
  readonly spares: { [Type in ValueType]?: readonly [Code, Code] }
}

export type Local = readonly [name: string, scalar: "i32" | "f32"]
export const localsOf = (names: ReadonlyMap<string, Scalar>): readonly Local[] =>
  [...names].map(([name, scalar]) => [name, narrow(scalar)])
export function frameOf(shared: Shared, takes: readonly Local[]): Frame {
  const slots = new Map<string, Code>()
  for (let at = 0; at < takes.length; at++) slots.set(takes[at]![0], unsigned(at))
  return { shared, slots, parameters: takes.length, locals: [], spares: {} }
}

export const fresh = ({ parameters, locals }: Frame, type: ValueType): Code =>
  unsigned(parameters + locals.push(type) - 1)
export function slotOf(frame: Frame, name: string, scalar: "i32" | "f32"): Code {
  const known = frame.slots.get(name)
  if (known !== undefined) return known
  const slot = fresh(frame, scalar)
  frame.slots.set(name, slot)
  return slot
}
export const sparesOf = (frame: Frame, type: ValueType): readonly [Code, Code] =>
  (frame.spares[type] ??= [fresh(frame, type), fresh(frame, type)])

const missing = (): never => {
  throw new Error("bug: WebAssembly has no f64 here")
}
/** `f64` is the interpreter's alone. */
export const narrow = (scalar: Scalar): "i32" | "f32" => (scalar === "f64" ? missing() : scalar)
export const stored = (dtype: Dtype): Stored => (dtype === "f64" ? missing() : dtype)
