import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { lowerGraph } from "../lower/lower.ts"
import { input, requantise } from "./operations.ts"
import { MULTIPLIER_MAX, multipliersOf, SATURATION, SHIFT_MAX, SHIFT_MIN } from "./requantise.ts"

/** ⌊(x · m + 2^(t-1)) / 2^t⌋ in integers without end: a shift of a BigInt rounds down. */
const exact = (x: number, m: number, t: number, [low, high]: readonly [number, number]): number => {
  const rounded = Number((BigInt(x) * BigInt(m) + (1n << BigInt(t - 1))) >> BigInt(t))
  return Math.min(Math.max(rounded, low), high)
}
const EDGES = [
  ...[0, 1, -1, 2, -2, 0x7fff, -0x8000, 0x8000, 0xffff, 0x10000, -0x10000, -0x10001, 2 ** 30, -(2 ** 30)],
  ...[2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 0x8000, -(2 ** 31) + 1],
]
const MULTIPLIERS = [1, 2, 3, 0x4000, 0x7ffe, MULTIPLIER_MAX]

test(`the exact product, rounded once: a hundred thousand random x, edges and ties, every shift (SEED=${SEED})`, () => {
  const random = stream(SEED, "mix", 1)
  const shifts = Array.from({ length: SHIFT_MAX - SHIFT_MIN + 1 }, (_, i) => SHIFT_MIN + i)
  for (const [d, [dtype, range]] of Object.entries(SATURATION).entries())
    for (const shift of shifts) {
      const pairs = EDGES.flatMap((x) => MULTIPLIERS.map((m) => [x, m] as const))
      for (let i = 0; pairs.length < 2400; i++) {
        const [word, m] = [random.word(4 * i + d), 1 + random.below(4 * i + 3, MULTIPLIER_MAX)]
        const x = word >> random.below(4 * i + 2, 32) // of every magnitude
        const tie = Math.round((Math.floor(x / 2) + 0.5) * (2 ** shift / m)) // next to where y turns
        pairs.push([x, m], [Math.abs(tie) < 2 ** 31 ? tie : x, m])
      }
      const name = `${dtype}_${shift}`
      const node = requantise(
        input("x", "i32", [pairs.length]),
        input("m", "i32", [pairs.length]),
        shift,
        dtype as keyof typeof SATURATION,
      )
      const { memory, run } = wasmEngine.instantiate(lowerGraph({ name, outputs: { y: node } }))
      pairs.forEach(([x, m], i) => {
        memory["x"]![i] = x
        memory["m"]![i] = m
      })
      run()
      const wrong = pairs.flatMap(([x, m], i) => {
        const [found, wanted] = [memory["y"]![i]!, exact(x, m, shift, range)]
        return found === wanted ? [] : [{ x, m, shift, dtype, found, wanted }]
      })
      expect(wrong).toEqual([])
    }
})
test("ties go towards plus infinity, and a multiplier beyond 32767 counts as 32767, a negative one as 0", () => {
  const [x, m] = [input("x", "i32", [6]), input("m", "i32", [6])]
  const { memory, run } = wasmEngine.instantiate(
    lowerGraph({ name: "ties", outputs: { y: requantise(x, m, 17, "i16") } }),
  )
  memory["x"]!.set([2 ** 16, -(2 ** 16), 3 * 2 ** 16, -3 * 2 ** 16, 2 ** 17, 2 ** 17])
  memory["m"]!.set([1, 1, 1, 1, 2 ** 31 - 1, -5])
  run()
  expect([...memory["y"]!]).toEqual([1, 0, 2, -1, 32767, 0])
})
test("multipliers stand for their scales within 2⁻¹⁵ of the largest, or 2⁻¹⁴ when raised to 1, and none is 0", () => {
  for (const scales of [[0.2499], [1e-9], [0.1, 0.01, 0.0001], [2 ** -17, 2 ** -31], [3e-5, 2.9e-5, 1e-12]]) {
    const { multipliers, shift } = multipliersOf(scales)
    const largest = Math.max(...scales)
    expect(shift >= SHIFT_MIN && shift <= SHIFT_MAX).toBe(true)
    for (const [i, m] of multipliers.entries()) {
      const error = Math.abs(m / 2 ** shift - scales[i]!)
      const isRaised = Math.round(scales[i]! * 2 ** shift) === 0
      expect(m >= 1 && m <= MULTIPLIER_MAX).toBe(true)
      expect(error).toBeLessThanOrEqual(Math.max(largest * 2 ** -15 * 1.0001, 2 ** -32) * (isRaised ? 2 : 1))
    }
  }
  expect(() => multipliersOf([0.25])).toThrow("bug")
  expect(() => multipliersOf([0])).toThrow("bug")
})
