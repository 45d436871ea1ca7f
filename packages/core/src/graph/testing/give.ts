import type { Dtype } from "../../base/dtype.ts"
import type { Name, Node } from "../graph.ts"
import * as op from "../operations.ts"

/** An input of that dtype and shape; `tag` tells apart those that are alike. The same words give the same node. */
export type Give = (dtype: Dtype, shape: readonly number[], tag?: string) => Node

export interface Case {
  /** Graphs of the operation in which some axis is `n` long. */
  graphs(n: number, give: Give): readonly Node[]
  /** Graphs whose gradient is checked against differences, or why none can be. Inputs called `apart_…` have no two equal. */
  readonly gradient: string | ((give: Give) => readonly Node[])
  /** What its shape and dtype rules refuse. */
  readonly refusals: readonly (readonly [code: `OB${number}`, build: () => Node])[]
}

export const giver = (): Give => {
  const known = new Map<string, Node>()
  return (dtype, shape, tag = "a") => {
    const name = [tag, dtype, ...shape].join("_")
    const node = known.get(name) ?? op.input(name, dtype, shape)
    known.set(name, node)
    return node
  }
}
export const at = giver()
export const [f23, f32_, i23, b23] = [at("f32", [2, 3]), at("f32", [3, 2]), at("i32", [2, 3]), at("i8", [2, 3])]
export const [i32_, row3] = [at("i32", [3, 2]), at("f32", [3])]
export const INTEGERS = ["i8", "u8", "i16", "u16", "i32"] as const
export const DTYPES = [...INTEGERS, "f32"] as const
export const FLOAT_FIRST = ["f32", ...INTEGERS] as const
export const [STEP, STAIRCASE] = ["a step: 0 or undefined everywhere", "a staircase of integers"]
export const make = (operation: Name, inputs: readonly Node[], attributes: object): Node =>
  op.node(operation as "add", inputs as Node<"add">["inputs"], attributes as Node<"add">["attributes"])

/** One case for each operation of a family. */
export type CasesOf<Family> = { readonly [Each in keyof Family]: Case }
