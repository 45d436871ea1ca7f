import type { Json } from "@open-brains/core/base/json.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { asked, netFile } from "./gestures.testing.ts"
import { DATA, readStrokes, thinned } from "./strokes.ts"

const net = netFromJson(JSON.parse(new TextDecoder().decode(netFile("graph.json"))) as Json)
const weights = readSafetensors(netFile("weights.safetensors"), "weights.safetensors")
interface Answer {
  readonly label: number
  readonly logits: readonly number[]
  readonly probability: readonly number[]
}
function opened(engine: Engine): (points: Int16Array) => Answer {
  const open = openNet(net, weights, engine, { bindingsMax: 1, undoMax: 0, copyEvery: 1 })
  return (points) => {
    const { label, logits, probability } = open.call("step", { ...asked(points) })
    return { label: label![0]!, logits: [...logits!], probability: [...probability!] }
  }
}

test("it reads strokes that it has not learnt from, with the bits of the interpreter", (context) => {
  requireOrSkip(context, missingData(DATA), mirrorIsPromised())
  const strokes = readStrokes(mirror()!).test
  const [wasm, judge] = [opened(wasmEngine), opened(interpreterEngine)]
  const answers = strokes.map(({ points }) => wasm(points))
  for (const [i, answer] of answers.entries()) if (i % 5 === 0) expect(answer).toEqual(judge(strokes[i]!.points))
  const right = answers.filter(({ label }, i) => label === strokes[i]!.label).length
  expect(right / strokes.length).toBeGreaterThan(0.96)
})
test("no stroke is in two splits, and each digit is as often in each", (context) => {
  requireOrSkip(context, missingData(DATA), mirrorIsPromised())
  const { learn, choose, test } = readStrokes(mirror()!)
  expect([learn, choose, test].map((part) => part.length)).toEqual([700, 100, 200])
  for (const part of [learn, choose, test])
    for (let digit = 0; digit < 10; digit++)
      expect(part.filter(({ label }) => label === digit).length).toBe(part.length / 10)
  expect(new Set([...learn, ...choose, ...test].map(({ points }) => points.join())).size).toBe(1000)
})
test("a stroke that anybody can draw: a line down is a one, a ring is a zero, on both engines", () => {
  const line = thinned(Array.from({ length: 60 }, (_, i) => [(i % 3) - 1, 60 - 2 * i]).flat())
  // A ring out of its square: the corners are cut.
  const corners = [
    [0, 40],
    [-20, 30],
    [-28, 0],
    [-20, -30],
    [0, -40],
    [20, -30],
    [28, 0],
    [20, 30],
    [0, 40],
  ] as const
  const ring = corners.slice(1).flatMap(([x, y], i) => {
    const [fromX, fromY] = corners[i]!
    return Array.from({ length: 10 }, (_, j) => [
      Math.round(fromX + ((x - fromX) * j) / 10),
      Math.round(fromY + ((y - fromY) * j) / 10),
    ]).flat()
  })
  for (const engine of [wasmEngine, interpreterEngine]) {
    expect(opened(engine)(line).label).toBe(1)
    expect(opened(engine)(thinned(ring)).label).toBe(0)
  }
})
