import { readFileSync } from "node:fs"
import { join } from "node:path"
import { compose } from "open-brains"
import { expect, test } from "vitest"
import { sensorFiles } from "./sensor.ts"
import { CHANNELS, LABELS, record } from "./signal.ts"

const here = import.meta.dirname

test("the net that lies here is what its recipe makes, to the bit", () => {
  for (const [name, content] of Object.entries(sensorFiles()))
    expect(Buffer.compare(readFileSync(join(here, "net", name)), Buffer.from(content)), name).toBe(0)
})

test("a brain around the net answers each sample of a recording at once, and starts anew after reset", async () => {
  const brain = await compose(join(here, "bursts.brain"))
  const { samples, labels } = record(10, 4)
  const count = samples.length / CHANNELS
  const answers = (): readonly unknown[] =>
    Array.from({ length: count }, (_, i) => {
      const found = brain.ask(samples.subarray(i * CHANNELS, (i + 1) * CHANNELS))
      if (found instanceof Promise) throw new Error("a brain of nets answers at once")
      return (found.outputs["state"] as { readonly label: string }).label
    })
  const first = answers()
  const right = first.filter((answer, i) => (answer === "burst") === (LABELS[labels[i]!] !== "rest")).length
  expect(right / count).toBeGreaterThan(0.85)
  brain.reset()
  expect(answers()).toEqual(first)
  await brain.close()
})
