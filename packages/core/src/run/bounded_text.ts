import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { add, convert, fill, node as graphNode, input, reshape } from "../graph/operations.ts"
import type { Outputs } from "../graph/text.ts"
import { ngramOptionsOf } from "../kernels/recognise.ts"
import { streamedRows } from "../kernels/streamed_rows.ts"
import { readBagNet } from "./bag_net.ts"

/** How far a number of a table is from 0 at most, by the name that quantise/packed.ts gives the table. */
const MOST: Readonly<Record<string, number>> = { table: 128, table_nibbles: 8, table_trits: 1 }

/**
 * The same classifier for small chips, and for texts of at most so many bytes: rows of its table are added up as the text is
 * read. To texts within, the answers are the same to the bit. Nothing when its kernel is none of kernels/ngrams.ts, so that nobody
 * knows how, or reads less anyway. Errors: OB540 for a graph that is no bag net.
 */
export function boundedText(graph: Outputs, bytesMax: number): Outputs | undefined {
  const { kernel, table, slots, count } = readBagNet(graph)
  const [buckets, columns] = table.shape as [number, number]
  const options = ngramOptionsOf(kernel, buckets)
  if (!options || bytesMax < 1 || bytesMax > options.bytesMax) return undefined
  const stored = inOrder([table]).find((node) => isNode(node, "weight"))
  const more = MOST[stored?.attributes.name ?? ""] ?? 128
  const program = streamedRows({ ...options, bytesMax }, columns, more)
  const wideTable = convert(table, "i32")
  const above = convert(add(wideTable, fill(more, wideTable)), "u8")
  const given = [
    input("text", "u8", [1, bytesMax]),
    input("length", "i32", [1, 1]),
    reshape(above, [1, buckets * columns]),
  ]
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
