import fc from "fast-check"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { AVR_BOARDS } from "./avr.ts"
import { footprintOf, readElf } from "./elf.ts"
import { readFirmware } from "./firmware.ts"
import { type ElfParts, elfOf } from "./testing/elf.ts"

const PARTS: ElfParts = {
  machine: 83,
  flags: 0x85,
  sections: [
    { name: ".data", address: 0x800100, flags: 3, bytes: Uint8Array.of(1, 2, 3, 4) },
    { name: ".text", address: 0, flags: 6, bytes: Uint8Array.of(0xf8, 0x94, 0x88, 0x95) },
    { name: ".bss", address: 0x800104, flags: 3, size: 10 },
    { name: ".noinit", address: 0x80010e, flags: 3, size: 7 },
    { name: ".eeprom", address: 0x810000, flags: 3, bytes: Uint8Array.of(9) },
    { name: ".comment", address: 0, flags: 0, bytes: Uint8Array.of(7, 7) },
  ],
  segments: [
    { section: ".text", virtual: 0, physical: 0 },
    { section: ".data", virtual: 0x800100, physical: 4 },
    { section: ".eeprom", virtual: 0x810000, physical: 0x810000 },
  ],
  symbols: [
    { name: "main", address: 0, size: 4, kind: 2, section: ".text" },
    { name: "kept", address: 0x800104, size: 10, kind: 1, section: ".bss" },
  ],
}
const FILE = elfOf(PARTS)

test("sections, symbols and sizes are read; EEPROM and comments are in neither flash nor RAM", () => {
  const elf = readElf(FILE, "a.elf")
  expect([elf.machine, elf.architecture, elf.chip]).toEqual(["avr", 5, undefined])
  expect(elf.sections.map(({ name, size }) => [name, size]).slice(0, 4)).toEqual([
    [".data", 4],
    [".text", 4],
    [".bss", 10],
    [".noinit", 7],
  ])
  expect(elf.symbols).toEqual([
    { name: "main", address: 0, size: 4, kind: "function", section: ".text" },
    { name: "kept", address: 0x800104, size: 10, kind: "object", section: ".bss" },
  ])
  expect(footprintOf(elf)).toEqual({ flashBytes: 8, ramBytes: 21 })
})

test("of an ARM constants and code are in flash, what is written in RAM, and a reserved stack is nobody's", () => {
  const elf = readElf(
    elfOf({
      machine: 40,
      flags: 0x5000200,
      sections: [
        { name: ".text", address: 0x8000, flags: 6, bytes: new Uint8Array(100) },
        { name: ".rodata", address: 0x8100, flags: 2, bytes: new Uint8Array(30) },
        { name: ".data", address: 0x20000000, flags: 3, bytes: new Uint8Array(8) },
        { name: ".bss", address: 0x20000008, flags: 3, size: 50 },
        { name: ".stack_dummy", address: 0x20000040, flags: 3, size: 1024 },
      ],
      segments: [],
      symbols: [{ name: "main", address: 0x8001, size: 10, kind: 2, section: ".text" }],
    }),
    "a.elf",
  )
  expect(footprintOf(elf)).toEqual({ flashBytes: 138, ramBytes: 58 })
  expect(elf.symbols[0]!.address).toBe(0x8000)
})

test("what is loaded is flash alone, .data behind the code", () => {
  const { flash, usedBytes } = readFirmware(FILE, "a.elf", AVR_BOARDS.uno)
  expect([...flash.subarray(0, 9)]).toEqual([0xf8, 0x94, 0x88, 0x95, 1, 2, 3, 4, 0xff])
  expect(usedBytes).toBe(8)
})

test("firmware for another chip, and what does not fit, is refused", () => {
  expect(() => readFirmware(FILE, "a.elf", AVR_BOARDS.mega)).toThrow(
    "error[OB844]: a.elf is built for an AVR of the kind avr5",
  )
  expect(() => readFirmware(elfOf({ ...PARTS, machine: 40 }), "a.elf", AVR_BOARDS.uno)).toThrow("built for an ARM")
  const ram = [...PARTS.sections, { name: ".more", address: 0x800200, flags: 3, size: 2048 }]
  expect(() => readFirmware(elfOf({ ...PARTS, sections: ram }), "a.elf", AVR_BOARDS.uno)).toThrow(
    "error[OB845]: a.elf needs 2069 bytes of RAM, and the Arduino Uno has 2048.",
  )
  const far = [{ section: ".text", virtual: 0x7fff, physical: 0x7fff }]
  expect(() => readFirmware(elfOf({ ...PARTS, segments: far }), "a.elf", AVR_BOARDS.uno)).toThrow("error[OB845]")
  const large = PARTS.sections.map((each) =>
    each.name === ".text" ? { ...each, bytes: new Uint8Array(32_257) } : each,
  )
  const first = [{ section: ".text", virtual: 0, physical: 0 }]
  expect(() => readFirmware(elfOf({ ...PARTS, sections: large, segments: first }), "a.elf", AVR_BOARDS.uno)).toThrow(
    "needs 32257 bytes of flash, and the Arduino Uno has 32256 beside its bootloader",
  )
})

test("a damaged ELF is read as one or refused as OB84x, in no other way", () => {
  const seed = 20_261_127
  const damage = fc.array(fc.tuple(fc.nat(FILE.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(damage, fc.nat(FILE.length), (changes, length) => {
      const file = FILE.slice()
      for (const [at, value] of changes) file[at] = value
      for (const each of [file, file.subarray(0, length), FILE.subarray(0, length)])
        try {
          readFirmware(each, "a.elf", AVR_BOARDS.uno)
        } catch (error) {
          expect(String(error)).toMatch(/error\[OB84[2345]\]/)
        }
    }),
    { seed, numRuns: 3000 },
  )
})

test("the sizes are those of avr-size", async (context) => {
  const { missingAvrCompiler, openAvrBench } = await import("./testing/avr.ts")
  const { PROGRAMS } = await import("./testing/programs.ts")
  requireOrSkip(context, missingAvrCompiler())
  using bench = openAvrBench()
  for (const [board, level] of [
    ["uno", "-Os"],
    ["mega", "-O2"],
  ] as const) {
    const { elf, path } = bench.compile(PROGRAMS["ticking"]!, board, level)
    expect(footprintOf(readElf(elf, path))).toEqual(bench.size(path))
    expect(readElf(elf, path).chip).toBe(AVR_BOARDS[board].chip)
  }
})
