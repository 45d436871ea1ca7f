/** An Arduino in this process: avr8js runs the chip, and here is what it is run with and what is measured. */
import {
  AVRADC,
  AVREEPROM,
  AVRTimer,
  AVRUSART,
  adcConfig,
  avrInstruction,
  CPU,
  EEPROMMemoryBackend,
  eepromConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  usart0Config,
} from "avr8js"
import { type AvrBoard, ramEndOf } from "./avr.ts"
import type { Firmware } from "./firmware.ts"
import { isKind, jumpTarget, kindsOf, OTHERWISE, stepOtherwise } from "./opcodes.ts"
import { openProfile, type Profile, type ProfiledSymbol } from "./profile.ts"
import { openSerial } from "./serial.ts"

/** Why a board does not go on: it sleeps, or turns on the spot, with interrupts off; or it ran into flash that holds no instruction. */
export type Halt = "asleep" | "lost"

/** A write of the register GPIOR0: how a program marks what is to be measured. */
export interface Mark {
  readonly value: number
  readonly cycle: number
}

export interface VirtualBoard {
  readonly board: AvrBoard
  /** Gives bytes to its serial port 0. They arrive one after the other at its own baud rate, once it listens. */
  send(bytes: Uint8Array): void
  /** Bytes of `send` that are still on their way. */
  readonly pending: number
  /** Bytes that came and were not kept: the program read too slowly. As on the chip, three wait at most. */
  readonly lostBytes: number
  readonly isListening: boolean
  /** What it printed on serial port 0, from the byte `from` on. */
  output(from?: number): Uint8Array
  readonly outputLength: number
  /** Puts bytes into data memory, at an address of the chip or of its ELF. */
  write(address: number, bytes: Uint8Array): void
  /** Cycles since reset. */
  readonly cycles: number
  readonly halt: Halt | undefined
  /**
   * Runs until `condition()` holds, at most `limitCycles` more. It is asked at the start, after each byte that is sent or has arrived, after
   * each mark, and every 4096 cycles.
   */
  runUntil(condition: () => boolean, limitCycles: number): "condition" | "limit" | Halt
  /** The first 65,536. */
  readonly marks: readonly Mark[]
  /** Bytes between the end of RAM and the lowest stack pointer seen. */
  readonly stackUsed: number
  /** The same by paint: bytes above the longest stretch of RAM that was never written. */
  readonly stackPainted: number
  /** Bytes under the lowest stack pointer that nothing was ever written to. */
  readonly freeBytes: number
  /** Cycles and calls since reset by function; `symbols` are those of the firmware's ELF. */
  profile(symbols: readonly ProfiledSymbol[]): readonly Profile[]
}

const PAINT = 0xc5
const SLICE_CYCLES = 4_096
const MARKS_MAX = 65_536
const [GPIOR0, SREG, ENABLED] = [0x3e, 0x5f, 0x80]

