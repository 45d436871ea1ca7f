import { join } from "node:path"
import { attack } from "@open-brains/core/commons/testing/hostile.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { layoutReader } from "./testing/hostile.ts"

test("2,000 altered layouts on the disk are refused with a code, or read", async () => {
  const reader = await layoutReader(join(temporary(), "store"))
  const { counts, failures } = await attack(reader, 2000, 0)
  expect(failures).toEqual([])
  for (const code of ["OB710", "OB711", "read"]) expect(counts[code], code).toBeGreaterThan(0)
}, 120_000)
