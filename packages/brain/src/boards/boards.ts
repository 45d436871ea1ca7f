import { refuse, suggest } from "@open-brains/core/base/problem.ts"
import type { Chip } from "./compile.ts"

/** A board that people buy: all that is known of it stands in this table. */
export interface Board {
  readonly name: string
  readonly title: string
  readonly chip: string
  readonly mhz: number
  /** What a sketch may have, without the boot loader. */
  readonly flashBytes: number
  readonly ramBytes: number
  /** What a sketch takes that does nothing but give back lines of `Serial`, its line apart; undefined where nobody measured it. */
  readonly core?: {
    readonly flashBytes: number
    readonly ramBytes: number
    /** Of loop() and of interrupts, which come on top of the deepest call. */
    readonly stackBytes: number
  }
  /** What C is compiled for it as (compile.ts has the flags); undefined where no compiler is known here. */
  readonly target: Chip | undefined
  readonly fqbn: string
  /** How cycles are known where the tools are: counted by a simulator of the chip, modelled over the instructions that ran, or estimated. */
  readonly cycles: "simulated" | "modelled" | "estimated"
  /** Bytes of text that are read where nobody says; undefined: as many as the module reads. */
  readonly textBytes?: number
  /** Where the figures come from. */
  readonly source: string
}

/** The smallest first: the first that holds a module is the one to name. */
export const BOARDS: readonly Board[] = [
  {
    name: "uno",
    title: "Arduino Uno",
    chip: "ATmega328P",
    mhz: 16,
    flashBytes: 32_256,
    ramBytes: 2048,
    core: { flashBytes: 1664, ramBytes: 188, stackBytes: 48 },
    target: "atmega328p",
    fqbn: "arduino:avr:uno",
    cycles: "simulated",
    textBytes: 256,
    source: "boards.txt of arduino:avr 1.8",
  },
  {
    name: "mega",
    title: "Arduino Mega 2560",
    chip: "ATmega2560",
    mhz: 16,
    flashBytes: 253_952,
    ramBytes: 8192,
    core: { flashBytes: 1980, ramBytes: 188, stackBytes: 48 },
    target: "atmega2560",
    fqbn: "arduino:avr:mega:cpu=atmega2560",
    cycles: "simulated",
    textBytes: 256,
    source: "boards.txt of arduino:avr 1.8",
  },
  {
    name: "microbit",
    title: "BBC micro:bit v1",
    chip: "nRF51822 (Cortex-M0)",
    mhz: 16,
    flashBytes: 262_144,
    ramBytes: 16_384,
    target: "cortex-m0",
    fqbn: "sandeepmistry:nRF5:BBCmicrobit",
    cycles: "modelled",
    source: "nRF51822 product specification, variant QFAA; without a SoftDevice",
  },
  {
    name: "nano33ble",
    title: "Arduino Nano 33 BLE",
    chip: "nRF52840 (Cortex-M4F)",
    mhz: 64,
    flashBytes: 983_040,
    ramBytes: 262_144,
    target: "cortex-m4",
    fqbn: "arduino:mbed_nano:nano33ble",
    cycles: "modelled",
    source: "boards.txt of arduino:mbed_nano",
  },
  {
    name: "rp2040",
    title: "Raspberry Pi Pico",
    chip: "RP2040 (Cortex-M0+)",
    mhz: 133,
    flashBytes: 2_097_152,
    ramBytes: 270_336,
    target: "cortex-m0plus",
    fqbn: "arduino:mbed_rp2040:pico",
    cycles: "modelled",
    source: "boards.txt of arduino:mbed_rp2040",
  },
  {
    name: "esp32s3",
    title: "ESP32-S3",
    chip: "ESP32-S3 (Xtensa LX7)",
    mhz: 240,
    flashBytes: 1_310_720,
    ramBytes: 327_680,
    target: undefined,
    fqbn: "esp32:esp32:esp32s3",
    cycles: "estimated",
    source: "boards.txt of esp32:esp32, the usual partitions; a board has 8 MB",
  },
]
/** An Arduino Uno, a Raspberry Pi Pico. */
export const withArticle = ({ title }: Board): string => `${/^[AEIOU]/.test(title) ? "an" : "a"} ${title}`
export const BOARD_NAMES: readonly string[] = BOARDS.map(({ name }) => name)

/** The board of a name. Errors: OB852. */
export function boardNamed(name: string): Board {
  const found = BOARDS.find((board) => board.name === name.toLowerCase())
  return (
    found ??
    refuse({
      code: "OB852",
      seen: `There is no board \`${name.slice(0, 40)}\` in the table.`,
      hint: suggest(name.slice(0, 40), BOARD_NAMES),
    })
  )
}
