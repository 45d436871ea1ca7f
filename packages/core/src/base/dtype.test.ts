import { expect, test } from "vitest"
import { bytesOf, DTYPE, DTYPES, isDtype, numbersOf, zeros } from "./dtype.ts"

test("the table agrees with the arrays that it names", () => {
  for (const dtype of DTYPES) {
    const { bytes, range, array } = DTYPE[dtype]
    expect(zeros(dtype, 3)).toBeInstanceOf(array)
    expect(zeros(dtype, 3).byteLength).toBe(3 * bytes)
    if (range) {
      expect([...numbersOf(dtype, range)]).toEqual([...range])
      expect([...numbersOf(dtype, [range[0] - 1, range[1] + 1])]).toEqual([range[1], range[0]]) // wraps just outside
    }
  }
})
test("only a dtype reads as one", () => {
  expect(DTYPES.every(isDtype)).toBe(true)
  for (const other of ["", "I8", "toString", "__proto__", "constructor", 8, null, ["i8"]])
    expect(isDtype(other)).toBe(false)
})
test("bytes are a view of the same memory", () => {
  const numbers = numbersOf("i16", [1, 2, 3])
  const bytes = bytesOf(numbers.subarray(1))
  bytes[0] = 7
  expect([bytes.length, [...numbers]]).toEqual([4, [1, 7, 3]])
})