/** A board with this firmware, just reset. It is deterministic: the same bytes sent at the same cycles give the same run. */
export function openVirtualBoard(board: AvrBoard, { flash }: Firmware): VirtualBoard {
  const words = new Uint16Array(flash.length / 2)
  new Uint8Array(words.buffer).set(flash)
  const cpu = new CPU(words, board.ramBytes + board.ramStart - 0x100)
  cpu.data.fill(PAINT, board.ramStart)
  attach(cpu, board)
  const kinds = kindsOf(words)
  const ramEnd = ramEndOf(board)
  const profile = openProfile(words.length)
  const marks: Mark[] = []
  let hasHappened = false
  const happen = (): void => {
    hasHappened = true
  }
  const serial = openSerial(cpu, usartOf(cpu, board), happen)
  let lowest: number = ramEnd
  let halt: Halt | undefined

  cpu.writeHooks[GPIOR0] = (value) => {
    if (marks.length < MARKS_MAX) marks.push({ value, cycle: cpu.cycles })
    happen()
  }

  /** One instruction that moves the stack pointer, or is more than avr8js makes of it. Gives whether an interrupt may come after it. */
  function stepApart(kind: number): boolean {
    if (isKind.lost(kind)) {
      halt = "lost"
      return false
    }
    if (isKind.still(kind) && (cpu.data[SREG]! & ENABLED) === 0) {
      halt = "asleep"
      return false
    }
    if (kind === OTHERWISE) {
      stepOtherwise(cpu)
      return true
    }
    const wasEnabled = (cpu.data[SREG]! & ENABLED) !== 0
    avrInstruction(cpu)
    const sp = cpu.SP
    if (sp < lowest) lowest = sp
    if (isKind.call(kind)) profile.called(cpu.pc, sp, cpu.cycles)
    else if (isKind.back(kind)) profile.returned(sp, cpu.cycles)
    // After SEI and RETI one more instruction runs, else an interrupt that is always due would stop the program for ever.
    return wasEnabled || (cpu.data[SREG]! & ENABLED) === 0
  }

  function run(end: number): void {
    const { spent } = profile
    while (cpu.cycles < end && !hasHappened && halt === undefined) {
      const { pc, cycles } = cpu
      const kind = kinds[pc]!
      let isOpen = true
      if (kind === 0) avrInstruction(cpu)
      else isOpen = stepApart(kind)
      spent[pc]! += cpu.cycles - cycles
      if (!isOpen) continue
      const next = cpu.pc
      const before = cpu.cycles
      cpu.tick()
      if (cpu.pc !== next) {
        // avr8js counts two cycles for what takes the chip four, or five with a third byte of the return address.
        cpu.cycles += board.returnBytes
        const sp = cpu.SP
        if (sp < lowest) lowest = sp
        profile.called(jumpTarget(words, cpu.pc), sp, before)
        spent[cpu.pc]! += cpu.cycles - before
      }
    }
  }

  /** The longest stretch of RAM that still is as it was painted: where it begins and ends. */
  function untouched(): readonly [start: number, end: number] {
    let best: readonly [number, number] = [ramEnd + 1, ramEnd + 1]
    for (let at = board.ramStart, start = at; at <= ramEnd + 1; at++) {
      if (cpu.data[at] === PAINT) continue
      if (at - start > best[1] - best[0]) best = [start, at]
      start = at + 1
    }
    return best
  }

  return {
    board,
    send: serial.send,
    output: serial.output,
    marks,
    get pending() {
      return serial.pending
    },
    get lostBytes() {
      return serial.lostBytes
    },
    get isListening() {
      return serial.isListening
    },
    get outputLength() {
      return serial.outputLength
    },
    write: (address, bytes) => cpu.data.set(bytes, address & 0xffff), // the linker counts data from 0x800000
    get cycles() {
      return cpu.cycles
    },
    get halt() {
      return halt
    },
    get stackUsed() {
      return ramEnd - lowest
    },
    get stackPainted() {
      return ramEnd + 1 - untouched()[1]
    },
    get freeBytes() {
      let at = Math.min(lowest, ramEnd)
      while (at >= board.ramStart && cpu.data[at] === PAINT) at--
      return Math.max(0, Math.min(lowest, ramEnd) - at)
    },
    profile: (symbols) => profile.by(symbols, cpu.cycles),
    runUntil(condition, limitCycles) {
      const end = cpu.cycles + limitCycles
      for (;;) {
        hasHappened = false
        if (condition()) return "condition"
        if (halt !== undefined) return halt
        if (cpu.cycles >= end) return "limit"
        run(Math.min(end, cpu.cycles - (cpu.cycles % SLICE_CYCLES) + SLICE_CYCLES))
      }
    },
  }
}

/** The parts of the chip that a sketch waits for: timers, the converter of analogRead (which reads 0), EEPROM. */
function attach(cpu: CPU, { interrupts, eepromBytes }: AvrBoard): void {
  const [compA0, compB0, overflow0] = interrupts.timer0
  const [capture1, compA1, compB1, compC1, overflow1] = interrupts.timer1
  const [compA2, compB2, overflow2] = interrupts.timer2
  new AVRTimer(cpu, { ...timer0Config, compAInterrupt: compA0, compBInterrupt: compB0, ovfInterrupt: overflow0 })
  new AVRTimer(cpu, {
    ...timer1Config,
    captureInterrupt: capture1,
    compAInterrupt: compA1,
    compBInterrupt: compB1,
    compCInterrupt: compC1,
    ovfInterrupt: overflow1,
  })
  new AVRTimer(cpu, { ...timer2Config, compAInterrupt: compA2, compBInterrupt: compB2, ovfInterrupt: overflow2 })
  new AVRADC(cpu, { ...adcConfig, adcInterrupt: interrupts.adc })
  const cells = new EEPROMMemoryBackend(eepromBytes)
  new AVREEPROM(cpu, cells, { ...eepromConfig, eepromReadyInterrupt: interrupts.eeprom })
}

function usartOf(cpu: CPU, { interrupts, clockHz }: AvrBoard): AVRUSART {
  const [received, empty, sent] = interrupts.usart0
  const config = {
    ...usart0Config,
    rxCompleteInterrupt: received,
    dataRegisterEmptyInterrupt: empty,
    txCompleteInterrupt: sent,
  }
  return new AVRUSART(cpu, config, clockHz)
}
