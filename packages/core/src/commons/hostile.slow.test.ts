import { test } from "vitest"
import { attack, READERS } from "./testing/hostile.ts"

// 100,000 in all.
test.each(Object.entries(READERS))(
  "20,000 altered %s are refused with a code, or read as they stand",
  (_, reader) => {
    attack(reader, 20_000, 1000)
  },
  120_000,
)
