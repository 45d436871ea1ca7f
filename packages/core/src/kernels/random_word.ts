import { buffer, i32, let_, load, local, mul, set, shrU, store, xor } from "../ir/build.ts"
import type { Program } from "../ir/program.ts"

/** What a counter grows by from word to word: odd, so that all 2³² come before one comes again. 2³² over the golden ratio. */
export const RANDOM_STEP = 0x9e3779b9 | 0

/**
 * word = mix(counter): 32 random bits of a counter that grows by RANDOM_STEP. Two products, where threefry, which hosts
 * draw with (base/random.ts), takes 20 rounds: on a chip of 8 bits that is a tenth of the cycles. Good for games and names,
 * not for secrets.
 *
 * Shapes: counter i32 [1] → word i32 [1]. Source: Wellons 2018, "Prospecting for hash functions", lowbias32 (a bijection;
 * a bit of the input changes each bit of the output in half of the cases, but for 0.17 %).
 */
export function randomWord(): Program {
  const [counter, word] = [buffer("input", "i32", "counter", 1), buffer("output", "i32", "word", 1)]
  const x = local("x")
  const fold = (shift: number) => xor(x, shrU(x, shift))
  return {
    name: "random_word",
    buffers: [counter, word],
    body: [
      let_(x, load(counter, i32(0))),
      set(x, mul(fold(16), i32(0x7feb352d))),
      set(x, mul(fold(15), i32(0x846ca68b))),
      store(word, i32(0), fold(16)),
    ],
  }
}
