import { expect, test } from "vitest"
import { AVR_BOARDS, type AvrBoard } from "./avr.ts"
import type { Firmware } from "./firmware.ts"
import { CLI, EOR_R1, echo, ldi, out, STOP, sts } from "./testing/words.ts"
import { openVirtualBoard, type VirtualBoard } from "./virtual.ts"

/** A board with these words of machine code from address 0. */
function boardWith(words: readonly number[], name: AvrBoard["name"] = "uno"): VirtualBoard {
  const flash = new Uint8Array(AVR_BOARDS[name].flashBytes).fill(0xff)
  flash.set(new Uint8Array(Uint16Array.from(words).buffer))
  const firmware: Firmware = { flash, usedBytes: 2 * words.length, elf: undefined }
  return openVirtualBoard(AVR_BOARDS[name], firmware)
}
const run = (board: VirtualBoard, cycles = 1e6): string => board.runUntil(() => false, cycles)
const GPIOR0 = 0x1e
/** Gives a value in r16 out as a mark. */
const mark = out(GPIOR0, 16)

test("sleep with interrupts off, and a jump to itself, end a run; erased flash is no place to be", () => {
  expect(run(boardWith(STOP))).toBe("asleep")
  expect(run(boardWith([CLI, 0xcfff]))).toBe("asleep")
  expect(run(boardWith([0x9478, 0xcfff]))).toBe("limit")
  const lost = boardWith([0])
  expect([run(lost), lost.cycles, run(lost)]).toEqual(["lost", 1, "lost"])
})

test("a run stops where the condition holds first, and goes on from there", () => {
  const board = boardWith([ldi(16, 7), mark, ldi(16, 9), mark, ...STOP])
  expect(board.runUntil(() => board.marks.length === 1, 100)).toBe("condition")
  expect([board.cycles, board.marks]).toEqual([2, [{ value: 7, cycle: 1 }]])
  expect(board.runUntil(() => false, 1)).toBe("limit")
  expect(run(board)).toBe("asleep")
  expect(board.marks).toHaveLength(2)
})

test("the stack is measured by the pointer and by paint, not between the halves of the pointer", () => {
  // From 0x0810 to 0x07f0: the high half goes first, and with the old low half would be 0x0710.
  const to = (value: number): readonly number[] => [
    ...[ldi(16, value >> 8), ldi(17, value & 255), out(0x3e, 16), out(0x3d, 17)],
  ]
  const board = boardWith([...to(0x810), ...to(0x7f0), 0x920f, ...STOP])
  run(board)
  expect([board.stackUsed, board.stackPainted, board.freeBytes]).toEqual([0x8ff - 0x7ef, 0x900 - 0x7f0, 0x7ef - 0xff])
})

test("an instruction is the chip's: CBI, NEG of -128, FMULSU, SBC of 0 - 255 - 1", () => {
  const flags = (...words: readonly number[]): number => {
    const board = boardWith([...words, 0xb70f, mark, ...STOP])
    run(board)
    return board.marks[0]!.value
  }
  const cbi = boardWith([0x9828, mark, ...STOP])
  run(cbi)
  expect(cbi.marks[0]!.cycle).toBe(2)
  expect(flags(ldi(16, 0x80), 0x9501)).toBe(0b001101) // negative, overflow, carry; the sign is 0
  expect(flags(ldi(16, 2), ldi(17, 3), 0x0389) & 2).toBe(0)
  expect(flags(ldi(16, 0), ldi(17, 3), 0x0389) & 2).toBe(2)
  // Zero and carry by 255 + 1, then 0 - 255 - 1.
  expect(flags(ldi(18, 255), ldi(19, 1), 0x0f23, ldi(16, 0), ldi(17, 255), 0x0b01) & 3).toBe(3)
  expect(flags(ldi(18, 255), ldi(19, 1), 0x0f23, ldi(16, 0), ldi(17, 255), 0x0701) & 3).toBe(3)
})

test("after SEI and RETI one instruction runs, so that a program under interrupts that never cease goes on", () => {
  const vector = AVR_BOARDS.uno.interrupts.usart0[0]
  const start = 0x40
  const words = Array.from({ length: start }, () => 0)
  words[0] = 0xc000 | (start - 1)
  words[vector] = 0x9518
  words.push(EOR_R1, ...sts(0xc4, 1), ...sts(0xc5, 1), ldi(16, 0x90), ...sts(0xc1, 16), 0x9478) // whenever a byte has come
  words.push(ldi(24, 0), ldi(25, 1), 0x9701, 0xf7f1) // sbiw, brne
  words.push(ldi(16, 1), mark, ldi(16, 2), mark, ...STOP)
  const board = boardWith(words)
  board.send(Uint8Array.of(7)) // which nobody reads
  board.runUntil(() => board.marks.length === 2, 20_000)
  expect(board.marks.map(({ value }) => value)).toEqual([1, 2])
})

test("a program that writes the status of the serial port leaves alone what it may only read", () => {
  const board = boardWith([
    ...[ldi(16, 0x08), ...sts(0xc1, 16), ldi(16, 0x40), ...sts(0xc0, 16)], // sends; no byte has been sent
    ...[0x9100, 0xc0, mark, ...STOP], // lds r16, UCSR0A
  ])
  run(board)
  expect(board.marks[0]!.value & 0x20).toBe(0x20)
})

test("bytes arrive at the board's own rate once it listens, and come back", () => {
  const board = boardWith(echo(1))
  board.send(Uint8Array.of(1, 2, 3))
  expect([board.isListening, board.pending]).toEqual([false, 3])
  expect(board.runUntil(() => board.outputLength === 3, 1e5)).toBe("condition")
  expect([...board.output()]).toEqual([1, 2, 3])
  expect([...board.output(2)]).toEqual([3])
  expect([board.isListening, board.pending, board.lostBytes]).toEqual([true, 0, 0])
  expect(board.cycles).toBeGreaterThan(3 * 160)
})

test("a program that reads too slowly finds three bytes, and the others are lost and counted", () => {
  const board = boardWith(echo(1000)) // as long as 25 bytes
  board.send(Uint8Array.from({ length: 10 }, (_, i) => i))
  run(board, 50_000)
  expect([[...board.output()], board.lostBytes]).toEqual([[0, 1, 2], 7])
})

test("the cycles of a run are told by function, with what they called", () => {
  // main: rcall f, rcall f, stop; f: rcall g, ret; g: ret
  const board = boardWith([0xd003, 0xd002, ...STOP, 0xd001, 0x9508, 0x9508])
  run(board)
  const symbols = [
    { name: "main", address: 0, size: 8, kind: "function" },
    { name: "f", address: 8, size: 4, kind: "function" },
    { name: "g", address: 12, size: 2, kind: "function" },
  ] as const
  expect(board.profile(symbols)).toEqual([
    { name: "f", address: 8, selfCycles: 14, inclusiveCycles: 22, calls: 2 },
    { name: "g", address: 12, selfCycles: 8, inclusiveCycles: 8, calls: 2 },
    { name: "main", address: 0, selfCycles: 7, inclusiveCycles: 0, calls: 0 },
  ])
})

test("on a Mega a call leaves three bytes on the stack", () => {
  const words = [0xd002, ...STOP, 0x9508]
  const [uno, mega] = [boardWith(words), boardWith(words, "mega")]
  expect([run(uno), run(mega)]).toEqual(["asleep", "asleep"])
  expect([uno.stackUsed, mega.stackUsed, mega.cycles - uno.cycles]).toEqual([2, 3, 2])
})
