import { stream } from "@open-brains/core/base/random.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import { describe, expect, test } from "vitest"
import { mirrorIsPromised, requireOrSkip } from "../../scripts/testing.ts"
import { BOARD_NETS, type BoardNetName, casesOf, missingCases, readBoardNet } from "./nets.ts"

const KEEPS = { bindingsMax: 1, undoMax: 0, copyEvery: 1 }
const SEED = 5
const random = stream(SEED, "draw")
/** Noise as a net takes it. */
function noise(name: BoardNetName, round: number): Record<string, Uint8Array | Int16Array | Int32Array> {
  const word = (i: number): number => random.word(round * 10_000 + i)
  if (name === "gestures")
    return {
      points: Int16Array.from({ length: 256 }, (_, i) => word(i)),
      count: Int32Array.of((word(999) >>> 1) % 140),
    }
  return { pixels: Uint8Array.from({ length: name === "mnist-tiny" ? 784 : 64 }, (_, i) => word(i)) }
}
/** How often each net is right at least, on 150 cases. */
const LEAST = { "mnist-tiny": 0.8, "digits-int8": 0.94, "digits-int4": 0.92, gestures: 0.96 }

describe.each(BOARD_NETS)("%s", (name) => {
  const { net, weights } = readBoardNet(name)
  test(`says the same in WebAssembly as in the interpreter, whatever it is asked (SEED=${SEED})`, () => {
    const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => openNet(net, weights, engine, KEEPS))
    for (let round = 0; round < 20; round++) {
      const inputs = noise(name, round)
      expect(wasm!.call("step", inputs)).toEqual(judge!.call("step", inputs))
    }
  })
  test("reads what it has not learnt from, with the bits of the interpreter", (context) => {
    requireOrSkip(context, missingCases(name), mirrorIsPromised())
    const cases = casesOf(name, 150)
    const wasm = openNet(net, weights, wasmEngine, KEEPS)
    for (const { inputs, expected } of cases) expect(wasm.call("step", inputs)).toEqual(expected)
    const right = cases.filter(({ expected, truth }) => expected["label"]![0] === truth).length
    expect(right / cases.length).toBeGreaterThan(LEAST[name])
  })
})
