import { existsSync } from "node:fs"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { boardNamed } from "../boards/boards.ts"
import { type Form, refuseOccupied, usualOutput, writeExport } from "../boards/pack.ts"
import { exportedProgram } from "../boards/program.ts"
import { refuseUnfit, reportLines, reportOn } from "../boards/report.ts"
import { sourcesOf } from "../boards/sources.ts"
import { moduleAt } from "../brains/named.ts"
import { memorySize } from "../scribe/memory.ts"
import type { ExitCode, Services } from "../services.ts"

export interface ExportArguments {
  readonly to: Form
  readonly board: string
  readonly output?: string
  readonly name?: string
  readonly textBytes?: number
  readonly gives?: readonly string[]
  readonly memory?: string
  readonly force?: boolean
  readonly json?: boolean
}

/** `brain export MODULE --to arduino|c`: the module as C for a board, with what it takes there, known before it is flashed. */
export async function exportModule(path: string, options: ExportArguments, services: Services): Promise<ExitCode> {
  const { to, name, textBytes, gives, memory, force = false, json = false } = options
  const board = boardNamed(options.board)
  services.progress(`reading ${path}`)
  const folder = existsSync(path) ? path : await moduleAt(path)
  const module = await exportedProgram(folder, {
    ...(name === undefined ? {} : { name }),
    ...(textBytes === undefined ? {} : { textBytes }),
    ...(board.textBytes === undefined ? {} : { textBytesUsual: board.textBytes }),
    ...(gives === undefined ? {} : { gives }),
    ...(memory === undefined ? {} : { memoryBytes: memorySize(memory) }),
    isToLeave: force,
  })
  const output = options.output ?? usualOutput(to, module.name)
  await refuseOccupied(to, module.name, output)
  services.progress(`writing C for ${board.title}`)
  const sources = sourcesOf(module, emitChip(module.program))
  services.progress(`measuring it on ${board.title}`)
  const report = await reportOn(module, sources, board)
  if (!force) refuseUnfit(report, board)
  const written = await writeExport(
    to,
    output,
    module,
    sources,
    reportLines(report, board, (_, text) => text),
  )
  services.progress(undefined)
  if (json) services.print(JSON.stringify({ output, ...(to === "c" ? { files: written } : {}), ...report }))
  else {
    for (const line of reportLines(report, board, services.paint)) services.print(line)
    services.print("")
    services.print(
      to === "arduino"
        ? `Written to ${output}. Arduino IDE: Sketch, Include Library, Add .ZIP Library.`
        : `Written to ${output}. Try it here: make -C ${output}`,
    )
  }
  return 0
}
