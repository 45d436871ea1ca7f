/** Recordings that nobody had to wear electrodes for: eight channels of noise, with bursts of 10 Hz or 20 Hz in it. */
import { stream } from "@open-brains/core/base/random.ts"

export const [CHANNELS, HZ] = [8, 1000]
export const LABELS = ["rest", "slow", "fast"] as const // nothing, 10 Hz, 20 Hz
const WAVES_HZ = [0, 10, 20]

export interface Recording {
  /** Samples one after another, CHANNELS numbers each. */
  readonly samples: Float32Array
  /** For each sample the place of its label. */
  readonly labels: Uint8Array
}

/** Stretches of 0.6 to 1.4 s, by turns rest and a burst; every channel hears a burst as loud as it lies near to it. */
export function record(seconds: number, seed: number): Recording {
  const [draw, noise] = [stream(seed, "draw"), stream(seed, "mix")]
  const count = seconds * HZ
  const [samples, labels] = [new Float32Array(count * CHANNELS), new Uint8Array(count)]
  let [at, drawn] = [0, 0]
  const uniform = (least: number, most: number): number => least + (most - least) * draw.uniform(drawn++)
  for (let stretch = 0; at < count; stretch++) {
    const end = Math.min(count, at + Math.round(HZ * uniform(0.6, 1.4)))
    const label = stretch % 2 === 0 ? 0 : 1 + draw.below(drawn++, 2)
    const loudness = Array.from({ length: CHANNELS }, () => uniform(0.3, 1))
    const phase = Array.from({ length: CHANNELS }, () => uniform(0, 2 * Math.PI))
    for (; at < end; at++) {
      labels[at] = label
      for (let c = 0; c < CHANNELS; c++) {
        const wave = label === 0 ? 0 : loudness[c]! * Math.sin((2 * Math.PI * WAVES_HZ[label]! * at) / HZ + phase[c]!)
        samples[at * CHANNELS + c] = wave + bell(noise, at * CHANNELS + c)
      }
    }
  }
  return { samples, labels }
}
/** About normal, with a deviation of 1: a sum of four even draws. */
function bell({ word }: ReturnType<typeof stream>, i: number): number {
  const [a, b] = [word(2 * i), word(2 * i + 1)]
  const sum = (a & 0xffff) + (a >>> 16) + (b & 0xffff) + (b >>> 16)
  return (sum / 65536 - 2) * Math.sqrt(3)
}
