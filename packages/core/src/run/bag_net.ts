import { refuse } from "../base/problem.ts"
import { sizeOf } from "../base/shape.ts"
import { inOrder, isNode, type Name, type Node } from "../graph/graph.ts"
import { SATURATION } from "../graph/requantise.ts"
import type { Outputs } from "../graph/text.ts"
import type { Program } from "../ir/program.ts"

/** y = requantise(x · factor, multiplier): the nodes that say how a sum becomes fewer bits. */
export interface Requantised {
  readonly sum: Node
  /** By what sums are lifted before, where they are; it does not depend on the text. */
  readonly factor: Node | undefined
  readonly multiplier: Node
  readonly shift: number
  readonly range: readonly [low: number, high: number]
  readonly result: Node
}
/**
 * A net that is linear but for its roundings: logits = requantise(requantise(Σ rows of a table) · matrix + bias).
 * Shapes: table [V,D], slots [1,F], count [1,1], pooled [1,D], matrix [D,C], bias [1,C], logits [1,C].
 */
export interface BagNet {
  /** The program that turns the text into slots. */
  readonly kernel: Program
  readonly slots: Node
  readonly count: Node
  /** Table, matrix and bias depend on weights alone, however they are stored. */
  readonly table: Node
  readonly pooled: Requantised
  readonly matrix: Node
  readonly bias: Node
  readonly logits: Requantised
}

/**
 * Reads a classifier's graph as a bag net, from its logits back to the text. What becomes of the logits, such as a scale
 * of probabilities, does not matter; nor does how weights are stored, as nibbles or as bytes.
 * Errors: OB540 for a graph of another form.
 */
export function readBagNet(graph: Outputs): BagNet {
  const logits = readRequantised(graph["logits"] ?? other("it gives no logits"))
  const [product, bias] = split(logits.sum, "add", "matmul")
  if (product.attributes.transposeLeft || product.attributes.transposeRight) other("its matrix is transposed")
  const [vector, matrix] = product.inputs
  const pooled = readRequantised(vector)
  const bag = pooled.sum
  if (!isNode(bag, "gather_sum")) return other(`its vector comes from \`${bag.operation}\``)
  const [table, slots, count] = bag.inputs
  const isKernel = isNode(slots, "kernel") && isNode(count, "kernel")
  if (!isKernel || slots.attributes.program !== count.attributes.program)
    return other("one kernel does not give its slots")
  if (slots.attributes.output !== "slots" || count.attributes.output !== "count")
    other("its slots are not those of a kernel")
  for (const [place, name] of ["text", "length"].entries())
    for (const { inputs } of [slots, count]) {
      const given = inputs[place]
      if (!given || !isNode(given, "input") || given.attributes.name !== name)
        other(`its kernel is not given the ${name}`)
    }
  if (sizeOf(bag.shape) !== table.shape[1]) other("it takes several texts at once")
  if (table.dtype !== "i8" || matrix.dtype !== "i8") other("its weights are not in bytes")
  for (const node of [table, matrix, bias, logits.multiplier, logits.factor, pooled.factor])
    if (node && !isConstant(node)) other(`\`${node.operation}\`, which should be a weight, depends on the text`)
  return { kernel: slots.attributes.program, ...{ slots, count, table, pooled, matrix, bias, logits } }
}

function readRequantised(result: Node): Requantised {
  if (!isNode(result, "requantise")) return other(`\`${result.operation}\` stands where a sum is requantised`)
  const [lifted, multiplier] = result.inputs
  const { shift, dtype } = result.attributes
  const rest = { multiplier, shift, range: SATURATION[dtype], result }
  if (!isNode(lifted, "multiply")) return { sum: lifted, factor: undefined, ...rest }
  const [a, b] = lifted.inputs
  return isConstant(b) ? { sum: a, factor: b, ...rest } : { sum: b, factor: a, ...rest }
}

/** The two sides of an operation, that which is a `wanted` node first. */
function split<N extends Name>(node: Node, operation: "add", wanted: N): readonly [Node<N>, Node] {
  if (!isNode(node, operation)) return other(`\`${node.operation}\` stands where a bias is added`)
  const [a, b] = node.inputs
  if (isNode(a, wanted)) return [a, b]
  return isNode(b, wanted) ? [b, a] : other(`nothing that it adds is a \`${wanted}\``)
}

/** Whether a value is the same for every text. */
const isConstant = (node: Node): boolean => inOrder([node]).every(({ operation }) => operation !== "input")

export const other = (seen: string): never =>
  refuse({
    code: "OB540",
    seen: `This module is not a sum over the n-grams of a text: ${seen}.`,
    hint: "Only such modules can say what each n-gram contributed; `brain teach` makes them.",
  })
