import { DTYPE, type Dtype } from "../../base/dtype.ts"
import type { Problem } from "../../base/problem.ts"
import { type Shape, sameShape } from "../../base/shape.ts"
import type { Expression } from "../../ir/program.ts"
import type { Name, Node } from "../graph.ts"
import type { Reference } from "../operations.ts"
import type { Loops } from "../reference.ts"

// What families of operations share: small references, and rules of shape and dtype.
/** No slope for any input: constants, staircases and integers have none. */
export const noSlopes = (_: Node, { inputs }: Node): readonly undefined[] => inputs.map(() => undefined)
export const element = (
  value: (...operands: readonly Expression[]) => Expression,
): Extract<Reference<Name>, { kind: "element" }> => ({ kind: "element", value: (operands) => value(...operands) })
export const loops = (body: Loops): Extract<Reference<Name>, { kind: "loops" }> => ({ kind: "loops", body: () => body })

type Shaped = Pick<Node, "shape">
export function same(nodes: readonly Shaped[]): Shape | Problem {
  const [a, ...others] = nodes
  const other = others.find(({ shape }) => !sameShape(shape, a!.shape))
  if (!other) return a!.shape
  return {
    code: "OB310",
    seen: `The shapes [${a!.shape}] and [${other.shape}] differ.`,
    hint: "Broadcast one of them.",
  }
}
export const hasAxis = ({ shape }: Shaped, axis: number): boolean =>
  Number.isInteger(axis) && axis >= 0 && axis < shape.length
export const noAxis = ({ shape }: Shaped, axis: number): Problem => ({
  code: "OB311",
  seen: `[${shape}] has no axis ${axis}.`,
  hint: `It has ${shape.length}, counted from 0.`,
})
export const noMatrix = ({ shape }: Shaped): Problem => ({
  code: "OB313",
  seen: `[${shape}] is no matrix.`,
  hint: "Give it two axes.",
})
export const rank2 = (node: Shaped): Problem | undefined => (node.shape.length === 2 ? undefined : noMatrix(node))

export const isInteger = ({ dtype }: Node): boolean => DTYPE[dtype].scalar === "i32"
export const wrongDtype = ({ dtype }: { readonly dtype: Dtype }, wanted: string): Problem => ({
  code: "OB317",
  seen: `Found ${dtype} where ${wanted} belongs.`,
  hint: "Quantise or convert it.",
})
/** Numbers of one dtype, of any. */
export function uniform(inputs: readonly Node[]): Dtype | Problem {
  const other = inputs.find(({ dtype }) => dtype !== inputs[0]!.dtype)
  return other ? wrongDtype(other, inputs[0]!.dtype) : inputs[0]!.dtype
}
/** Numbers of one dtype that arithmetic does not leave: of 32 bits. */
export function alike([a, b]: readonly Node[]): Dtype | Problem {
  return a!.dtype === (b ?? a)!.dtype && DTYPE[a!.dtype].bytes >= 4
    ? a!.dtype
    : wrongDtype((b ?? a)!, `${a!.dtype} of 32 bits`)
}
export function floats(inputs: readonly Node[]): Dtype | Problem {
  const other = inputs.find((each) => each.dtype !== inputs[0]!.dtype || isInteger(each))
  return other ? wrongDtype(other, "one float dtype") : inputs[0]!.dtype
}
export function integers(inputs: readonly Node[], dtype: Dtype): Dtype | Problem {
  const other = inputs.find((each) => !isInteger(each))
  return other ? wrongDtype(other, "an integer") : dtype
}
/** What products are summed up in: floats in themselves, integers in i32. */
export function accumulator(a: Node, b: Node): Dtype | Problem {
  if (isInteger(a) && isInteger(b)) return "i32"
  return a.dtype === b.dtype ? a.dtype : wrongDtype(b, a.dtype)
}
/** A constant that a dtype can hold. */
export function holds(value: number, dtype: Dtype): Dtype | Problem {
  const range: readonly [number, number] | undefined = DTYPE[dtype].range
  if (!range || (Number.isInteger(value) && value >= range[0] && value <= range[1])) return dtype
  return { code: "OB317", seen: `${value} is no ${dtype}.`, hint: `A whole number in ${range[0]} … ${range[1]}.` }
}
