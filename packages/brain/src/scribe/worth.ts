import { DTYPE } from "@open-brains/core/base/dtype.ts"
import type { Expert } from "@open-brains/core/mix/expert.ts"
import { PORTS } from "@open-brains/core/mix/expert.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"

/** What each expert of a predictor is worth on a text. */
export interface Worth {
  readonly bytes: number
  /** All together: bits of the whole text, microseconds a byte (a median), bytes of memory. */
  readonly bits: number
  readonly microseconds: number
  readonly memoryBytes: number
  /** In the order of the predictor. */
  readonly experts: readonly ExpertWorth[]
}
export interface ExpertWorth {
  readonly name: string
  readonly about: string
  /** Bits of the text when all others are asked, and when it alone is. */
  readonly bitsWithout: number
  readonly bitsAlone: number
  /** Microseconds a byte that all take more than all others: the median of the rounds; below 0 is no more than noise. */
  readonly microseconds: number
  /** Bytes of what it holds itself. */
  readonly memoryBytes: number
}
export interface WorthProgress {
  readonly done: number
  readonly of: number
  readonly doing: string
}

/**
 * Reads a text with all experts, without each, and with each alone, every time from the same state, learning as it goes; and
 * leaves the predictor as it was. Bits are the same on every machine; times are this one's. `rounds` is how often what is
 * timed is timed.
 */
export function* worthOf(predictor: Predictor, text: Uint8Array, rounds = 3): Generator<WorthProgress, Worth> {
  const { experts, enabled } = predictor
  const before = predictor.state()
  const asked = enabled.slice()
  const of = rounds * (1 + experts.length) + experts.length
  let done = 0
  const run = (isAsked: (e: number) => boolean): { readonly bits: number; readonly ms: number } => {
    predictor.put(before)
    for (let e = 0; e < experts.length; e++) enabled[e] = isAsked(e) ? 1 : 0
    const start = performance.now()
    const bits = predictor.read(text, { learns: true })
    done++
    return { bits, ms: performance.now() - start }
  }
  const perByte = (ms: number): number => (text.length === 0 ? 0 : (1000 * ms) / text.length)
  try {
    const alone: number[] = []
    for (const [e, { name }] of experts.entries()) {
      yield { done, of, doing: `${name} alone` }
      alone.push(run((each) => each === e).bits)
    }
    const times: number[] = []
    const without = experts.map(() => ({ bits: 0, more: [] as number[] }))
    let bits = 0
    for (let round = 0; round < rounds; round++) {
      yield { done, of, doing: "all together" }
      const all = run(() => true)
      bits = all.bits
      times.push(perByte(all.ms))
      for (const [e, { name }] of experts.entries()) {
        yield { done, of, doing: `without ${name}` }
        const found = run((each) => each !== e)
        without[e]!.bits = found.bits
        without[e]!.more.push(perByte(all.ms - found.ms))
      }
    }
    return {
      bytes: text.length,
      bits,
      microseconds: median(times),
      memoryBytes: predictor.memoryBytes,
      experts: experts.map((expert, e) => ({
        name: expert.name,
        about: expert.about,
        bitsWithout: without[e]!.bits,
        bitsAlone: alone[e]!,
        microseconds: median(without[e]!.more),
        memoryBytes: memoryOf(expert),
      })),
    }
  } finally {
    enabled.set(asked)
    predictor.put(before)
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** What it holds itself, but for constants and what the harness gives to all. */
const memoryOf = ({ program }: Expert): number =>
  program.buffers
    .filter(({ name, access }) => access !== "constant" && !(PORTS as readonly string[]).includes(name))
    .reduce((sum, { length, dtype }) => sum + length * DTYPE[dtype].bytes, 0)
