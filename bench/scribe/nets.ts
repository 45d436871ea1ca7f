/** Nets over bytes, learnt once for each recipe, seed and text: those of earlier runs are read back and said to be. */
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { readSafetensors, writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { type ByteRecipe, type FloatByteNet, trainBytes, vocabularyOf } from "@open-brains/core/train/bytes.ts"
import { repository } from "../../scripts/testing.ts"
import { say } from "../shared/report.ts"

export interface Learnt {
  readonly net: FloatByteNet
  /** Undefined when it was read back. */
  readonly seconds: number | undefined
}

/** What decides about the bits of weights beside their arguments. */
const SOURCES = [
  "train/bytes",
  "train/step",
  "train/adamw",
  "train/gradient",
  "nn/byte_net",
  "nn/gru",
  "nn/cross_entropy",
]

export function learn(text: Uint8Array, recipe: ByteRecipe, seed: number, engine: Engine): Learnt {
  const hash = createHash("sha256")
  for (const name of SOURCES) hash.update(readFileSync(join(repository, `packages/core/src/${name}.ts`)))
  const key = hash.update(JSON.stringify({ recipe, seed })).update(text).digest("hex")
  const folder = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "open-brains", "bench")
  const path = join(folder, `byte-net-${key.slice(0, 32)}.safetensors`)
  const vocabulary = vocabularyOf(text)
  if (existsSync(path)) {
    say(`seed ${seed}: the same text was learnt before by the same recipe; its weights are read back`)
    const tensors = Object.entries(readSafetensors(readFileSync(path), path))
    const weights = Object.fromEntries(tensors.map(([name, { data }]) => [name, data as Float32Array]))
    return { net: { ...vocabulary, weights }, seconds: undefined }
  }
  const start = performance.now()
  const run = trainBytes(text, recipe, seed, engine)
  let bits = 0
  for (let next = run.next(); ; next = run.next()) {
    const seconds = (performance.now() - start) / 1000
    if (next.done) {
      mkdirSync(folder, { recursive: true })
      writeFileSync(`${path}.part`, fileOf(next.value))
      renameSync(`${path}.part`, path)
      return { net: next.value, seconds }
    }
    const { step, steps } = next.value
    bits += next.value.bits / SAID_EVERY
    if (step % SAID_EVERY > 0) continue
    say(`seed ${seed}: update ${step} of ${steps}, ${bits.toFixed(3)} bits a byte, ${seconds.toFixed(0)} s`)
    bits = 0
  }
}
const SAID_EVERY = 1000

/** The floats alone: what bytes have rows follows from the text. */
const fileOf = ({ weights }: FloatByteNet): Uint8Array =>
  writeSafetensors(
    Object.fromEntries(
      Object.entries(weights).map(([name, data]) => [name, { dtype: "f32", shape: [data.length], data }]),
    ),
  )
