import { expect, test } from "vitest"
import { byteOfTrits, packNibbles, packTrits } from "./storage.ts"

/** What `tritOf` prints, in numbers. */
const trit = (byte: number, plane: number): number => ((((byte * 3 ** plane) & 255) * 3) >> 8) - 1

test("each of 243 numbers gives its five digits back, the highest first", () => {
  for (let number = 0; number < 243; number++) {
    const digits = Array.from({ length: 5 }, (_, plane) => (Math.floor(number / 3 ** (4 - plane)) % 3) - 1)
    expect(digits.map((_, plane) => trit(byteOfTrits(number), plane))).toEqual(digits)
  }
})
test("rows of trits lie in five planes, whatever their number", () => {
  for (const rows of [1, 5, 6, 13]) {
    const values = Array.from({ length: rows * 3 }, (_, at) => ((at * 7) % 3) - 1)
    const { bytes, height } = packTrits(values, 3)
    expect(bytes.length).toBe(Math.ceil(rows / 5) * 3)
    const again = values.map((_, at) => {
      const [row, column] = [Math.floor(at / 3), at % 3]
      return trit(bytes[(row % height) * 3 + column]!, Math.floor(row / height))
    })
    expect(again).toEqual(values)
  }
})
test("nibbles: the first number is the low one", () => {
  expect(packNibbles([-8, 7, 0])).toEqual([0xf0, 0x88])
})
