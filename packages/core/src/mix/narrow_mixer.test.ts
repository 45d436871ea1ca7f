import { expect, test } from "vitest"
import { wasmEngine } from "../engine/wasm.ts"
import { buffer, i32, let_, load, local, store } from "../ir/build.ts"
import type { Program } from "../ir/program.ts"
import { validate } from "../ir/validate.ts"
import { squashTable } from "../kernels/logistic.ts"
import { NARROW_ONE, narrowMixer } from "./narrow_mixer.ts"

/** Two sets over two inputs; the first set has a row for each value of `which`. */
function opened() {
  const inputs = buffer("input", "i16", "inputs", 2)
  const [which, wanted] = [buffer("input", "i32", "which", 1), buffer("input", "i32", "wanted", 1)]
  const chance = buffer("output", "u16", "chance", 1)
  const mixer = narrowMixer(inputs, [
    { name: "a", row: load(which, i32(0)), rows: 2 },
    { name: "b", row: i32(0), rows: 1 },
  ])
  const program: Program = {
    name: "mixes",
    buffers: [inputs, which, wanted, chance, ...mixer.buffers, squashTable],
    body: [
      ...mixer.mix,
      store(chance, i32(0), local("mixed_chance")),
      let_("target", load(wanted, i32(0))),
      ...mixer.learn,
    ],
    entries: { reset: mixer.reset },
  }
  expect(validate(program)).toEqual([])
  const { memory, run, entries } = wasmEngine.instantiate(program)
  entries["reset"]!()
  const learn = (votes: readonly number[], row: number, bit: 0 | 1): number => {
    memory["inputs"]!.set([...votes])
    memory["which"]![0] = row
    memory["wanted"]![0] = bit ? 65535 : 0
    run()
    return memory["chance"]![0]!
  }
  return { memory, learn }
}

test("who is right gains weight, in its row and in what all rows share; who is wrong loses it", () => {
  const { memory, learn } = opened()
  const first = learn([300, -300], 1, 1)
  for (let i = 0; i < 200; i++) learn([300, -300], 1, 1)
  expect(learn([300, -300], 1, 1)).toBeGreaterThan(first + 10_000)
  const [begun] = memory["weights_a"]!
  expect(memory["weights_a"]![2]!).toBeGreaterThan(begun!)
  expect(memory["weights_a"]![3]!).toBeLessThan(begun!)
  expect(memory["weights_b"]![0]!).toBeGreaterThan(begun!)
  // The other row was never asked.
  expect([...memory["weights_a"]!.slice(0, 2)]).toEqual([begun, begun])
})
test("a weight ends at ±4: it never turns round", () => {
  const END = 4 * NARROW_ONE - 1
  for (const [bit, sign] of [[1, 1] as const, [0, -1] as const]) {
    const { memory, learn } = opened()
    // The mix is undecided, so that both move far.
    memory["weights_a"]![0] = -sign * END
    memory["weights_b"]![0] = sign * (END - 10)
    learn([2000, 0], 0, bit)
    expect(memory["weights_b"]![0]).toBe(sign * END)
    expect(sign * memory["weights_a"]![0]!).toBeGreaterThan(-END + 100)
  }
})
