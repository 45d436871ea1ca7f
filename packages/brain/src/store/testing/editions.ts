import { digest } from "@open-brains/core/base/digest.ts"
import { stream } from "@open-brains/core/base/random.ts"
import { printArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Fetched } from "../unpack.ts"
import { moduleOf } from "./artifacts.ts"

/** A module with weights, of bytes that nothing makes smaller. */
export function withWeights(edition: string, weights: Uint8Array): Fetched {
  const { cardData, files } = moduleOf(edition)
  const all = new Map([...files, ["weights.safetensors", weights] as const])
  const described = [...all].map(([path, bytes]) => ({ path, digest: digest(bytes), size: bytes.length }))
  return { ...printArtifact(described, cardData), cardData, files: all }
}
const random = stream(1, "mix", 0)
export const noise = (length: number, from = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.floor(256 * random.uniform(from + i)))
const WEIGHTS = noise(20_000)
/** The i-th edition of a module: each has another weight than the one before. */
export const edition = (name: string, i: number): Fetched =>
  withWeights(`${name}${i}`, WEIGHTS.with(i, WEIGHTS[i]! ^ 1))
