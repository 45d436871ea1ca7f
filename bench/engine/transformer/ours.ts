/** Ours: ours.ts FOLDER STEPS ENGINE; figures on stdout as JSON. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { engineNamed } from "../engines.ts"
import { compileModel, setWeights, takeStep, transformer } from "./model.ts"
import { type Sizes, type Training, weightShapes } from "./network.ts"

const [folder, steps, name] = process.argv.slice(2) as [string, string, string]
const { sizes } = JSON.parse(readFileSync(join(folder, "spec.json"), "utf8")) as { readonly sizes: Sizes }
const engine = engineNamed(name)
const instance = compileModel(transformer(sizes), engine)
const bytes = readFileSync(join(folder, "weights.f32"))
let at = 0
const weights = Object.fromEntries(
  Object.entries(weightShapes(sizes)).map(([weight, [rows, columns]]) => {
    const start = at
    at += 4 * rows * columns
    return [weight, new Float32Array(bytes.buffer, bytes.byteOffset + start, rows * columns)]
  }),
)
setWeights(instance, weights)
const tokens = readFileSync(join(folder, "tokens.u8"))
const batchLength = sizes.batch * (sizes.time + 1)
const losses: number[] = []
let secondsPerStep = Number.POSITIVE_INFINITY
for (let step = 0; step < Number(steps); step++) {
  const from = (step * batchLength) % tokens.length
  const start = performance.now()
  losses.push(takeStep(instance, sizes, tokens.subarray(from, from + batchLength), step + 1))
  secondsPerStep = Math.min(secondsPerStep, (performance.now() - start) / 1000)
}
const training: Training = { secondsPerStep, losses }
console.log(JSON.stringify(training))
engine[Symbol.dispose]?.()
