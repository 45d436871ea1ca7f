/** A few instructions of an AVR, as words, and a program of them. */
export const [CLI, SLEEP, EOR_R1] = [0x94f8, 0x9588, 0x2411] as const
export const STOP = [CLI, SLEEP] as const
export const ldi = (register: number, value: number): number =>
  0xe000 | ((value & 0xf0) << 4) | ((register - 16) << 4) | (value & 15)
export const out = (port: number, register: number): number =>
  0xb800 | ((port & 0x30) << 5) | (register << 4) | (port & 15)
export const sts = (address: number, register: number): readonly number[] => [0x9200 | (register << 4), address]

/** Listens at 1 Mbit/s, waits for about 4 * `wait` cycles, then gives back whatever comes. */
export const echo = (wait: number): readonly number[] => [
  EOR_R1,
  ...[...sts(0xc4, 1), ...sts(0xc5, 1), ldi(16, 0x18), ...sts(0xc1, 16)],
  ...[ldi(24, wait & 255), ldi(25, wait >> 8), 0x9701, 0xf7f1], // sbiw, brne
  ...[0x9100, 0xc0, 0xff07, 0xcffc], // lds r16, UCSR0A; sbrs r16, 7; rjmp
  ...[0x9110, 0xc6], // lds r17, UDR0
  ...[0x9100, 0xc0, 0xff05, 0xcffc], // until the register is empty
  ...[...sts(0xc6, 17), 0xcff3],
]

/** An Intel HEX file of words from address 0. */
export function hexOf(words: readonly number[]): string {
  const lines: string[] = []
  for (let at = 0; at < words.length; at += 8) {
    const data = words.slice(at, at + 8).flatMap((word) => [word & 255, word >> 8])
    lines.push(hexLine(0, 2 * at, data))
  }
  return `${[...lines, HEX_END].join("\n")}\n`
}
export const HEX_END = ":00000001FF"
export function hexLine(kind: number, address: number, data: readonly number[]): string {
  const bytes = [data.length, address >> 8, address & 255, kind, ...data]
  const sum = -bytes.reduce((total, byte) => total + byte, 0) & 255
  return `:${[...bytes, sum].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`.toUpperCase()
}
