import { expect, test } from "vitest"
import { attack, READERS } from "./testing/hostile.ts"

test.each(Object.entries(READERS))("altered %s are refused with a code, or read as they stand", (_, reader) => {
  const counts = attack(reader, 1000, 0)
  for (const code of [...reader.codes, "read"]) expect(counts[code], code).toBeGreaterThan(0) // both ways are tried
})
