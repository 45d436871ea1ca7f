import type { Problem } from "../../base/problem.ts"
import { type Shape, sameShape } from "../../base/shape.ts"
import * as read from "../attributes.ts"
import type { Node, Signatures } from "../graph.ts"
import type { Table } from "../operations.ts"
import { lastOf } from "../scan.ts"
import { scanSlopes } from "../scan_slopes.ts"

export const SCAN: Table<"scan"> = {
  scan: {
    inputs: "any",
    attributes: {
      body: read.body,
      output: read.place,
      stacked: read.flag,
      reverse: read.flag,
      recompute: read.flag,
    },
    shape: resultShape,
    dtype: (_, { body, output }) => body.values[output]!.dtype,
    gradient: (dy, y, others = []) => scanSlopes([{ y, dy }, ...others]),
    reference: { kind: "scan" },
  },
}

type Attributes = Signatures["scan"]["attributes"]
function resultShape(inputs: readonly Node[], attributes: Attributes): Shape | Problem {
  const { body, output, stacked } = attributes
  const { carries, slices, constants, values } = body
  const steps = inputs[carries.length]?.shape[0]
  const wanted = [...carries, ...slices, ...constants]
  const fits = (node: Node, i: number): boolean => {
    const { dtype, shape } = wanted[i]!
    const isSequence = i >= carries.length && i < carries.length + slices.length
    return node.dtype === dtype && sameShape(node.shape, isSequence ? [steps!, ...shape] : shape)
  }
  if (steps === undefined || inputs.length !== wanted.length || !inputs.every(fits)) return noInputs(body)
  const value = values[output]
  const isThere = value && (stacked || lastOf({ attributes } as Node<"scan">) !== undefined)
  return isThere ? (stacked ? [steps, ...value.shape] : value.shape) : noResult(attributes)
}
const noInputs = ({ carries, slices, constants }: Attributes["body"]): Problem => {
  const list = (nodes: readonly Node[], time = ""): readonly string[] =>
    nodes.map(({ dtype, shape }) => `${dtype} [${time}${shape}]`)
  const wanted = [...list(carries), ...list(slices, "T,"), ...list(constants)]
  return {
    code: "OB327",
    seen: `This scan takes ${wanted.join(", ").slice(0, 200)}.`,
    hint: "Wire inputs of the same dtype and shape, all sequences equally long.",
  }
}
const noResult = ({ output }: Attributes): Problem => ({
  code: "OB327",
  seen: `This scan has no result ${output}.`,
  hint: "Any value of its body can be stacked, and the last be taken of what a carry becomes.",
})
