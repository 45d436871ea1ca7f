import { expect, test } from "vitest"
import { attack, READERS } from "./testing/hostile.ts"

test.each(Object.entries(READERS))("altered %s are refused with a code, or read as they stand", async (_, reader) => {
  const { counts, failures } = await attack(reader, 1000, 0)
  expect(failures).toEqual([])
  for (const code of [...reader.codes, "read"]) expect(counts[code], code).toBeGreaterThan(0) // both ways are tried
})
