import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { expect, test } from "vitest"
import { goOn, learn, openPredictor } from "./predictor.ts"

const TEXT = "the cat sat on the mat. "

test("the predictor learns a sentence, goes on with it, and undoes what it learnt", () => {
  const net = openPredictor(wasmEngine)
  const before = learn(net, TEXT, 1)
  const digest = net.digest()
  const after = learn(net, TEXT, 150, 7) // windows of another length, and one that is shorter
  expect(before).toBeGreaterThan(7)
  expect(after).toBeLessThan(1)
  expect(goOn(net, "the cat s", 13)).toBe("the cat sat on the mat")
  net.undo(net.undoable() - 2) // all but the first pass: its reset and its window
  expect(net.digest()).toBe(digest)
})
