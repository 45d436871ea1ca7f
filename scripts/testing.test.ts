import { afterEach, expect, test, vi } from "vitest"
import { findProgram, mirror, missingData, missingProgram, requireOrSkip } from "./testing.ts"

afterEach(() => vi.unstubAllEnvs())

const skipped = (missing: string | undefined, couldHave: boolean): readonly string[] => {
  const reasons: string[] = []
  requireOrSkip({ skip: (reason) => reasons.push(reason) }, missing, couldHave)
  return reasons
}

test("a test with all it needs runs", () => {
  expect(skipped(undefined, true)).toEqual([])
})
test("what is missing is the reason of the skip", () => {
  vi.stubEnv("CI", "")
  expect(skipped("gcc is not installed", true)).toEqual(["gcc is not installed"])
})
test("continuous integration fails without what it could have, and skips what it could not", () => {
  vi.stubEnv("CI", "true")
  expect(() => skipped("gcc is not installed", true)).toThrow("gcc is not installed, and this machine could have it")
  expect(skipped("gcc is not installed", false)).toEqual(["gcc is not installed"])
})
test("programs are looked up on PATH", () => {
  expect(findProgram("sh")).toMatch(/\/sh$/)
  expect(missingProgram("sh")).toBeUndefined()
  expect(missingProgram("sh", "no-such-program")).toBe("no-such-program is not installed")
  expect(missingProgram("no-such-program", "nor-this")).toBe("no-such-program, nor-this are not installed")
})
test("a data set is looked up in BRAIN_MIRROR", () => {
  vi.stubEnv("BRAIN_MIRROR", import.meta.dirname)
  expect(mirror()).toBe(import.meta.dirname)
  expect(missingData("testing.ts")).toBeUndefined()
  expect(missingData("none.csv")).toBe("none.csv is not in the folder of data sets (BRAIN_MIRROR)")
})
