/**
 * A net that hears bursts in eight channels at 1 kHz, one sample a step. Two resonators a channel, whose numbers follow
 * from their frequencies, are its memory; what their powers say is learnt. Writes a module and a recording that it has
 * not learnt from: node examples/sensor/sensor.ts FOLDER
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type EntryGraph, type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { crossEntropy } from "@open-brains/core/nn/cross_entropy.ts"
import { linear } from "@open-brains/core/nn/linear.ts"
import { softmax } from "@open-brains/core/nn/softmax.ts"
import { openNet } from "@open-brains/core/run/net.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { compileStep } from "@open-brains/core/train/step.ts"
import { CHANNELS, HZ, LABELS, record } from "./signal.ts"

const BANDS_HZ = [10, 20]
const [WIDTH_HZ, POWER_SECONDS] = [2, 0.1]
const FEATURES = (BANDS_HZ.length + 1) * CHANNELS
const f32 = (name: string, rows: number, columns: number): Node<"weight"> => op.weight(name, "f32", [rows, columns])
const matrix = f32("matrix", FEATURES, LABELS.length)
const bias = f32("bias", 1, LABELS.length)

/**
 * z ← ρ e^(2πi f/1000) z + x for each band f and channel; p ← p + α (|z|² − p), and the same of x² itself; the
 * logarithms of these powers. Shapes: sample [1,8] → [1,24].
 */
function features(): { readonly powers: Node; readonly updates: EntryGraph["updates"] } {
  const x = op.input("sample", "f32", [1, CHANNELS])
  const bands = BANDS_HZ.length
  const [real, imaginary] = [f32("real", bands, CHANNELS), f32("imaginary", bands, CHANNELS)]
  const [power, loudness] = [f32("power", bands, CHANNELS), f32("loudness", 1, CHANNELS)]
  const [cosine, sine] = [f32("cosine", bands, 1), f32("sine", bands, 1)].map((each) => op.broadcastLike(each, real))
  const turned = op.subtract(op.multiply(cosine!, real), op.multiply(sine!, imaginary))
  const nextReal = op.add(turned, op.broadcastLike(x, real))
  const nextImaginary = op.add(op.multiply(sine!, real), op.multiply(cosine!, imaginary))
  const squares = op.add(op.multiply(nextReal, nextReal), op.multiply(nextImaginary, nextImaginary))
  const nextPower = towards(power, squares)
  const nextLoudness = towards(loudness, op.multiply(x, x))
  const all = op.concatenate([nextPower, nextLoudness], 0)
  return {
    powers: op.reshape(op.log(op.add(all, op.fill(1e-3, all))), [1, FEATURES]),
    updates: [
      { weight: real, value: nextReal },
      { weight: imaginary, value: nextImaginary },
      { weight: power, value: nextPower },
      { weight: loudness, value: nextLoudness },
    ],
  }
}
const towards = (mean: Node, x: Node): Node =>
  op.add(mean, op.multiply(op.fill(1 / (POWER_SECONDS * HZ), mean), op.subtract(x, mean)))

const STATE = { real: 1, imaginary: 1, power: 1, loudness: 1 }
export const SENSOR: Net = {
  maxima: {},
  state: STATE,
  at() {
    const { powers, updates = [] } = features()
    return { step: { outputs: { probability: softmax(linear(powers, matrix, bias)) }, updates } }
  },
}
/** What is learnt from. */
const LISTENER: Net = {
  maxima: {},
  state: STATE,
  at() {
    const { powers, updates = [] } = features()
    return { step: { outputs: { powers }, updates } }
  },
}

/** ρ e^(2πi f/1000): ρ so that a resonator hears 2 Hz around its own frequency. */
function resonators(): Tensors {
  const [radius, angles] = [Math.exp((-2 * Math.PI * WIDTH_HZ) / HZ), BANDS_HZ.map((hz) => (2 * Math.PI * hz) / HZ)]
  const of = (part: (angle: number) => number) => ({
    dtype: "f32" as const,
    shape: [BANDS_HZ.length, 1],
    data: Float32Array.from(angles, (angle) => radius * part(angle)),
  })
  return { cosine: of(Math.cos), sine: of(Math.sin) }
}

