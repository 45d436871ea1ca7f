/** What is flashed: the bytes of flash, and what an ELF file tells besides. */
import { readFile, stat } from "node:fs/promises"
import { refuse, suggest } from "@open-brains/core/base/problem.ts"
import { AVR_BOARDS, type AvrBoard } from "./avr.ts"
import { AVR_RAM, type Elf, footprintOf, isElf, readElf } from "./elf.ts"
import { isHex, type Piece, readHex } from "./hex.ts"

export interface Firmware {
  /** All of the flash; 0xff where nothing is written. */
  readonly flash: Uint8Array
  readonly usedBytes: number
  /** Where the file was an ELF. */
  readonly elf: Elf | undefined
  /** Seconds of the board's time that an answer to a line may take, where that is known. */
  readonly answersWithin?: number
}

const FILE_BYTES_MAX = 64 << 20

/** A board that is simulated, by its name. Errors: OB840. */
export function virtualBoard(name: string): AvrBoard {
  const board = Object.values(AVR_BOARDS).find((each) => each.name === name)
  return (
    board ??
    refuse({
      code: "OB840",
      seen: `There is no virtual board ${JSON.stringify(name)}.`,
      hint: suggest(name, Object.keys(AVR_BOARDS)),
    })
  )
}

/**
 * What a path gives to flash: a HEX or ELF file that is built already. Here, and only here, a path becomes firmware.
 * Errors: OB841 where no file is, OB842 and OB843 where it is none to flash, OB844 for another chip, OB845 where it does not fit.
 */
export async function firmwareOf(path: string, board: AvrBoard): Promise<Firmware> {
  return readFirmware(await fileAt(path), path, board)
}

async function fileAt(path: string): Promise<Uint8Array> {
  const missing = (seen: string): never =>
    refuse({ code: "OB841", seen, hint: "Give the .hex or .elf that avr-gcc or the Arduino IDE made of a sketch." })
  try {
    const found = await stat(path)
    if (!found.isFile()) return missing(`${path} is no file.`)
    if (found.size > FILE_BYTES_MAX) return missing(`${path} has ${found.size} bytes: that is no firmware.`)
    return await readFile(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return missing(code === "ENOENT" ? `There is no file ${path}.` : `${path} cannot be read (${code}).`)
  }
}

/** The same of bytes that are there already; `name` is told in what is refused. Errors: OB842, OB843, OB844, OB845. */
export function readFirmware(file: Uint8Array, name: string, board: AvrBoard): Firmware {
  if (isElf(file)) {
    const elf = readElf(file, name)
    refuseOtherChip(elf, name, board)
    const { ramBytes } = footprintOf(elf)
    if (ramBytes > board.ramBytes) refuseSize(name, `${ramBytes} bytes of RAM`, `${board.ramBytes}`, board)
    const loaded = elf.segments.filter(({ physical }) => physical < AVR_RAM)
    return flashed(
      loaded.map(({ physical, bytes }) => ({ address: physical, bytes })),
      name,
      board,
      elf,
    )
  }
  const text = new TextDecoder("latin1").decode(file)
  if (!isHex(text))
    return refuse({
      code: "OB842",
      seen: `${name} is neither a HEX nor an ELF file.`,
      hint: "Give the .hex or .elf that avr-gcc or the Arduino IDE made of a sketch.",
    })
  return flashed(readHex(text, name), name, board, undefined)
}

function refuseOtherChip({ machine, architecture, chip }: Elf, name: string, board: AvrBoard): void {
  const isOther = chip === undefined ? architecture !== board.architecture : chip !== board.chip
  if (machine === "avr" && !isOther) return
  const other = machine === "arm" ? "an ARM" : (chip ?? `an AVR of the kind avr${architecture}`)
  const fitting = Object.values(AVR_BOARDS).find((each) => machine === "avr" && each.chip === chip)
  refuse({
    code: "OB844",
    seen: `${name} is built for ${other}, and the ${board.title} has an ${board.chip}.`,
    hint: fitting ? `Run it with --virtual ${fitting.name}.` : `Build it with -mmcu=${board.chip}.`,
  })
}

function flashed(pieces: readonly Piece[], name: string, board: AvrBoard, elf: Elf | undefined): Firmware {
  const flash = new Uint8Array(board.flashBytes).fill(0xff)
  let usedBytes = 0
  const ends = new Map<number, number>()
  for (const { address, bytes } of pieces) {
    const end = address + bytes.length
    if (end > board.flashBytes) refuseSize(name, `flash up to address 0x${end.toString(16)}`, flashRoom(board), board)
    flash.set(bytes, address)
    usedBytes += bytes.length
    ends.set(address, Math.max(end, ends.get(address) ?? 0))
  }
  if (usedBytes === 0)
    return refuse({ code: "OB842", seen: `${name} holds nothing to flash.`, hint: "Build it again." })
  // A file with the bootloader has a gap before it; what runs on into its place is a sketch that is too large.
  let end = 0
  for (let next = ends.get(0); next !== undefined && next > end; next = ends.get(end)) end = next
  if (end > board.flashBytes - board.bootloaderBytes) refuseSize(name, `${end} bytes of flash`, flashRoom(board), board)
  return { flash, usedBytes, elf }
}

const flashRoom = ({ flashBytes, bootloaderBytes }: AvrBoard): string =>
  `${flashBytes - bootloaderBytes} beside its bootloader`

const refuseSize = (name: string, needs: string, has: string, board: AvrBoard): never =>
  refuse({
    code: "OB845",
    seen: `${name} needs ${needs}, and the ${board.title} has ${has}.`,
    hint: "Teach a smaller module (brain teach --max-size), or take a larger board.",
  })
