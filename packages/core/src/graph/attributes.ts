import { type Dtype, isDtype } from "../base/dtype.ts"
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import type { Shape } from "../base/shape.ts"
import type { Program } from "../ir/program.ts"
import type { Body } from "./scan.ts"

/** What nodes of a file refer to by place. */
export interface Shared {
  readonly programs: readonly Program[]
  readonly bodies: readonly Body[]
}
/** What an attribute must be in graph.json, whoever wrote it. Errors: OB220. */
export type Reader<T> = (value: Json | undefined, shared: Shared) => T
/** One reader for each attribute of an operation: those that are not named here are refused. */
export type Readers<Attributes> = { readonly [Key in keyof Attributes]: Reader<Attributes[Key]> }

export const AXES_MAX = 8
/** Elements of a tensor, along one axis or all: each has at least a byte, and no program has more bytes. */
export const LENGTH_MAX = 2 ** 28

export const wrong = (seen: string): never =>
  refuse({ code: "OB220", seen: `This is no graph: ${seen}.`, hint: "The file is damaged or of a newer version." })
export const shown = (json: unknown): string => (JSON.stringify(json) ?? "nothing").slice(0, 60)
export const listOf = (json: Json | undefined): readonly Json[] =>
  isJsonList(json) ? json : wrong(`${shown(json)} is no list`)
export const objectOf = (json: Json | undefined): JsonObject =>
  isJsonObject(json) ? json : wrong(`${shown(json)} is no object`)
export const wholeIn = (json: Json | undefined, low: number, high: number): number =>
  typeof json === "number" && Number.isInteger(json) && json >= low && json <= high
    ? json
    : wrong(`${shown(json)} is not in ${low} … ${high}`)
const perAxis = (json: Json | undefined, low: number): Shape =>
  listOf(json).length <= AXES_MAX ? listOf(json).map((n) => wholeIn(n, low, LENGTH_MAX)) : wrong("too many axes")

export const name = (v: Json | undefined): string =>
  typeof v === "string" && /^[a-z][a-z0-9_]{0,63}$/i.test(v) ? v : wrong(`${shown(v)} is no name`)
export const dtype: Reader<Dtype> = (v) =>
  isDtype(v) && v !== "f64" ? v : wrong(`${shown(v)} is no dtype of a module`)
export const shape: Reader<Shape> = (v) => perAxis(v, 1)
/** A number that is finite and outlasts a canonical text. */
export const value: Reader<number> = (v) =>
  typeof v === "number" && Number.isFinite(v) && !Object.is(v, -0) ? v : wrong(`${shown(v)} is no number to fill with`)
export const axis: Reader<number> = (v) => wholeIn(v, 0, AXES_MAX - 1)
export const length: Reader<number> = (v) => wholeIn(v, 1, LENGTH_MAX)
export const shift: Reader<number> = (v) => wholeIn(v, 0, 31)
export const flag: Reader<boolean> = (v) => v === true
/** One number for each axis: how many elements to pass over, or to add. */
export const counts: Reader<Shape> = (v) => perAxis(v, 0)
/** One number for each axis, 1 or more. */
export const lengths = shape
export const program: Reader<Program> = (v, { programs }) => programs[wholeIn(v, 0, programs.length - 1)]!
export const output: Reader<string> = (v) => (typeof v === "string" ? v : wrong(`${shown(v)} is no output`))
export const body: Reader<Body> = (v, { bodies }) => bodies[wholeIn(v, 0, bodies.length - 1)]!
export const place: Reader<number> = (v) => wholeIn(v, 0, LENGTH_MAX)
