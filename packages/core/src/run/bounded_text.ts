import { sizeOf } from "../base/shape.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { convert, node as graphNode, input, reshape } from "../graph/operations.ts"
import type { Outputs } from "../graph/text.ts"
import { ngramOptionsOf } from "../kernels/recognise.ts"
import { byteRows, nibbleRows, type RowsOf, tritRows } from "../kernels/rows.ts"
import { streamedRows } from "../kernels/streamed_rows.ts"
import { readBagNet } from "./bag_net.ts"

/** By the name that quantise/packed.ts gives a table. */
const ROWS: Readonly<Record<string, RowsOf>> = {
  table: byteRows,
  table_nibbles: nibbleRows,
  table_trits: tritRows,
}

/**
 * The same classifier for small chips, and for texts of at most so many bytes: rows of its table are added up as the text is
 * read, from where they are stored, be it bytes, nibbles or trits. To texts within, the answers are the same to the bit. Nothing when
 * its kernel is none of kernels/ngrams.ts or its table is stored in another way, so that nobody knows how, or when it reads less
 * anyway. Errors: OB540 for a graph that is no bag net.
 */
export function boundedText(graph: Outputs, bytesMax: number): Outputs | undefined {
  const { kernel, table, slots, count } = readBagNet(graph)
  const [buckets, columns] = table.shape as [number, number]
  const options = ngramOptionsOf(kernel, buckets)
  const stored = inOrder([table]).find((node) => isNode(node, "weight"))
  const rowsOf = stored && ROWS[stored.attributes.name]
  if (!options || !stored || !rowsOf || bytesMax < 1 || bytesMax > options.bytesMax) return undefined
  const program = streamedRows({ ...options, bytesMax }, columns, rowsOf)
  const { length, dtype } = program.buffers.find(({ name }) => name === "table")!
  if (sizeOf(stored.shape) !== length || stored.dtype !== dtype) return undefined
  const given = [input("text", "u8", [1, bytesMax]), input("length", "i32", [1, 1]), reshape(stored, [1, length])]
  const [total, sums] = ["count", "sums"].map((output) => graphNode("kernel", given, { program, output })) as [
    Node,
    Node,
  ]
  const wide = sums.dtype === "i32" ? sums : convert(sums, "i32")
  const isBag = (node: Node): boolean =>
    isNode(node, "gather_sum") && node.inputs[0] === table && node.inputs[1] === slots && node.inputs[2] === count
  const bags = inOrder(Object.values(graph)).filter(isBag)
  const made = replaced(graph, new Map<Node, Node>([[count, total], ...bags.map((bag) => [bag, wide] as const)]))
  const isLeft = (node: Node): boolean => isNode(node, "kernel") && node.attributes.program === kernel
  return inOrder(Object.values(made)).some(isLeft) ? undefined : made // something else reads the slots
}

/** A graph with some of its nodes replaced, and all that read them made anew. Whole nodes are kept where nothing changed. */
function replaced(outputs: Outputs, fresh: Map<Node, Node>): Outputs {
  for (const node of inOrder(Object.values(outputs))) {
    if (fresh.has(node)) continue
    const inputs = node.inputs.map((each) => fresh.get(each)!)
    const isSame = inputs.every((each, i) => each === node.inputs[i])
    fresh.set(node, isSame ? node : graphNode(node.operation, inputs as never, node.attributes as never))
  }
  return Object.fromEntries(Object.entries(outputs).map(([name, node]) => [name, fresh.get(node)!]))
}
