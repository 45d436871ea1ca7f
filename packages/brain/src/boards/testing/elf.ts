/** Small ELF files, made by hand. */
export interface ElfParts {
  readonly machine: number
  readonly flags: number
  readonly sections: readonly {
    readonly name: string
    readonly address: number
    readonly flags: number
    readonly bytes?: Uint8Array
    readonly size?: number
  }[]
  readonly segments: readonly { readonly section: string; readonly virtual: number; readonly physical: number }[]
  readonly symbols: readonly {
    readonly name: string
    readonly address: number
    readonly size: number
    readonly kind: number
    readonly section: string
  }[]
}

export function elfOf({ machine, flags, sections, segments, symbols }: ElfParts): Uint8Array {
  const u16 = (value: number): readonly number[] => [value & 255, (value >> 8) & 255]
  const u32 = (value: number): readonly number[] => [...u16(value & 0xffff), ...u16(value >>> 16)]
  const textsOf = (names: readonly string[]): readonly [Uint8Array, readonly number[]] => {
    const starts: number[] = []
    let text = "\0"
    for (const name of names) {
      starts.push(text.length)
      text += `${name}\0`
    }
    return [new TextEncoder().encode(text), starts]
  }
  const numberOf = (name: string): number => 1 + sections.findIndex((each) => each.name === name)
  const [symbolNames, symbolStarts] = textsOf(symbols.map(({ name }) => name))
  const entries = symbols.flatMap(({ address, size, kind, section }, i) => [
    ...[...u32(symbolStarts[i]!), ...u32(address), ...u32(size), kind, 0, ...u16(numberOf(section))],
  ])
  const [names, starts] = textsOf([...sections.map(({ name }) => name), ".symtab", ".strtab", ".shstrtab"])
  const count = sections.length
  const all = [
    ...sections.map((each) => ({ ...each, type: each.bytes === undefined ? 8 : 1, link: 0, entry: 0 })),
    {
      address: 0,
      flags: 0,
      bytes: Uint8Array.from([...new Array(16).fill(0), ...entries]),
      type: 2,
      link: count + 2,
      entry: 16,
    },
    { address: 0, flags: 0, bytes: symbolNames, type: 3, link: 0, entry: 0 },
    { address: 0, flags: 0, bytes: names, type: 3, link: 0, entry: 0 },
  ]
  let offset = 52 + 32 * segments.length
  const places = all.map(({ bytes }) => {
    const place = offset
    offset += bytes?.length ?? 0
    return place
  })
  const heads = all.flatMap(({ address, flags, bytes, type, link, entry, ...rest }, i) => {
    const size = bytes?.length ?? (("size" in rest && rest.size) || 0)
    return [starts[i]!, type, flags, address, places[i]!, size, link, 0, 1, entry].flatMap(u32)
  })
  const loads = segments.flatMap(({ section, virtual, physical }) => {
    const at = numberOf(section) - 1
    const size = sections[at]!.bytes!.length
    return [1, places[at]!, virtual, physical, size, size, 5, 1].flatMap(u32)
  })
  const header = [
    ...[0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, ...new Array(9).fill(0)],
    ...[...u16(2), ...u16(machine), ...u32(1), ...u32(0), ...u32(52), ...u32(offset), ...u32(flags)],
    ...[52, 32, segments.length, 40, all.length + 1, all.length].flatMap(u16),
  ]
  const body = all.flatMap(({ bytes }) => [...(bytes ?? [])])
  return Uint8Array.from([...header, ...loads, ...body, ...new Array(40).fill(0), ...heads])
}
