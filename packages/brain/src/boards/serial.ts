/** The serial port of a virtual board, as the chip has it: three bytes wait to be read, and a fourth is lost. */
import type { AVRUSART, CPU } from "avr8js"

export interface Serial {
  send(bytes: Uint8Array): void
  readonly pending: number
  readonly lostBytes: number
  readonly isListening: boolean
  output(from?: number): Uint8Array
  readonly outputLength: number
}

const [UCSRA, UBRRL, UBRRH, UDR] = [0xc0, 0xc4, 0xc5, 0xc6]
const [RECEIVED, SENT, EMPTY, OVERRUN, DOUBLE] = [0x80, 0x40, 0x20, 0x08, 0x02]
/** Two in the buffer, one in the shift register. Source: ATmega328P data sheet, 20.7.4. */
const WAITING_MAX = 3

/**
 * Joins the two ends of a USART of avr8js, which knows one byte that waits, and forgets its flags when the program writes them.
 * `onByte` is called when a byte has gone out or come in.
 */
export function openSerial(cpu: CPU, usart: AVRUSART, onByte: () => void): Serial {
  const queue: number[] = [] // from outside, still on their way
  let queueStart = 0
  const waiting: number[] = [] // have arrived, beside the one that avr8js holds
  let isComing = false
  let lostBytes = 0
  let printed = new Uint8Array(1024)
  let outputLength = 0

  usart.onByteTransmit = (byte) => {
    if (outputLength === printed.length) {
      const larger = new Uint8Array(2 * printed.length)
      larger.set(printed)
      printed = larger
    }
    printed[outputLength++] = byte
    onByte()
  }

  const writeStatus = cpu.writeHooks[UCSRA]!
  cpu.writeHooks[UCSRA] = (value, old, address, mask) => {
    writeStatus(value, old, address, mask)
    // These two a program only reads; a sent one stays unless a 1 is written to it.
    cpu.data[UCSRA]! |= old & (RECEIVED | EMPTY | (value & SENT ? 0 : SENT))
    return true
  }
  const readData = cpu.readHooks[UDR]!
  cpu.readHooks[UDR] = (address) => {
    const byte = readData(address)
    cpu.data[UCSRA]! &= ~OVERRUN
    const next = waiting.shift()
    if (next !== undefined) usart.writeByte(next, true)
    return byte
  }

  const arrive = (): void => {
    isComing = false
    const byte = queue[queueStart++]!
    if (queueStart === queue.length) queue.length = queueStart = 0
    if ((cpu.data[UCSRA]! & RECEIVED) === 0) usart.writeByte(byte, true)
    else if (waiting.length < WAITING_MAX - 1) waiting.push(byte)
    else {
      lostBytes++
      cpu.data[UCSRA]! |= OVERRUN
    }
    onByte()
    come()
  }
  /** Puts the next byte on the wire. Nobody sends to a port that is not open yet. */
  const come = (): void => {
    if (isComing || queue.length === 0) return
    isComing = true
    if (usart.rxEnable) cpu.addClockEvent(arrive, cyclesPerByte(cpu, usart))
    else cpu.addClockEvent(later, LOOK_CYCLES)
  }
  const later = (): void => {
    isComing = false
    come()
  }

  return {
    send(bytes) {
      for (const byte of bytes) queue.push(byte)
      come()
    },
    output: (from = 0) => printed.slice(Math.min(from, outputLength), outputLength),
    get pending() {
      return queue.length - queueStart
    },
    get lostBytes() {
      return lostBytes
    },
    get isListening() {
      return usart.rxEnable
    },
    get outputLength() {
      return outputLength
    },
  }
}
/** How often a sender looks whether the port is open by now. */
const LOOK_CYCLES = 160

/** Cycles that a byte takes on the wire, with its start, parity and stop bits, at the baud rate that the program has set. */
function cyclesPerByte({ data }: CPU, { bitsPerChar, stopBits, parityEnabled }: AVRUSART): number {
  const perBit = ((data[UBRRH]! << 8) + data[UBRRL]! + 1) * (data[UCSRA]! & DOUBLE ? 8 : 16)
  return perBit * (1 + bitsPerChar + stopBits + (parityEnabled ? 1 : 0))
}
