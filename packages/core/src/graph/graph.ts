import type { Dtype } from "../base/dtype.ts"
import type { Shape } from "../base/shape.ts"
import type { Program } from "../ir/program.ts"
import type { Body } from "./scan.ts"

interface Takes<Inputs extends readonly Node[], Attributes> {
  readonly inputs: Readonly<Inputs>
  readonly attributes: Readonly<Attributes>
}
type Nothing = Readonly<Record<string, never>>
type Leaf = { readonly name: string; readonly shape: Shape; readonly dtype: Dtype }

/** Windows over the axes between the first and the last: one number for each of these. */
export interface Windows {
  readonly kernel: Shape
  /** From one window to the next. */
  readonly stride: Shape
  /** From one element of a window to the next. */
  readonly dilation: Shape
  /** Zeros that the axis counts as having at its ends. */
  readonly before: Shape
  readonly after: Shape
}
type One = Takes<[Node], Nothing>
type Two = Takes<[Node, Node], Nothing>

/** Every operation and what it takes. A name added here must get its rules in operations.ts, or nothing compiles. */
export interface Signatures {
  readonly input: Takes<[], Leaf> // what the caller brings
  readonly weight: Takes<[], Leaf> // what was learnt
  readonly fill: Takes<[], { value: number; shape: Shape; dtype: Dtype }>
  readonly iota: Takes<[], { axis: number; shape: Shape }> // i32: 0, 1, 2, … along the axis
  readonly add: Two
  readonly subtract: Two
  readonly multiply: Two
  readonly divide: Two
  readonly larger: Two
  readonly smaller: Two
  readonly equal: Two // 1 or 0, in the dtype of what is compared
  readonly less: Two
  readonly select: Takes<[condition: Node, yes: Node, no: Node], Nothing>
  readonly absolute: One
  readonly floor: One
  readonly sqrt: One
  readonly exp: One
  readonly log: One
  readonly tanh: One
  readonly sigmoid: One
  readonly sin: One
  readonly cos: One
  readonly stop_gradient: One
  readonly convert: Takes<[Node], { dtype: Dtype }>
  readonly shift_left: Takes<[Node], { shift: number }>
  readonly shift_right: Takes<[Node], { shift: number }>
  readonly bitwise_and: Two
  readonly bitwise_or: Two
  readonly broadcast: Takes<[Node], { axis: number; length: number }> // of an axis with length 1
  readonly reshape: Takes<[Node], { shape: Shape }>
  readonly transpose: Takes<[Node], { order: Shape }>
  readonly slice: Takes<[Node], { start: Shape; stop: Shape; step: Shape }>
  readonly pad: Takes<[Node], { before: Shape; after: Shape; between: Shape; value: number }>
  readonly concatenate: Takes<readonly Node[], { axis: number }>
  readonly reverse: Takes<[Node], { axis: number }>
  readonly unfold: Takes<[Node], Windows>
  readonly fold: Takes<[Node], Windows & { readonly spatial: Shape }>
  readonly sum: Takes<[Node], { axis: number }> // the axis stays, with length 1
  readonly maximum: Takes<[Node], { axis: number }>
  readonly minimum: Takes<[Node], { axis: number }>
  readonly argmax: One
  readonly matmul: Takes<[Node, Node], { transposeLeft: boolean; transposeRight: boolean }>
  readonly take: Takes<[table: Node, indices: Node], Nothing>
  readonly gather_sum: Takes<[table: Node, slots: Node, count: Node], Nothing>
  readonly scatter_add: Takes<[rows: Node, slots: Node, count: Node], { length: number }>
  readonly requantise: Takes<[x: Node, multiplier: Node], { shift: number; dtype: "i8" | "u8" | "i16" }>
  readonly lookup: Takes<[x: Node, table: Node], Nothing>
  readonly integer_sqrt: One
  readonly unpack_nibbles: One // u8 [.., n] -> i8 [.., 2n]
  readonly softmax_bits: One
  readonly kernel: Takes<Node[], { program: Program; output: string }>
  /** One value of a body that runs for each step of time: of all steps, or of the last. See scan.ts. */
  readonly scan: Takes<Node[], { body: Body; output: number; stacked: boolean; reverse: boolean; recompute: boolean }>
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
/** A weight that takes a new value at the end of a run. */
export interface Update {
  readonly weight: Node<"weight">
  readonly value: Node
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
