import { expect, test } from "vitest"
import { code, float, newRoom, signed, sized, unsigned } from "./binary.ts"

const bytes = (text: string): readonly number[] => [...text].map((character) => character.charCodeAt(0))

// The numbers are those of the specification's and of Wikipedia's article on LEB128.
test("numbers are written seven bits a byte", () => {
  expect([0, 127, 128, 624485].map((n) => bytes(unsigned(n)))).toEqual([[0], [127], [128, 1], [0xe5, 0x8e, 0x26]])
  expect([-1, 63, 64, -64, -65, -123456].map((n) => bytes(signed(n)))).toEqual([
    ...[[127], [63], [64 | 128, 0], [64], [63 | 128, 127]],
    [0xc0, 0xbb, 0x78],
  ])
  expect(bytes(float(-1.5))).toEqual([0, 0, 0xc0, 0xbf])
})
test("nested code is joined in order, with its length in front where it is asked for", () => {
  expect(bytes(code([1, "\xff", [[], [2, sized([3, "\x04"])]]]))).toEqual([1, 255, 2, 2, 3, 4])
})
test("a room gives back all that was written, also when it had to grow", () => {
  const all = Array.from({ length: 256 }, (_, n) => n)
  const [room, times] = [newRoom(), 300]
  for (let n = 0; n < times; n++) room.write(n % 2 === 0 ? code(all) : Uint8Array.from(all))
  expect([...room.written()]).toEqual(Array.from({ length: times }, () => all).flat())
})
