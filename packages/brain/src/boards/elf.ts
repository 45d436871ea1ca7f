/** Reads ELF files of 32 bits, little-endian, as avr-gcc and arm-none-eabi-gcc link them. Every offset in them is hostile. */
import { refuse } from "@open-brains/core/base/problem.ts"

export interface Elf {
  readonly machine: "avr" | "arm"
  /** Of an AVR: the architecture of the compiler (5 for an ATmega328P, 6 for an ATmega2560); else undefined. */
  readonly architecture: number | undefined
  /** The chip that avr-libc noted, such as atmega328p, where it did. */
  readonly chip: string | undefined
  readonly sections: readonly Section[]
  readonly segments: readonly Segment[]
  /** Those of a section of this file, by address. */
  readonly symbols: readonly ElfSymbol[]
}
export interface Section {
  readonly name: string
  readonly address: number
  /** Bytes. */
  readonly size: number
  /** Has bytes in the file: false of .bss and .noinit. */
  readonly isStored: boolean
  /** Is in the memory of the chip, flash or RAM. */
  readonly isAllocated: boolean
  readonly isWritable: boolean
  readonly isCode: boolean
  /** Empty where nothing is stored. */
  readonly bytes: Uint8Array
}
/** What is loaded: `bytes` to the address `physical`, which is in flash also where it is copied to RAM at the start. */
export interface Segment {
  readonly physical: number
  readonly virtual: number
  readonly memorySize: number
  readonly bytes: Uint8Array
}
export interface ElfSymbol {
  readonly name: string
  /** Of AVR data 0x800000 is added by the linker; of Thumb code the lowest bit is cleared. */
  readonly address: number
  readonly size: number
  readonly kind: "function" | "object" | "label"
  readonly section: string
}

export const isElf = (file: Uint8Array): boolean =>
  file.length >= 4 && file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46

/** Of AVR addresses: 0x800000 begins RAM, 0x810000 what is in neither flash nor RAM (EEPROM, fuses, signature). */
export const AVR_RAM = 0x800000
export const AVR_OTHER = 0x810000

const BYTES_MAX = 64 << 20
const ENTRIES_MAX = 1 << 20

/**
 * Reads an ELF file. `name` is told in what is refused.
 * Errors: OB843 where it is none of 32 bits of an AVR or an ARM, or is damaged. Source: System V ABI, chapters 4 and 5.
 */
