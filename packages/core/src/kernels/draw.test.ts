import fc from "fast-check"
import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { drawSymbol, SHARPNESS_MAX, SYMBOLS_MAX, shareTable } from "./draw.ts"

interface Given {
  readonly logits: readonly number[]
  readonly sharpness: number
  readonly word: number
}
interface Drawn {
  readonly shares: readonly number[]
  readonly total: number
  readonly drawn: number
}
function drawerOn(engine: Engine, symbols: number): (given: Given) => Drawn {
  const program = drawSymbol(symbols)
  expect(validate(program)).toEqual([])
  const { memory, run } = engine.instantiate(program)
  return ({ logits, sharpness, word }) => {
    memory["logits"]!.set([...logits])
    memory["sharpness"]![0] = sharpness
    memory["word"]![0] = word
    run()
    return { shares: [...memory["shares"]!], total: memory["total"]![0]!, drawn: memory["drawn"]![0]! }
  }
}

/** With numbers that have no width. */
function wanted({ logits, sharpness, word }: Given): Drawn {
  const table = shareTable()
  const best = Math.max(...logits)
  const sharp = BigInt(Math.min(Math.max(sharpness, 0), SHARPNESS_MAX))
  const shares = logits.map((logit) => {
    const gap = BigInt(Math.min(best - logit, 2 ** 15 - 1))
    return table[Math.min(Number((gap * sharp + 0x8000n) >> 16n), 255)]!
  })
  const total = shares.reduce((sum, share) => sum + share, 0)
  const mark = Number((BigInt(word >>> 0) * BigInt(total)) >> 32n)
  let [drawn, upTo] = [0, shares[0]!]
  while (upTo <= mark) upTo += shares[++drawn]!
  return { shares, total, drawn }
}

const given = fc.record({
  logits: fc.array(
    fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), fc.constant(0)),
    { minLength: 1, maxLength: SYMBOLS_MAX },
  ),
  sharpness: fc.oneof(
    fc.integer({ min: 0, max: SHARPNESS_MAX }),
    fc.constantFrom(3940, SHARPNESS_MAX, -1, -(2 ** 31), 2 ** 31 - 1),
  ),
  word: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31))),
})

test(`shares and what is drawn are what exact arithmetic says, on both engines (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(given, (each) => {
      const found = drawerOn(interpreterEngine, each.logits.length)(each)
      expect(found).toEqual(wanted(each))
      expect(drawerOn(wasmEngine, each.logits.length)(each)).toEqual(found)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test(`a symbol's words begin where exact arithmetic says, to the word (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(given, (each) => {
      const draw = drawerOn(wasmEngine, each.logits.length)
      const { shares, total } = draw(each)
      let upTo = 0
      for (const [i, share] of shares.slice(0, -1).entries()) {
        upTo += share
        const first = Number((BigInt(upTo) * 2n ** 32n + BigInt(total) - 1n) / BigInt(total)) // ⌈upTo · 2³² / total⌉
        const around = [first - 1, first].map((word) => draw({ ...each, word: word | 0 }).drawn)
        expect(around).toEqual([i, i + 1])
      }
    }),
    { seed: SEED, numRuns: 100 },
  )
})

test("a symbol comes as often as its share says: evenly spaced words, each", () => {
  const draw = drawerOn(wasmEngine, 5)
  const counts = [0, 0, 0, 0, 0]
  const WORDS = 2 ** 14
  const asked = { logits: [0, -40, -400, 17, -90], sharpness: 65536 / 8 }
  for (let i = 0; i < WORDS; i++) counts[draw({ ...asked, word: (i * 2 ** 18) | 0 }).drawn]!++
  const { shares, total } = draw({ ...asked, word: 0 })
  shares.forEach((share, i) => {
    expect(Math.abs(counts[i]! - (share / total) * WORDS)).toBeLessThanOrEqual(1)
  })
})

test("a share is half of another for 16 steps of gap, and none is 0", () => {
  const { shares } = drawerOn(wasmEngine, 4)({ logits: [0, -64, -640, -60_000], sharpness: 2 ** 14, word: 0 })
  expect(shares).toEqual([32768, 16384, 32, 1])
})

test("shares of logits in any unit are their softmax, to 0.001 bits a draw", () => {
  const random = stream(SEED, "draw")
  const SYMBOLS = 27
  const draw = drawerOn(wasmEngine, SYMBOLS)
  for (let trial = 0; trial < 50; trial++) {
    const logits = Array.from({ length: SYMBOLS }, (_, i) => Math.round(384 * 8 * random.uniform(trial * 64 + i)))
    const { shares, total } = draw({ logits, sharpness: Math.round((65536 * 16 * Math.LOG2E) / 384), word: 0 })
    const powers = logits.map((logit) => Math.exp(logit / 384))
    const sum = powers.reduce((a, b) => a + b, 0)
    const lost = powers.reduce((bits, p, i) => bits + (p / sum) * Math.log2(p / sum / (shares[i]! / total)), 0)
    expect(lost).toBeLessThan(0.001)
  }
})