/** Learns matrix and bias from a recording by AdamW: the same weights each time, and on every engine. */
export function trainSensor(engine: Engine = wasmEngine): Tensors {
  const { samples, labels } = record(40, 1)
  const listener = openNet(LISTENER, resonators(), engine, { bindingsMax: 1, undoMax: 0, copyEvery: 1 })
  const EVERY = 20
  const rows = labels.length / EVERY
  const [x, target] = [new Float32Array(rows * FEATURES), new Float32Array(rows * LABELS.length)]
  for (let i = 0; i < labels.length; i++) {
    const { powers } = listener.call("step", { sample: samples.slice(i * CHANNELS, (i + 1) * CHANNELS) })
    if (i % EVERY !== EVERY - 1) continue
    const row = Math.floor(i / EVERY)
    x.set(powers as Float32Array, row * FEATURES)
    target[row * LABELS.length + labels[i]!] = 1
  }
  const given = [op.input("x", "f32", [rows, FEATURES]), op.input("target", "f32", [rows, LABELS.length])] as const
  const sum = crossEntropy(linear(given[0], matrix, bias), given[1])
  const loss = op.multiply(sum, op.fill(1 / rows, sum))
  const scalar = (name: string): Node => op.input(name, "f32", [1, 1])
  const inputs = {
    rate: scalar("rate"),
    secondCorrection: scalar("secondCorrection"),
    decay: scalar("decay"),
    averageRate: scalar("averageRate"),
  }
  const options = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
  const { memory, run } = compileStep(loss, [matrix, bias], inputs, options, [matrix], engine)
  const floats = (name: string): Float32Array => memory[name] as Float32Array
  floats("x").set(x)
  floats("target").set(target)
  const STEPS = 400
  let [power1, power2] = [1, 1]
  for (let step = 0; step < STEPS; step++) {
    const rate = 0.05 * (1 - step / STEPS)
    power1 *= options.beta1
    power2 *= options.beta2
    floats("rate")[0] = rate / (1 - power1)
    floats("secondCorrection")[0] = 1 / (1 - power2)
    floats("decay")[0] = rate * 1e-3
    floats("averageRate")[0] = 1
    run()
  }
  return {
    ...resonators(),
    matrix: { dtype: "f32", shape: matrix.shape, data: floats("matrix").slice() },
    bias: { dtype: "f32", shape: bias.shape, data: floats("bias").slice() },
  }
}

export interface SensorFiles {
  readonly "graph.json": string
  readonly "weights.safetensors": Uint8Array
}
/** The module as its files. */
export const sensorFiles = (engine?: Engine): SensorFiles => ({
  "graph.json": canonicalJson(netToJson(SENSOR)),
  "weights.safetensors": writeSafetensors(trainSensor(engine), { hz: `${HZ}`, labels: canonicalJson([...LABELS]) }),
})

/** A recording as a table with a line a sample: its time in milliseconds, its channels. */
export function csvOf(samples: Float32Array): string {
  const channels = Array.from({ length: CHANNELS }, (_, c) => `c${c + 1}`)
  const lines = Array.from({ length: samples.length / CHANNELS }, (_, i) =>
    [(i * 1000) / HZ, ...samples.subarray(i * CHANNELS, (i + 1) * CHANNELS)].join(","),
  )
  return `${[["t", ...channels].join(","), ...lines].join("\n")}\n`
}

if (import.meta.main) {
  const folder = process.argv[2] ?? "sensor"
  mkdirSync(folder, { recursive: true })
  for (const [name, content] of Object.entries(sensorFiles())) writeFileSync(join(folder, name), content)
  writeFileSync(join(folder, "recording.csv"), csvOf(record(6, 2).samples))
}
