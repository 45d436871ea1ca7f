import { expect, test } from "vitest"
import { attack, READERS } from "./testing/hostile.ts"

// 100,000 in all; `./check bench commons hostile` tries as many of each.
test.each(Object.entries(READERS))(
  "20,000 altered %s are refused with a code, or read as they stand, each at once",
  async (_, reader) => {
    const { failures, worstMs } = await attack(reader, 20_000, 1000)
    expect(failures).toEqual([])
    expect(worstMs).toBeLessThan(5000) // milliseconds where nothing else runs: none is slow by what it says
  },
  120_000,
)
