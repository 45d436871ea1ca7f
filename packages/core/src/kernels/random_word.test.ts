import { expect, test } from "vitest"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { validate } from "../ir/validate.ts"
import { RANDOM_STEP, randomWord } from "./random_word.ts"

const ENGINES = [interpreterEngine, wasmEngine]
function wordsOn(engine: (typeof ENGINES)[number]): (counter: number) => number {
  const program = randomWord()
  expect(validate(program)).toEqual([])
  const { memory, run } = engine.instantiate(program)
  return (counter) => {
    memory["counter"]![0] = counter
    run()
    return memory["word"]![0]!
  }
}

/** lowbias32 as its author writes it, with numbers that have no width. */
function lowbias(counter: number): number {
  const word = (x: bigint): bigint => x & 0xffffffffn
  let x = word(BigInt(counter))
  x ^= x >> 16n
  x = word(x * 0x7feb352dn)
  x ^= x >> 15n
  x = word(x * 0x846ca68bn)
  return Number(BigInt.asIntN(32, x ^ (x >> 16n)))
}

test.each(ENGINES)("a word is the hash of its counter, on $name", (engine) => {
  const word = wordsOn(engine)
  for (const counter of [0, 1, 2, -1, 2 ** 31 - 1, -(2 ** 31), RANDOM_STEP, 123_456_789])
    expect([counter, word(counter)]).toEqual([counter, lowbias(counter)])
})

test("each bit is 1 in half of the words, and no two neighbours agree more often than that", () => {
  const word = wordsOn(wasmEngine)
  const WORDS = 4096
  const words = Int32Array.from({ length: WORDS }, (_, i) => word(Math.imul(i, RANDOM_STEP)))
  const sixDeviations = 3 * Math.sqrt(WORDS)
  for (let bit = 0; bit < 32; bit++) {
    const ones = words.reduce((sum, each) => sum + ((each >>> bit) & 1), 0)
    const turns = words.reduce((sum, each, i) => sum + (((each ^ words[(i + 1) % WORDS]!) >>> bit) & 1), 0)
    expect([Math.abs(ones - WORDS / 2) < sixDeviations, Math.abs(turns - WORDS / 2) < sixDeviations]).toEqual([
      true,
      true,
    ])
  }
})
