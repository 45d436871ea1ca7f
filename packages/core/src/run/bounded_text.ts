import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { node as graphNode, input } from "../graph/operations.ts"
import type { Outputs } from "../graph/text.ts"
import { ngrams } from "../kernels/ngrams.ts"
import { ngramOptionsOf } from "../kernels/recognise.ts"
import { readBagNet } from "./bag_net.ts"

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

/**
 * The same classifier for texts of at most so many bytes: its kernel is made again with buffers for no more, and the answers
 * to texts within are the same, since a kernel says the same of a text whatever else it could hold. Nothing when its kernel
 * is none of kernels/ngrams.ts, so that nobody knows how to make it again, or reads less anyway. Errors: OB540 for a graph that is no bag net.
 */
export function boundedText(graph: Outputs, bytesMax: number): Outputs | undefined {
  const bag = readBagNet(graph)
  const options = ngramOptionsOf(bag.kernel, bag.table.shape[0]!)
  if (options === undefined || bytesMax < 1 || bytesMax > options.bytesMax) return undefined
  if (bytesMax === options.bytesMax) return graph
  const kernel = ngrams({ ...options, bytesMax })
  const fresh = new Map<Node, Node>()
  const text = input("text", "u8", [1, bytesMax])
  for (const node of inOrder(Object.values(graph))) {
    if (isNode(node, "input") && node.attributes.name === "text") fresh.set(node, text)
    if (!isNode(node, "kernel") || node.attributes.program !== bag.kernel) continue
    const inputs = node.inputs.map((each) => (isNode(each, "input") && each.attributes.name === "text" ? text : each))
    fresh.set(node, graphNode("kernel", inputs, { program: kernel, output: node.attributes.output }))
  }
  return replaced(graph, fresh)
}
