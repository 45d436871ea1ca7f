import { expect, test } from "vitest"
import { backpropagate } from "../graph/backpropagate.ts"
import type { Name } from "../graph/graph.ts"
import { inOrder, isNode, type Node } from "../graph/graph.ts"
import { input } from "../graph/operations.ts"
import { allGraphs, CASES } from "../graph/testing/cases.ts"
import { giver } from "../graph/testing/give.ts"
import { unprovedPromises } from "../ir/independent.ts"
import { validate } from "../ir/validate.ts"
import { lowerGraph } from "./lower.ts"

const NAMES = Object.keys(CASES) as readonly Name[]
const isLeaf = (node: Node): node is Node<"input"> | Node<"weight"> => isNode(node, "input") || isNode(node, "weight")

test.each(NAMES)("%s: every parallel loop of its program is proved to keep its promise", (name) => {
  const program = lowerGraph({ name, outputs: allGraphs(name) })
  expect([validate(program), unprovedPromises(program)]).toEqual([[], []])
})

test.each(NAMES)("%s: so is every one of its gradient", (name) => {
  const { gradient } = CASES[name]
  if (typeof gradient === "string") return expect(gradient).toMatch(/./) // says why there is none
  for (const y of gradient(giver())) {
    const leaves = inOrder([y]).filter((node) => isLeaf(node) && node.dtype === "f32") as Node<"input">[]
    const slopes = backpropagate([{ y, dy: input("dy", "f32", y.shape) }], leaves)
    const outputs = Object.fromEntries(slopes.flatMap((slope, i) => (slope ? [[`slope${i}`, slope]] : [])))
    const program = lowerGraph({ name: "backward", outputs })
    expect([validate(program), unprovedPromises(program)]).toEqual([[], []])
  }
})
