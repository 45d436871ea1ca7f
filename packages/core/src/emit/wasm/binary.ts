/** The binary format of WebAssembly, as far as emit.ts needs it. Source: core specification 2.0, chapter 5. */
export type Bytes = readonly (number | Bytes)[] // nested as the program is: made flat once, where a length is needed

/** LEB128: seven bits a byte, least significant first. */
export function unsigned(n: number): Bytes {
  const bytes: number[] = []
  for (; n >= 0x80; n = Math.floor(n / 128)) bytes.push((n % 128) | 0x80)
  return [...bytes, n]
}
export function signed(n: number): Bytes {
  const bytes: number[] = []
  for (; n < -64 || n >= 64; n >>= 7) bytes.push((n & 0x7f) | 0x80)
  return [...bytes, n & 0x7f]
}

/** The four bytes of an f32, least significant first on every host. */
export function float(value: number): Bytes {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value, true)
  return [...new Uint8Array(view.buffer)]
}

export const vector = (items: readonly Bytes[]): Bytes => [unsigned(items.length), items]
export function sized(bytes: Bytes): Bytes {
  const inner = flat(bytes)
  return [unsigned(inner.length), inner]
}
export const flat = (bytes: Bytes): readonly number[] => flatten(bytes)
function flatten(bytes: Bytes, into: number[] = []): number[] {
  for (const item of bytes)
    if (typeof item === "number") into.push(item)
    else flatten(item, into)
  return into
}
export const text = (ascii: string): Bytes => sized([...ascii].map((letter) => letter.charCodeAt(0)))

/** A module of sections by number, in rising order as the format demands. */
export function wasmModule(
  sections: readonly (readonly [id: number, items: readonly Bytes[]])[],
): Uint8Array<ArrayBuffer> {
  const parts = sections.filter(([, items]) => items.length > 0).map(([id, items]) => [id, sized(vector(items))])
  return Uint8Array.from(flatten([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, parts]))
}
