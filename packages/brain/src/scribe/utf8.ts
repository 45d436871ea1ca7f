/** Where a text in UTF-8 stands: how many bytes the character still needs, and between what the next of them must lie. */
export interface Utf8State {
  readonly missing: number
  readonly least: number
  readonly most: number
}
/** Between two characters. */
export const BOUNDARY: Utf8State = { missing: 0, least: 0, most: 255 }

/**
 * Where it stands after a byte; `undefined` where none that is well formed goes on so.
 * Source: The Unicode Standard, table 3-7, well-formed UTF-8 byte sequences.
 */
export function afterByte({ missing, least, most }: Utf8State, byte: number): Utf8State | undefined {
  if (missing > 0)
    return byte < least || byte > most
      ? undefined
      : missing === 1
        ? BOUNDARY
        : { missing: missing - 1, least: 0x80, most: 0xbf }
  if (byte < 0x80) return BOUNDARY
  if (byte < 0xc2 || byte > 0xf4) return undefined
  return {
    missing: byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3,
    least: byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80,
    most: byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf,
  }
}

/** Where a text stands at its end; what is no UTF-8 there is as good as a boundary. */
export function utf8StateOf(bytes: Uint8Array): Utf8State {
  let state = BOUNDARY
  for (const byte of bytes.subarray(-4)) state = afterByte(state, byte) ?? afterByte(BOUNDARY, byte) ?? BOUNDARY
  return state
}

/** Whether a byte may come next, of a text that is to be whole within `room` bytes. */
export function mayCome(state: Utf8State, byte: number, room: number): boolean {
  const after = afterByte(state, byte)
  return after !== undefined && after.missing < room
}
