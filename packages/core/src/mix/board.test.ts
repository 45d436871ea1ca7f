import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { validate } from "../ir/validate.ts"
import { cellModel } from "../kernels/cell_model.ts"
import { lastBytes } from "../kernels/contexts.ts"
import { runModel } from "../kernels/run_model.ts"
import { boardHarness } from "./board.ts"

test("x", () => {
  const historyBytes = 16
  const experts = [
    { name: "o1", about: "", knows: true, program: cellModel({ context: lastBytes(1), cells: 1024, historyBytes }) },
    { name: "o2", about: "", knows: true, program: cellModel({ context: lastBytes(2), cells: 1024, historyBytes }) },
    { name: "r3", about: "", knows: true, program: runModel({ context: lastBytes(3), entries: 512, historyBytes }) },
  ]
  const program = boardHarness(experts, { historyBytes, rows: [8, 8, 32], corrections: 4 })
  expect(validate(program)).toEqual([])
  for (const engine of [wasmEngine, interpreterEngine]) {
    const { memory, run, entries } = engine.instantiate(program)
    entries["reset"]!()
    memory["learning"]![0] = 1
    const text = "the cat sat on the mat, the cat sat on the hat; "
    const costs: number[] = []
    for (const byte of new TextEncoder().encode(text.repeat(3))) {
      memory["next"]![0] = byte
      run()
      costs.push(memory["cost"]![0]!)
    }
    const mean = (a: number[]) => a.reduce((x, y) => x + y) / a.length / 256
    entries["foresee"]!()
    console.log(
      mean(costs.slice(0, 48)),
      mean(costs.slice(48, 96)),
      mean(costs.slice(96)),
      String.fromCharCode(memory["likeliest"]![0]!),
      memory["likelihood"]![0]!,
    )
  }
})
