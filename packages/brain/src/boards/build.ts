/** Firmware of a module: what `brain export --to c` would write, compiled for a board that is simulated here. */
import { existsSync, statSync } from "node:fs"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { moduleAt } from "../brains/named.ts"
import { memorySize } from "../scribe/memory.ts"
import type { AvrBoard } from "./avr.ts"
import { boardNamed } from "./boards.ts"
import { compileForChip, requireChipCompiler } from "./compile.ts"
import { type Firmware, firmwareOf, readFirmware } from "./firmware.ts"
import { folderFiles } from "./folder.ts"
import { exportedProgram } from "./program.ts"
import { refuseUnfit, reportOn } from "./report.ts"
import { sourcesOf } from "./sources.ts"
import { inWorkplace } from "./workplace.ts"

/** Whether a path is of firmware, not of a module. */
export const isBuilt = (path: string): boolean =>
  existsSync(path) ? statSync(path).isFile() : /\.(?:hex|elf)$/i.test(path)

export interface FirmwareOptions {
  readonly main?: string
  readonly name?: string
  /** Of a scribe. */
  readonly memory?: string
  /** Of a scribe: whether it may begin without the texts that it has read. */
  readonly force?: boolean
}

/**
 * What a path gives to a board: a HEX or ELF file, or a module, which is compiled with a program that answers lines, or
 * with `main`, a C file of one's own in its place. Errors: those of `firmwareOf`, of exports and of compilers.
 */
export async function firmwareFor(
  path: string,
  board: AvrBoard,
  { main, name, memory, force = false }: FirmwareOptions = {},
): Promise<Firmware> {
  if (isBuilt(path)) {
    if (main === undefined) return firmwareOf(path, board)
    return refuse({
      code: "OB841",
      seen: `${path} is built already, so that ${main} cannot be its program.`,
      hint: "Give --main with the folder of a module.",
    })
  }
  const program = main === undefined ? undefined : await readMain(main)
  const bought = boardNamed(board.name)
  const { target: chip = "atmega328p", textBytes } = bought
  requireChipCompiler(chip)
  const folder = existsSync(path) ? path : await moduleAt(path)
  const module = await exportedProgram(folder, {
    ...(name === undefined ? {} : { name }),
    ...(textBytes === undefined ? {} : { textBytesUsual: textBytes }),
    ...(memory === undefined ? {} : { memoryBytes: memorySize(memory) }),
    isToLeave: force,
  })
  const sources = sourcesOf(module, emitChip(module.program))
  // What cannot fit is not compiled: a compiler would say so in its own words.
  if (sources.chip.constantBytes > bought.flashBytes) refuseUnfit(await reportOn(module, sources, bought), bought)
  const files = { ...folderFiles(module, sources, []) }
  if (program !== undefined) files["main.c"] = program
  return inWorkplace("brain-flash-", async (place) => {
    for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text)
    const texts = Object.keys(files).flatMap((file) => (file.endsWith(".c") ? [join(place, file)] : []))
    const output = join(place, `${module.name}.elf`)
    try {
      await compileForChip({ chip, sources: texts, output })
    } catch (error) {
      throw main === undefined ? error : ofMain(main, module.name, place, error)
    }
    const firmware = readFirmware(new Uint8Array(await readFile(output)), `${module.name}.elf`, board)
    return module.kind === "scribe" ? { ...firmware, answersWithin: LEARNT_WITHIN } : firmware
  })
}
/** What a compiler says of a person's own program names their file, and is theirs to mend. */
function ofMain(main: string, name: string, place: string, error: unknown): unknown {
  const [problem] = error instanceof Refusal ? error.problems : []
  if (problem?.code !== "OB849") return error
  const said = problem.seen.replaceAll(join(place, "main.c"), main).replaceAll(`${place}/`, "")
  return new Refusal([
    {
      ...problem,
      seen: said.replace("what was exported", main),
      hint: `Mend ${main}; what it can call stands in ${name}.h and lines.h.`,
    },
  ])
}

/** A byte takes some 50 ms to learn, and its program learns up to 256 of a line. */
const LEARNT_WITHIN = 20

async function readMain(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return refuse({
      code: "OB841",
      seen: `The program ${path} cannot be read (${code}).`,
      hint: "Give --main a C file with int main(void): it includes NAME.h of the module, and lines.h if it talks.",
    })
  }
}
