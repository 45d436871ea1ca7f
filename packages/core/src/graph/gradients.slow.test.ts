import { expect, test } from "vitest"
import { sizeOf } from "../base/shape.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { type Draw, drawFrom } from "../ir/testing/draw.ts"
import { RUNS, SEED } from "../ir/testing/hostile.ts"
import { lowerGraph } from "../lower/lower.ts"
import { DRAWS } from "../lower/testing/draws.ts"
import { type Growing, grow, type Leaf } from "../lower/testing/growing.ts"
import { PATTERNS } from "../lower/testing/patterns.ts"
import { backpropagate } from "./backpropagate.ts"
import { inOrder, isNode, type Name, type Node } from "./graph.ts"
import * as op from "./operations.ts"

/** Whatever has a slope everywhere, and moves numbers about. */
const SMOOTH = [
  ...([
    "add",
    "subtract",
    "multiply",
    "exp",
    "tanh",
    "sigmoid",
    "sin",
    "cos",
    "broadcast",
    "reshape",
    "transpose",
  ] as const),
  ...(["slice", "pad", "concatenate", "reverse", "unfold", "fold", "sum", "matmul", "matmul", "take"] as const),
  ...(["gather_sum", "scatter_add", "scan"] as const),
] satisfies readonly Name[]
const LAYERS = ["softmax", "norm", "attention", "gru", "convolution", "recurrent"] as const
const one = (x: Node): Node => op.fill(1, x)
/** Of what has a slope only in places, so that it stays there. */
const KEPT: readonly ((x: Node) => Node)[] = [
  (x) => op.sqrt(op.add(op.multiply(x, x), one(x))),
  (x) => op.log(op.add(op.multiply(x, x), one(x))),
  (x) => op.divide(x, op.add(op.multiply(x, x), one(x))),
  (x) => op.tanh(x),
]

function smoothGraph(draw: Draw): Node | undefined {
  const growing: Growing = grow(draw, [1, 2, 3, 4, 5, 6, 8, 9, 17])
  const { nodes } = growing
  const isOurs = ({ dtype, operation }: Node): boolean =>
    dtype === "f32" && operation !== "input" && operation !== "weight" && operation !== "fill"
  for (let n = draw.between(2, 7); n > 0; n--) {
    const kind = draw.between(0, 3)
    const last = nodes.findLast(isOurs)
    if (kind === 0 && last) nodes.push(draw.pick(KEPT)(last))
    else if (kind === 1) nodes.push(...PATTERNS[draw.pick(LAYERS)]!(growing).filter((node) => node !== undefined))
    else nodes.push(DRAWS[draw.pick(SMOOTH)](growing) ?? one(op.fill(0, { dtype: "f32", shape: [1, 1] })))
  }
  return nodes.findLast(isOurs)
}

const PLACES = 6
const [H, TOLERANCE] = [1e-4, 1e-5]
/** How many slopes of a random graph were looked at, and those that differ from central differences. */
function judged(seed: number): { readonly places: number; readonly faults: readonly string[] } {
  const draw = drawFrom(seed)
  const y = smoothGraph(draw)
  if (!y || sizeOf(y.shape) > 4000) return { places: 0, faults: [] }
  const all = inOrder([y]).filter((node): node is Leaf => isNode(node, "input") || isNode(node, "weight"))
  const leaves = all.filter(({ dtype }) => dtype === "f32")
  const dy = op.input("dy", "f32", y.shape)
  const slopes = backpropagate([{ y, dy }], leaves).map((slope, i) => slope ?? op.fill(0, leaves[i]!))
  const entry = { name: "smooth", outputs: { y }, float: "f64" } as const
  const forward = interpreterEngine.instantiate(lowerGraph(entry))
  const named = Object.fromEntries(slopes.map((slope, i) => [`slope${i}`, slope]))
  const backward = interpreterEngine.instantiate(lowerGraph({ ...entry, outputs: named }))
  const direction = Float64Array.from({ length: sizeOf(y.shape) }, () => draw.between(-100, 100) / 100)
  for (const { attributes, shape } of all) {
    const values = Array.from({ length: sizeOf(shape) }, () =>
      attributes.dtype === "f32" ? draw.between(-1000, 1000) / 1000 : draw.between(0, 5),
    )
    for (const { memory } of [forward, backward]) memory[attributes.name]?.set(values)
  }
  backward.memory["dy"]?.set(direction)
  backward.run()
  let size = 0
  const lossAt = (name: string, at: number, by: number): number => {
    const array = forward.memory[name]!
    const held = array[at]!
    array[at] = held + by
    forward.run()
    array[at] = held
    const parts = Array.from(forward.memory["y"]!, (value, i) => value * direction[i]!)
    size = parts.reduce((most, part) => Math.max(most, Math.abs(part)), size)
    return parts.reduce((sum, part) => sum + part, 0)
  }
  const tried = Array.from({ length: leaves.length > 0 ? PLACES : 0 }, () => {
    const n = draw.between(0, leaves.length - 1)
    const { attributes, shape } = leaves[n]!
    const at = draw.between(0, sizeOf(shape) - 1)
    const difference = (h: number): number =>
      (lossAt(attributes.name, at, h) - lossAt(attributes.name, at, -h)) / (2 * h)
    const [near, nearer, exact] = [difference(H), difference(H / 2), backward.memory[`slope${n}`]![at]!]
    const room = TOLERANCE * (1 + Math.abs(exact) + Math.abs(nearer)) + 1e-9 * size
    const isTold = Math.abs(near - nearer) < room // else it bends too much for differences
    const isWrong = isTold && !(Math.abs(exact - nearer) < 2 * room)
    return { isTold, fault: isWrong ? [`seed ${seed}: ${attributes.name}[${at}] is ${exact}, not ${nearer}`] : [] }
  })
  return { places: tried.filter(({ isTold }) => isTold).length, faults: tried.flatMap(({ fault }) => fault) }
}

test(`slopes of random graphs are those of central differences (SEED=${SEED})`, { timeout: 120_000 }, () => {
  const all = Array.from({ length: 4 * RUNS }, (_, n) => judged(SEED + n))
  expect(all.flatMap(({ faults }) => faults)).toEqual([])
  expect(all.reduce((sum, { places }) => sum + places, 0)).toBeGreaterThan(8 * RUNS)
})
