import { expect, test } from "vitest"
import { afterByte, BOUNDARY, mayCome, type Utf8State, utf8StateOf } from "./utf8.ts"

test("every character's bytes lead to a boundary, and nothing else does", () => {
  const strict = new TextDecoder("utf-8", { fatal: true })
  const isText = (bytes: readonly number[]): boolean => {
    try {
      return strict.decode(Uint8Array.from(bytes)).length > 0
    } catch {
      return false
    }
  }
  const ends = [
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf4, 0xff,
  ]
  for (let first = 0; first < 256; first++)
    for (const second of ends)
      for (const third of [0x41, 0x80, 0xbf])
        for (const bytes of [[first], [first, second], [first, second, third], [first, second, third, 0x80]]) {
          let state: Utf8State | undefined = BOUNDARY
          for (const byte of bytes) state = state && afterByte(state, byte)
          expect([bytes, state?.missing === 0]).toEqual([bytes, isText(bytes)])
        }
})
test("where a text stands is found from its end", () => {
  const bytes = new TextEncoder().encode("ä猫😀")
  expect(utf8StateOf(bytes)).toEqual(BOUNDARY)
  expect(utf8StateOf(bytes.subarray(0, -1))).toEqual({ missing: 1, least: 0x80, most: 0xbf })
  expect(utf8StateOf(bytes.subarray(0, -3))).toEqual({ missing: 3, least: 0x90, most: 0xbf })
  expect(utf8StateOf(Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toEqual(BOUNDARY)
})
test("a character that has no room is not begun", () => {
  expect([mayCome(BOUNDARY, 0xe7, 3), mayCome(BOUNDARY, 0xe7, 2), mayCome(BOUNDARY, 0x41, 1)]).toEqual([
    true,
    false,
    true,
  ])
})
