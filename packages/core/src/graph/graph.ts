import type { Dtype } from "../base/dtype.ts"
import type { Shape } from "../base/shape.ts"
import type { Program } from "../ir/program.ts"

interface Takes<Inputs extends readonly Node[], Attributes> {
  readonly inputs: Readonly<Inputs>
  readonly attributes: Readonly<Attributes>
}
type Nothing = Readonly<Record<string, never>>
type Leaf = { readonly name: string; readonly shape: Shape; readonly dtype: Dtype }

/** Every operation and what it takes. A name added here must get its rules in operations.ts, or nothing compiles. */
export interface Signatures {
  readonly input: Takes<[], Leaf> // what the caller brings
  readonly weight: Takes<[], Leaf> // what was learnt
  readonly fill: Takes<[], { value: number; shape: Shape; dtype: Dtype }>
  readonly add: Takes<[Node, Node], Nothing>
  readonly subtract: Takes<[Node, Node], Nothing>
  readonly multiply: Takes<[Node, Node], Nothing>
  readonly divide: Takes<[Node, Node], Nothing>
  readonly equal: Takes<[Node, Node], Nothing>
  readonly sqrt: Takes<[Node], Nothing>
  readonly exp: Takes<[Node], Nothing>
  readonly log: Takes<[Node], Nothing>
  readonly broadcast: Takes<[Node], { axis: number; length: number }> // of an axis with length 1
  readonly sum: Takes<[Node], { axis: number }> // the axis stays, with length 1
  readonly maximum: Takes<[Node], { axis: number }>
  readonly matmul: Takes<[Node, Node], { transposeLeft: boolean; transposeRight: boolean }>
  readonly gather_sum: Takes<[table: Node, slots: Node, count: Node], Nothing>
  readonly scatter_add: Takes<[rows: Node, slots: Node, count: Node], { length: number }>
  readonly requantise: Takes<[x: Node, multiplier: Node], { shift: number; dtype: "i8" | "u8" | "i16" }>
  readonly softmax_bits: Takes<[Node], Nothing>
  readonly argmax: Takes<[Node], Nothing>
  readonly kernel: Takes<Node[], { program: Program; output: string }>
}
export type Name = keyof Signatures

/** One value of a graph, assigned once: plain data that refers to its inputs. Static single assignment. */
export interface Node<N extends Name = Name> {
  readonly operation: N
  readonly inputs: Signatures[N]["inputs"]
  readonly attributes: Signatures[N]["attributes"]
  readonly shape: Shape
  readonly dtype: Dtype
}
export const isNode = <N extends Name>(node: Node, operation: N): node is Node<N> => node.operation === operation

/** `outputs` and all that they need, inputs before their users, in an order that depends on the graph alone. */
export function inOrder(outputs: readonly Node[]): readonly Node[] {
  const order = new Set<Node>()
  const path: { readonly node: Node; seen: number }[] = [] // not the call stack: a stranger's graph may be deep
  for (const output of outputs) {
    path.push({ node: output, seen: 0 })
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const next = order.has(top.node) ? undefined : top.node.inputs[top.seen++]
      if (next) path.push({ node: next, seen: 0 })
      else order.add(path.pop()!.node)
    }
  }
  return [...order]
}
