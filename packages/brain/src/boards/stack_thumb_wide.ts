/** Registers that an instruction of two words changes, where it is none that makes a frame, jumps or reads a literal. */

/** Undefined where the instruction is not known. Source: ARM DDI 0403E.e, section A5.3. */
export function lostByWide(first: number, second: number): readonly number[] | undefined {
  const [base, high, low] = [first & 15, second >> 12, (second >> 8) & 15]
  const moved = (isMoved: boolean): readonly number[] => (isMoved ? [base] : [])
  if ((first & 0xfe40) === 0xe800) {
    // ldm, stm
    const listed = Array.from({ length: 15 }, (_, i) => i).filter((i) => (second & (1 << i)) !== 0)
    if ((first & 0x10) !== 0 && (second & 0x8000) !== 0) return undefined
    return [...moved((first & 0x20) !== 0), ...((first & 0x10) !== 0 ? listed : [])]
  }
  if ((first & 0xfe40) === 0xe840) {
    if ((first & 0xffe0) === 0xe840) return (first & 0x10) !== 0 ? [high] : [low] // ldrex, strex
    if ((first & 0xffe0) === 0xe8c0) return (first & 0x10) !== 0 ? [high] : [second & 15] // those of bytes and halves
    return [...moved((first & 0x20) !== 0), ...((first & 0x10) !== 0 ? [high, low] : [])] // ldrd, strd
  }
  if ((first & 0xfe00) === 0xea00) return [low]
  if ((first & 0xfe00) === 0xf800) {
    const isMoved = (first & 0x80) === 0 && base !== 15 && (second & 0x900) === 0x900
    return [...moved(isMoved), ...((first & 0x10) !== 0 ? [high] : [])]
  }
  if ((first & 0xff00) === 0xfa00 || (first & 0xff80) === 0xfb00) return [low]
  if ((first & 0xff80) === 0xfb80) return [high, low]
  if ((first & 0xee00) === 0xec00 || (first & 0xef00) === 0xee00) {
    if ((first & 0xffe0) === 0xec40) return (first & 0x10) !== 0 ? [high, base] : [] // two registers at once
    if ((first & 0xee00) === 0xec00) return moved((first & 0x20) !== 0)
    return (first & 0x10) !== 0 && (second & 0x10) !== 0 ? [high] : []
  }
  return undefined
}
