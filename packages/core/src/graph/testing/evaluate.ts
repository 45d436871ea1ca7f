import { numbersOf } from "../../base/dtype.ts"
import type { Engine, Instance } from "../../engine/engine.ts"
import { interpreterEngine } from "../../engine/interpreter.ts"
import { type Entry, lowerGraph } from "../../lower/lower.ts"
import { backpropagate } from "../backpropagate.ts"
import { inOrder, isNode, type Node } from "../graph.ts"
import { fill as constant, input } from "../operations.ts"

export type Values = readonly number[]
/** Contents of inputs and weights, by name; those left out are 0. */
export type Given = Readonly<Record<string, Values>>

const fill = ({ memory }: Instance, given: Given): void => {
  for (const [name, values] of Object.entries(given)) memory[name]!.set(values)
}

/** What a graph gives, on the judge unless told otherwise. */
export function evaluate(
  outputs: Entry["outputs"],
  given: Given,
  { engine = interpreterEngine, float = "f32" }: { readonly engine?: Engine; readonly float?: "f32" | "f64" } = {},
): Readonly<Record<string, Values>> {
  const instance = engine.instantiate(lowerGraph({ name: "evaluated", outputs, float }))
  fill(instance, given)
  instance.run()
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, [...instance.memory[name]!]]))
}
export const resultOf = (y: Node, given: Given, engine?: Engine): Values =>
  evaluate({ the_value: y }, given, engine ? { engine } : {})["the_value"]!

/** As a dtype holds them: rounded or wrapped. */
export const stored = (node: Node, values: Values): Values => [...numbersOf(node.dtype, values)]

/**
 * Largest |table − central difference| of ∂(Σ dy·y)/∂v, relative to 1 + |∂|, over each element v of each float input
 * or weight. Both in f64, in which the interpreter runs what was lowered with `float: "f64"`; in f32 it would be noise.
 */
export function gradientError(y: Node, given: Given, dy: Values): number {
  const leaves = inOrder([y]).filter(
    (node): node is Node<"input"> | Node<"weight"> =>
      (isNode(node, "input") || isNode(node, "weight")) && node.dtype === "f32",
  )
  const direction = input("dy", "f32", y.shape)
  const slopes = backpropagate([{ y, dy: direction }], leaves)
  const named = Object.fromEntries(slopes.map((slope, i) => [`slope${i}`, slope ?? constant(0, leaves[i]!)]))
  const forward = interpreterEngine.instantiate(
    lowerGraph({ name: "forward", outputs: { the_value: y }, float: "f64" }),
  )
  const backward = interpreterEngine.instantiate(lowerGraph({ name: "backward", outputs: named, float: "f64" }))
  const loss = (name: string, at: number, by: number): number => {
    const array = forward.memory[name]!
    const held = array[at]!
    array[at] = held + by
    forward.run()
    array[at] = held
    return Array.from(forward.memory["the_value"]!).reduce((sum, value, i) => sum + value * dy[i]!, 0)
  }
  fill(forward, given)
  const known = { ...given, dy }
  fill(backward, Object.fromEntries(Object.entries(known).filter(([name]) => name in backward.memory)))
  backward.run()
  const errors = leaves.flatMap(({ attributes: { name } }, n) =>
    Array.from(backward.memory[`slope${n}`]!, (exact, i) => {
      const difference = (loss(name, i, H) - loss(name, i, -H)) / (2 * H)
      return Math.abs(exact - difference) / (1 + Math.abs(exact))
    }),
  )
  return errors.reduce((most, error) => (error <= most ? most : error), 0) // NaN stays
}
const H = 1e-5 // balances truncation (H²) against cancellation (2⁻⁵³ / H)
