import { digest } from "@open-brains/core/base/digest.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { expect, test } from "vitest"
import { openStepper } from "../../packages/brain/src/streams/stepper.ts"
import { SENSOR, sensorFiles } from "./sensor.ts"
import { CHANNELS, HZ, record } from "./signal.ts"

const files = sensorFiles()
const weights = readSafetensors(files["weights.safetensors"], "weights.safetensors")
function heard(samples: Float32Array, engine = wasmEngine): readonly Float32Array[] {
  const stepper = openStepper(SENSOR, weights, engine)
  return Array.from({ length: samples.length / CHANNELS }, (_, i) => {
    stepper.input.set(samples.subarray(i * CHANNELS, (i + 1) * CHANNELS))
    stepper.step()
    return stepper.output.slice()
  })
}

test("it hears the bursts of a recording that it has not learnt from", () => {
  const { samples, labels } = record(30, 2)
  const answers = heard(samples).map((output) => output.indexOf(Math.max(...output)))
  let [right, settled, settledRight, since] = [0, 0, 0, 0]
  for (const [i, answer] of answers.entries()) {
    since = labels[i] === labels[i - 1] ? since + 1 : 0
    if (answer === labels[i]) right++
    if (since < 0.25 * HZ) continue
    settled++
    if (answer === labels[i]) settledRight++
  }
  expect(right / answers.length).toBeGreaterThan(0.85)
  expect(settledRight / settled).toBeGreaterThan(0.97)
})

test("what it says has the bits of the interpreter, and so has what it learns", () => {
  const { samples } = record(1, 3)
  const some = samples.subarray(0, 200 * CHANNELS)
  expect(heard(some, interpreterEngine)).toEqual(heard(some))
  expect(digest(sensorFiles()["weights.safetensors"])).toBe(digest(files["weights.safetensors"]))
})
