/** Compiling in a process that has compiled nothing yet, in milliseconds. The argument says what. */

import { emitWasm } from "@open-brains/core/emit/wasm/emit.ts"
import { faultOf } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import { fill, input, matmul, multiply, sum } from "@open-brains/core/graph/operations.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { lowerGraph } from "@open-brains/core/lower/lower.ts"
import { openParts } from "@open-brains/core/run/module.ts"
import { readModule } from "../engines.testing.ts"
import type { Compiling, IntentTimes, ProgramTimes } from "./compiling.ts"

const [what, argument] = process.argv.slice(2)
const times: Compiling = what === "intent" ? await intent(argument!) : program(Number(argument))
console.log(JSON.stringify(times))

async function intent(folder: string): Promise<IntentTimes> {
  const start = performance.now()
  const files = await readModule(folder)
  const read = performance.now()
  const fault = faultOf(wasmEngine)
  const proved = performance.now()
  const classifier = openParts(files, wasmEngine)
  const opened = performance.now()
  const { label } = classifier.ask("what is my balance")
  const end = performance.now()
  if (fault !== undefined) throw new Error(fault)
  return {
    label: label ?? "",
    readMs: read - start,
    selfTestMs: proved - read,
    compileMs: opened - proved,
    answerMs: end - proved,
  }
}

/** Layers that are small to run and large to compile: seven shapes in turn. */
function program(layers: number): ProgramTimes {
  const start = performance.now()
  let x: Node = input("x", "f32", [1, 4])
  for (let layer = 0; layer < layers; layer++) {
    const width = 2 + (layer % 7)
    const dense = matmul(x, fill(0.5 / width, { shape: [x.shape[1]!, width], dtype: "f32" }))
    x = multiply(dense, fill(1 + layer / layers, dense))
  }
  const lowered = lowerGraph({ name: "large", outputs: { y: sum(x, 1) } })
  const graphMs = performance.now() - start

  const begin = performance.now()
  const problems = validate(lowered)
  const validated = performance.now()
  const instance = wasmEngine.instantiate(lowered)
  const made = performance.now()
  instance.memory["x"]!.fill(1)
  instance.run()
  const ran = performance.now()
  if (problems.length > 0) throw new Error(`${problems[0]!.code}: ${problems[0]!.seen}`)
  return {
    bytes: emitWasm(lowered).bytes.length,
    lowerMs: graphMs,
    validateMs: validated - begin,
    emitMs: made - validated,
    runMs: ran - made,
    allMs: ran - begin,
  }
}
