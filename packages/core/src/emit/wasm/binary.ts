/** The binary format of WebAssembly, as far as emit.ts needs it. Source: core specification 2.0, chapter 5. */
export type Bytes = number | Uint8Array | readonly Bytes[] // nested as the program is: flat where a length is needed

/** LEB128: seven bits a byte, least significant first. */
export function unsigned(n: number): Bytes {
  if (n < 0x80) return n // most are small, and many
  const bytes: number[] = []
  for (; n >= 0x80; n = Math.floor(n / 128)) bytes.push((n % 128) | 0x80)
  return [...bytes, n]
}
export function signed(n: number): Bytes {
  if (n >= -64 && n < 64) return n & 0x7f
  const bytes: number[] = []
  for (; n < -64 || n >= 64; n >>= 7) bytes.push((n & 0x7f) | 0x80)
  return [...bytes, n & 0x7f]
}

/** The four bytes of an f32, least significant first on every host. */
export function float(value: number): Bytes {
  view.setFloat32(0, value, true)
  return [0, 1, 2, 3].map((at) => view.getUint8(at))
}
const view = new DataView(new ArrayBuffer(4))

export const vector = (items: readonly Bytes[]): Bytes => [unsigned(items.length), items]
export function sized(bytes: Bytes): Bytes {
  const inner = flat(bytes)
  return [unsigned(inner.length), inner]
}
/** All bytes in a row. What is flat already is copied as a whole, so that a function in a section costs little. */
export function flat(bytes: Bytes): Uint8Array<ArrayBuffer> {
  const end = write(bytes, 0)
  return room.slice(0, end)
}
/** Where bytes are gathered before their number is known: the same room for all, since nothing is left in it. */
let room = new Uint8Array(1 << 16)
function reserve(length: number): void {
  if (length <= room.length) return
  const longer = new Uint8Array(Math.max(2 * room.length, length))
  longer.set(room)
  room = longer
}
/** Writes from `at` on; gives the place behind. */
function write(bytes: Bytes, at: number): number {
  if (typeof bytes === "number") {
    reserve(at + 1)
    room[at] = bytes
    return at + 1
  }
  reserve(at + bytes.length)
  if (bytes instanceof Uint8Array) {
    room.set(bytes, at)
    return at + bytes.length
  }
  let end = at
  for (let i = 0; i < bytes.length; i++) {
    const item = bytes[i]!
    if (typeof item === "number" && end < room.length) room[end++] = item
    else end = write(item, end)
  }
  return end
}
export const text = (ascii: string): Bytes => sized([...ascii].map((letter) => letter.charCodeAt(0)))

/** A module of sections by number, in rising order as the format demands. */
export function wasmModule(
  sections: readonly (readonly [id: number, items: readonly Bytes[]])[],
): Uint8Array<ArrayBuffer> {
  const parts = sections.filter(([, items]) => items.length > 0).map(([id, items]) => [id, sized(vector(items))])
  return flat([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, parts])
}
