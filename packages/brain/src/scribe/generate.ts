import { log2 } from "@open-brains/core/base/logarithm.ts"
import { stream } from "@open-brains/core/base/random.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { drawByte, type Sampling } from "./sample.ts"
import { afterByte, BOUNDARY, mayCome, type Utf8State } from "./utf8.ts"

export interface GenerateOptions extends Sampling {
  /** At most so many. */
  readonly bytes: number
  /** Another draw of the random numbers. */
  readonly seed: number
  /** Ends where this comes, which is left out. */
  readonly stop?: Uint8Array
  /** Where the text before stands; `undefined` when any bytes may come, not a text alone. */
  readonly utf8?: Utf8State
}
export interface Generated {
  readonly bytes: number
  /** Bits that the predictor itself gives to what was drawn. */
  readonly bits: number
  readonly isStopped: boolean
}

/**
 * Goes on from what the predictor has read, a byte at a time; each is shown to it, and none is learnt. A text stays one: what
 * cannot go on in UTF-8 is never drawn, and a character that has no room left is not begun. The same state, seed and
 * options give the same bytes on every machine. Yields bytes once it is sure that they do not begin `stop`.
 */
export function* generate(predictor: Predictor, options: GenerateOptions): Generator<Uint8Array, Generated> {
  const { bytes, seed, stop, utf8 } = options
  const random = stream(seed, "draw")
  let state = utf8
  let held: number[] = [] // the longest end of all bytes that begins `stop`
  let bits = 0
  for (let at = 0; at < bytes; at++) {
    const chances = predictor.distribution()
    const said = state === undefined ? chances : chances.map((p, byte) => (mayCome(state!, byte, bytes - at) ? p : 0))
    // Too little room to end a character that was open before the first byte: then anything may come.
    const byte = drawByte(said.some((p) => p > 0) ? said : chances, options, random, at)
    bits -= log2(chances[byte]!)
    state = state && (afterByte(state, byte) ?? BOUNDARY)
    predictor.read(Uint8Array.of(byte), { learns: false })
    if (stop === undefined || stop.length === 0) {
      yield Uint8Array.of(byte)
      continue
    }
    held.push(byte)
    if (held.length === stop.length && stop.every((each, i) => each === held[i]))
      return { bytes: at + 1 - stop.length, bits, isStopped: true }
    const before = held
    while (!held.every((each, i) => each === stop[i]) || held.length === stop.length) held = held.slice(1)
    if (held.length < before.length) yield Uint8Array.from(before.slice(0, before.length - held.length))
  }
  if (held.length > 0) yield Uint8Array.from(held)
  return { bytes, bits, isStopped: false }
}
