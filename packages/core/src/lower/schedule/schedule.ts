import type { Tiles } from "../../base/tiles.ts"
import { isNode, type Node } from "../../graph/graph.ts"
import type { Operand, Scratch } from "../../graph/reference.ts"
import { contraction, type Schedule } from "./contraction.ts"

/**
 * A faster way to the bits of a node's reference, where there is one. `packsOnce`: the right side never changes, so that
 * what depends on it alone is done once. `nibbles`: it is what `unpack_nibbles` would unpack.
 */
export function scheduleOf(
  node: Node,
  inputs: readonly Operand[],
  output: Operand,
  scratch: Scratch,
  packsOnce: boolean,
  tiles: Tiles,
  nibbles: boolean,
): Schedule | undefined {
  if (isNode(node, "matmul"))
    return contraction(node, inputs as [Operand, Operand], output, scratch, packsOnce, tiles, nibbles)
  return undefined
}
