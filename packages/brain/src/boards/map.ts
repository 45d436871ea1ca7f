/** Reads the map that GNU ld writes (-Wl,-Map): which object file each part of a program came from. */
import { type Elf, type ElfSymbol, type Footprint, placeOf } from "./elf.ts"

export interface MapPart {
  /** Section of the program, such as .text. */
  readonly output: string
  /** Section of the object file, such as .text.classify or COMMON. */
  readonly input: string
  /** As the linker names it: a path, or `archive.a(member.o)`. */
  readonly object: string
  readonly address: number
  /** Bytes. */
  readonly size: number
}

const BEGINS = /^Linker script and memory map$/m

/** Every part of a program that has bytes, in the order of the map; what was thrown away is not among them. */
export function readMap(text: string): readonly MapPart[] {
  const begin = BEGINS.exec(text)
  if (begin === null) return []
  const parts: MapPart[] = []
  let output = ""
  let input = ""
  for (const line of text.slice(begin.index).split("\n")) {
    // A name that is too long for its column stands on a line of its own.
    const [, indent, name] = /^( ?)([^\s*(]\S*)(?:\s|$)/.exec(line) ?? []
    if (name !== undefined) {
      if (indent === "") output = name
      else input = name
    }
    const [, address, size, object] = /^(?: \S+)?\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$/.exec(line) ?? []
    if (object === undefined || output === "" || input === "" || Number.parseInt(size!, 16) === 0) continue
    parts.push({ output, input, object, address: Number.parseInt(address!, 16), size: Number.parseInt(size!, 16) })
  }
  return parts
}

/**
 * The part of a program's flash and static RAM that came from the object files that `isOurs` tells, by the map of the same link.
 * Where the linker optimised everything at once (-flto), it names objects of its own: then ask `symbolFootprint`.
 */
export function objectFootprint(
  { machine, sections }: Elf,
  map: readonly MapPart[],
  isOurs: (object: string) => boolean,
): Footprint {
  let [flashBytes, ramBytes] = [0, 0]
  for (const { output, object, size } of map) {
    const section = sections.find((each) => each.name === output)
    if (section === undefined || !section.isAllocated || !isOurs(object)) continue
    const { isInFlash, isInRam } = placeOf(machine, section)
    if (isInFlash) flashBytes += size
    if (isInRam) ramBytes += size
  }
  return { flashBytes, ramBytes }
}

/** The same by the names of functions and variables: without padding, and without what the compiler has moved into functions of others. */
export function symbolFootprint(
  { machine, sections, symbols }: Elf,
  isOurs: (symbol: ElfSymbol) => boolean,
): Footprint {
  let [flashBytes, ramBytes] = [0, 0]
  const counted = new Set<string>()
  for (const symbol of symbols) {
    const key = `${symbol.section} ${symbol.address} ${symbol.size}`
    const section = sections.find((each) => each.name === symbol.section)
    if (section === undefined || !section.isAllocated || counted.has(key) || !isOurs(symbol)) continue
    counted.add(key) // two names of one thing
    const { isInFlash, isInRam } = placeOf(machine, section)
    if (isInFlash) flashBytes += symbol.size
    if (isInRam) ramBytes += symbol.size
  }
  return { flashBytes, ramBytes }
}
