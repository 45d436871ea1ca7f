/**
 * The binary format of WebAssembly, as far as emit.ts needs it. Source: core specification 2.0, chapter 5.
 *
 * Code is a string whose characters are its bytes: engines join strings without copying them and know how long they are, so
 * that the code of a program costs little until all of it is written out, once.
 */
export type Code = string
/** The same, nested as it reads best: for what is not printed again and again. */
export type Bytes = number | Code | readonly Bytes[]

const byte = String.fromCharCode
/** All bytes, so that none is made again. */
const BYTES: readonly Code[] = Array.from({ length: 256 }, (_, n) => byte(n))
/** LEB128: seven bits a byte, least significant first. */
export function unsigned(n: number): Code {
  if (n < 0x80) return BYTES[n]!
  let code = ""
  for (; n >= 0x80; n = Math.floor(n / 128)) code += BYTES[(n % 128) | 0x80]!
  return code + BYTES[n]!
}
export function signed(n: number): Code {
  let code = ""
  for (; n < -64 || n >= 64; n >>= 7) code += BYTES[(n & 0x7f) | 0x80]!
  return code + BYTES[n & 0x7f]!
}

/** The four bytes of an f32, least significant first on every host. */
export function float(value: number): Code {
  view.setFloat32(0, value, true)
  return byte(view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3))
}
const view = new DataView(new ArrayBuffer(4))

/** All bytes in a row. */
export function code(bytes: Bytes): Code {
  if (typeof bytes === "string") return bytes
  if (typeof bytes === "number") return byte(bytes)
  let joined = ""
  for (let i = 0; i < bytes.length; i++) joined += code(bytes[i]!)
  return joined
}
/** The code of all items in turn. */
export function each<Item>(items: readonly Item[], of: (item: Item, at: number) => Code): Code {
  let joined = ""
  for (let i = 0; i < items.length; i++) joined += of(items[i]!, i)
  return joined
}
export const vector = (items: readonly Bytes[]): Code => unsigned(items.length) + code(items)
export function sized(bytes: Bytes): Code {
  const inner = code(bytes)
  return unsigned(inner.length) + inner
}

/** Bytes written one after the other. */
export interface Room {
  write(bytes: Code | Uint8Array): void
  written(): Uint8Array<ArrayBuffer>
}
export function newRoom(): Room {
  let [room, end] = [new Uint8Array(1 << 18), 0]
  const reserve = (length: number): void => {
    if (length <= room.length) return
    const longer = new Uint8Array(Math.max(2 * room.length, length))
    longer.set(room)
    room = longer
  }
  return {
    write(bytes) {
      reserve(end + bytes.length)
      if (typeof bytes !== "string") room.set(bytes, end)
      else copy(bytes, room, end)
      end += bytes.length
    },
    written: () => room.subarray(0, end),
  }
}

/** Alone, and over names of its own: it is the one loop that takes every byte of a program in hand. */
function copy(code: Code, into: Uint8Array, from: number): void {
  for (let i = 0; i < code.length; i++) into[from + i] = code.charCodeAt(i)
}

/** A module of sections by number, in rising order as the format demands; the last one holds the code of its functions. */
export function wasmModule(
  sections: readonly (readonly [id: number, items: readonly Bytes[]])[],
  { signatures, written }: { readonly signatures: readonly unknown[]; written(): Uint8Array },
): Uint8Array<ArrayBuffer> {
  let head = code([0x00, "asm", 1, 0, 0, 0])
  for (const [id, items] of sections) if (items.length > 0) head += code([id, sized(vector(items))])
  const [count, codes] = [unsigned(signatures.length), written()]
  head += code([10, unsigned(count.length + codes.length), count])
  const bytes = new Uint8Array(head.length + codes.length) // an array of its own: who reads it may look at all of its buffer
  copy(head, bytes, 0)
  bytes.set(codes, head.length)
  return bytes
}