export function readElf(file: Uint8Array, name: string): Elf {
  const bad = (what: string): never =>
    refuse({
      code: "OB843",
      seen: `${name} is no sound ELF file of a board: ${what}.`,
      hint: "Give the .elf or .hex that avr-gcc or the Arduino IDE made, whole.",
    })
  if (!isElf(file)) return bad("it does not begin as one")
  if (file.length < 52) return bad("it ends in its header")
  if (file.length > BYTES_MAX) return bad(`it has more than ${BYTES_MAX} bytes`)
  if (file[4] !== 1 || file[5] !== 1) return bad("it is not of 32 bits and little-endian")
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const u16 = (at: number): number => view.getUint16(at, true)
  const u32 = (at: number): number => view.getUint32(at, true)
  const machine = MACHINES[u16(18)]
  if (machine === undefined) return bad(`it is for machine ${u16(18)}, neither AVR (83) nor ARM (40)`)
  const slice = (offset: number, size: number, what: string): Uint8Array =>
    offset + size <= file.length ? file.subarray(offset, offset + size) : bad(`${what} lies past its end`)
  /** Where each entry of a table begins. */
  const table = (offset: number, count: number, size: number, sizeMin: number, what: string): readonly number[] => {
    if (count === 0) return []
    if (size < sizeMin) return bad(`an entry of ${what} has ${size} bytes, not ${sizeMin}`)
    slice(offset, count * size, what)
    return Array.from({ length: count }, (_, i) => offset + i * size)
  }
  const textAt = (bytes: Uint8Array, at: number): string => {
    if (at >= bytes.length) return bad("a name lies past the table of names")
    const end = bytes.indexOf(0, at)
    return LATIN.decode(bytes.subarray(at, end < 0 ? bytes.length : Math.min(end, at + 4096)))
  }

  const heads = table(u32(32), u16(48), u16(46), 40, "the table of sections")
  const stored = heads.map((at) => (u32(at + 4) === NOBITS ? EMPTY : slice(u32(at + 16), u32(at + 20), "a section")))
  const names = stored[u16(50)] ?? (heads.length === 0 ? EMPTY : bad("its table of names is missing"))
  const sections = heads.map((at, i): Section => {
    const flags = u32(at + 8)
    return {
      name: i === 0 ? "" : textAt(names, u32(at)),
      address: u32(at + 12),
      size: u32(at + 20),
      isStored: u32(at + 4) !== NOBITS,
      isWritable: (flags & 1) !== 0,
      isAllocated: (flags & 2) !== 0,
      isCode: (flags & 4) !== 0,
      bytes: stored[i]!,
    }
  })
  const segments = table(u32(28), u16(44), u16(42), 32, "the table of segments")
    .filter((at) => u32(at) === LOAD)
    .map(
      (at): Segment => ({
        virtual: u32(at + 8),
        physical: u32(at + 12),
        memorySize: u32(at + 20),
        bytes: slice(u32(at + 4), u32(at + 16), "a segment"),
      }),
    )
  const symbols = heads.flatMap((at, i): readonly ElfSymbol[] => {
    if (u32(at + 4) !== SYMBOLS) return []
    const bytes = stored[i]!
    const texts = stored[u32(at + 24)] ?? bad("the names of its symbols are missing")
    if (bytes.length / 16 > ENTRIES_MAX) return bad(`it has more than ${ENTRIES_MAX} symbols`)
    const start = bytes.byteOffset - file.byteOffset
    const found: ElfSymbol[] = []
    for (let entry = start; entry + 16 <= start + bytes.length; entry += 16) {
      const section = sections[u16(entry + 14)]
      const kind = KINDS[file[entry + 12]! & 15]
      const name = u32(entry) === 0 ? "" : textAt(texts, u32(entry))
      // `$t` and `$d` mark stretches of ARM code and data, and name nothing.
      if (section === undefined || section.name === "" || kind === undefined || /^$|^\$[atd]/.test(name)) continue
      const value = u32(entry + 4)
      const address = machine === "arm" && kind === "function" ? value - (value & 1) : value
      found.push({ name, address, size: u32(entry + 8), kind, section: section.name })
    }
    return found
  })
  const note = sections.find((section) => section.name === ".note.gnu.avr.deviceinfo")
  return {
    machine,
    architecture: machine === "avr" ? u32(36) & 0x7f : undefined,
    chip: note && chipOf(note.bytes),
    sections: sections.filter((section) => section.name !== ""),
    segments,
    symbols: symbols.sort((a, b) => a.address - b.address || b.size - a.size),
  }
}

const [LOAD, SYMBOLS, NOBITS] = [1, 2, 8]
const MACHINES: Readonly<Record<number, Elf["machine"]>> = { 40: "arm", 83: "avr" }
const KINDS: Readonly<Record<number, ElfSymbol["kind"]>> = { 0: "label", 1: "object", 2: "function" }
const EMPTY = new Uint8Array()
const LATIN = new TextDecoder("latin1")

/** The name of the chip is the last thing in avr-libc's note. Source: gcrt1.S of avr-libc 2.0. */
function chipOf(note: Uint8Array): string | undefined {
  return /(?:^|\0)(at[a-z]+\d+[a-z0-9]*)\0*$/.exec(LATIN.decode(note.subarray(-64)))?.[1]
}

export interface Footprint {
  /** Bytes of flash: code, constants, and what .data begins with. */
  readonly flashBytes: number
  /** Bytes of static RAM: .data, .bss and .noinit. */
  readonly ramBytes: number
}

/** What an ELF takes of a chip, as `size` and the Arduino IDE count it. */
export function footprintOf({ machine, sections }: Elf): Footprint {
  let [flashBytes, ramBytes] = [0, 0]
  for (const section of sections) {
    if (!section.isAllocated) continue
    const { isInFlash, isInRam } = placeOf(machine, section)
    if (isInFlash) flashBytes += section.size
    if (isInRam) ramBytes += section.size
  }
  return { flashBytes, ramBytes }
}

/** Where the bytes of an allocated section are: what .data begins with is in both. */
export function placeOf(
  machine: Elf["machine"],
  { name, address, isStored, isWritable }: Pick<Section, "name" | "address" | "isStored" | "isWritable">,
): { readonly isInFlash: boolean; readonly isInRam: boolean } {
  if (machine === "avr") {
    const isInRam = address >= AVR_RAM && address < AVR_OTHER
    return { isInFlash: address < AVR_RAM || (isInRam && isStored), isInRam }
  }
  // Where a stack or a heap is reserved in a section of its own, that is no static data of anybody.
  if (/^\.?_?(?:user_heap_)?(?:stack|heap)/.test(name)) return { isInFlash: false, isInRam: false }
  return { isInFlash: isStored, isInRam: isWritable }
}
