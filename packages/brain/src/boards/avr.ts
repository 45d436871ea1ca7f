/** The two chips that are simulated, by their differences. Addresses of registers are those of data memory; interrupts are words of flash. */
export interface AvrBoard {
  readonly name: "uno" | "mega"
  readonly title: string
  readonly chip: string
  /** Of avr-gcc, as ELF files hold it. */
  readonly architecture: number
  readonly clockHz: number
  readonly flashBytes: number
  /** At the end of flash, where Arduino's is. */
  readonly bootloaderBytes: number
  readonly ramStart: number
  readonly ramBytes: number
  readonly eepromBytes: number
  /** Bytes of a return address on the stack: 3 where flash has over 128 KB. */
  readonly returnBytes: 2 | 3
  readonly interrupts: {
    readonly timer0: readonly [compareA: number, compareB: number, overflow: number]
    readonly timer1: readonly [capture: number, compareA: number, compareB: number, compareC: number, overflow: number]
    readonly timer2: readonly [compareA: number, compareB: number, overflow: number]
    readonly usart0: readonly [received: number, empty: number, sent: number]
    readonly adc: number
    readonly eeprom: number
  }
}

/** Sources: Microchip, ATmega328P data sheet DS40002061B (table 12-6), ATmega640/1280/2560 data sheet DS40002211A (table 14-1). */
export const AVR_BOARDS: Readonly<Record<AvrBoard["name"], AvrBoard>> = {
  uno: {
    name: "uno",
    title: "Arduino Uno",
    chip: "atmega328p",
    architecture: 5,
    clockHz: 16_000_000,
    flashBytes: 32_768,
    bootloaderBytes: 512,
    ramStart: 0x100,
    ramBytes: 2_048,
    eepromBytes: 1_024,
    returnBytes: 2,
    interrupts: {
      timer0: [0x1c, 0x1e, 0x20],
      timer1: [0x14, 0x16, 0x18, 0, 0x1a],
      timer2: [0x0e, 0x10, 0x12],
      usart0: [0x24, 0x26, 0x28],
      adc: 0x2a,
      eeprom: 0x2c,
    },
  },
  mega: {
    name: "mega",
    title: "Arduino Mega 2560",
    chip: "atmega2560",
    architecture: 6,
    clockHz: 16_000_000,
    flashBytes: 262_144,
    bootloaderBytes: 8_192,
    ramStart: 0x200,
    ramBytes: 8_192,
    eepromBytes: 4_096,
    returnBytes: 3,
    interrupts: {
      timer0: [0x2a, 0x2c, 0x2e],
      timer1: [0x20, 0x22, 0x24, 0x26, 0x28],
      timer2: [0x1a, 0x1c, 0x1e],
      usart0: [0x32, 0x34, 0x36],
      adc: 0x3a,
      eeprom: 0x3c,
    },
  },
}

/** The last byte of RAM, where the stack begins. */
export const ramEndOf = ({ ramStart, ramBytes }: AvrBoard): number => ramStart + ramBytes - 1
