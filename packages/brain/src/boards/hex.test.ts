import fc from "fast-check"
import { expect, test } from "vitest"
import { AVR_BOARDS } from "./avr.ts"
import { readFirmware } from "./firmware.ts"
import { readHex } from "./hex.ts"
import { HEX_END, hexLine } from "./testing/words.ts"

test("data of every kind of address is read, in either case and with either line end", () => {
  const text = [
    hexLine(0, 2, [1, 2]),
    hexLine(4, 0, [0, 1]),
    hexLine(0, 3, [5]),
    hexLine(2, 0, [0x10, 0]),
    hexLine(0, 1, [7]),
    hexLine(3, 0, [0, 0, 0, 0]),
  ]
  const pieces = readHex(`${text.join("\r\n")}\n${HEX_END.toLowerCase()}\n`, "a.hex")
  expect(pieces.map(({ address, bytes }) => [address, ...bytes])).toEqual([
    [2, 1, 2],
    [0x10003, 5],
    [0x10001, 7],
  ])
})

test.each([
  [":0000000", "This is no line of a HEX file."],
  [hexLine(0, 0, [1]).replace(/.$/, "0"), "The sum of its bytes is wrong."],
  [":0500000001FA", "It says 5 bytes of data, and holds 1."],
  [hexLine(9, 0, []), "There is no kind of line 9."],
  [hexLine(4, 0, [1]), "An extended address has two bytes."],
])("%s: OB842, with the line", (bad, seen) => {
  const source = `${hexLine(0, 0, [1, 2])}\n${bad}\n${HEX_END}\n`
  expect(() => readHex(source, "a.hex")).toThrow(`error[OB842]: ${seen}\n --> a.hex:2:1`)
})

test("a file without its last line is not whole", () => {
  expect(() => readHex(hexLine(0, 0, [1]), "a.hex")).toThrow("a part of it is missing")
})

test("what is no firmware is refused, and never in another way", () => {
  const seed = 20_261_127
  const good = `${hexLine(0, 0, [0xf8, 0x94, 0x88, 0x95])}\n${hexLine(4, 0, [0, 1])}\n${HEX_END}\n`
  const read = (file: Uint8Array): unknown => readFirmware(file, "a.hex", AVR_BOARDS.uno)
  expect(() => read(new TextEncoder().encode("hello"))).toThrow("error[OB842]: a.hex is neither a HEX nor an ELF file.")
  expect(() => read(new TextEncoder().encode(`${HEX_END}\n`))).toThrow("error[OB842]: a.hex holds nothing to flash.")
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(damage, (changes) => {
      const file = new TextEncoder().encode(good)
      for (const [at, value] of changes) file[at] = value
      try {
        read(file)
      } catch (error) {
        expect(String(error)).toMatch(/error\[OB84[235]\]/)
      }
    }),
    { seed, numRuns: 2000 },
  )
})

test("a HEX file with the bootloader fits, and a sketch that reaches into its place does not", () => {
  const data = (from: number, bytes: number): readonly string[] =>
    Array.from({ length: Math.ceil(bytes / 16) }, (_, i) =>
      hexLine(0, from + 16 * i, new Array(Math.min(16, bytes - 16 * i)).fill(0)),
    )
  const read = (...lines: readonly string[]): unknown =>
    readFirmware(new TextEncoder().encode([...lines, HEX_END].join("\n")), "a.hex", AVR_BOARDS.uno)
  expect(read(...data(0, 100), ...data(32_256, 512))).toMatchObject({ usedBytes: 612 })
  expect(() => read(...data(0, 32_257))).toThrow("error[OB845]: a.hex needs 32257 bytes of flash")
})
