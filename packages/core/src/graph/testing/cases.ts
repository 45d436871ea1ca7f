import type { Name, Node } from "../graph.ts"
import { CONTRACTION_CASES } from "./cases/contraction.ts"
import { ELEMENT_CASES } from "./cases/element.ts"
import { GATHER_CASES } from "./cases/gather.ts"
import { INTEGER_CASES } from "./cases/integer.ts"
import { LEAF_CASES } from "./cases/leaf.ts"
import { MOVEMENT_CASES } from "./cases/movement.ts"
import { REDUCTION_CASES } from "./cases/reduction.ts"
import { SCAN_CASES } from "./cases/scan.ts"
import { WINDOW_CASES } from "./cases/window.ts"
import { type Case, giver } from "./give.ts"

/** One case for each operation: one added without a case does not compile. */
export const CASES: { readonly [N in Name]: Case } = {
  ...LEAF_CASES,
  ...ELEMENT_CASES,
  ...INTEGER_CASES,
  ...REDUCTION_CASES,
  ...MOVEMENT_CASES,
  ...GATHER_CASES,
  ...CONTRACTION_CASES,
  ...WINDOW_CASES,
  ...SCAN_CASES,
}

/** Lengths that fill no, one or many vectors, and leave every number of elements over. */
export const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33, 64] as const

/** All graphs of an operation at these lengths, as outputs of one. */
export function allGraphs(
  operation: Name,
  lengths: readonly number[] = LENGTHS,
  give = giver(),
): Readonly<Record<string, Node>> {
  const nodes = lengths.flatMap((n) => CASES[operation].graphs(n, give).map((node) => [n, node] as const))
  return Object.fromEntries(nodes.map(([n, node], i) => [`${operation}_${i}_of_${n}`, node]))
}
