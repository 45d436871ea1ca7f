/** A scribe as the program that a board runs: it begins there as its net has it, and goes on learning. */
import { type Problem, Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { scribeProgram } from "@open-brains/core/run/scribe_program.ts"
import { counted } from "../layout.ts"
import { NET } from "../scribe/experts.ts"
import { lessonsIn } from "../scribe/lessons.ts"
import { printMemory } from "../scribe/memory.ts"
import { primerIn } from "../scribe/primer.ts"
import { printSize } from "../size.ts"
import { readPredictorModule } from "../store/folder.ts"
import { BOARDS } from "./boards.ts"
import { frozen } from "./frozen.ts"
import { exportName } from "./names.ts"
import type { ExportedScribe, ExportOptions } from "./program.ts"

/**
 * A scribe for a board. What it was taught, and a primer, are texts that a PC reads anew: a board has no room for them, so that a scribe
 * with such a text would be another one there, and is refused unless that is said to be meant.
 * Errors: OB866 for one that was taught, OB867 for one with a primer, OB868 for more memory than any board has, OB800, OB333.
 */
export async function exportedScribe(path: string, options: ExportOptions): Promise<ExportedScribe> {
  const { parts, manifest, path: shown } = await readPredictorModule(path)
  const name = exportName(manifest.name, options.name)
  if (options.textBytes !== undefined)
    refuse({
      code: "OB857",
      seen: `${path} takes byte after byte, so there are no bytes of a text to bound.`,
      hint: "Leave --text-bytes out.",
    })
  const memoryBytes = options.memoryBytes ?? manifest.memoryBytes
  refuseLarge(path, memoryBytes)
  const [primer, lessons] = [primerIn(parts, shown), await lessonsIn(path)]
  const left: readonly Left[] = [
    ...(primer.length === 0 ? [] : [{ code: "OB867" as const, what: `its primer of ${printSize(primer.length)}` }]),
    ...(lessons.length === 0 ? [] : [{ code: "OB866" as const, what: counted(lessons.length, "lesson") }]),
  ]
  if (options.isToLeave !== true && left.length > 0)
    refuse(
      ...left.map(({ code, what }) => ({ ...WITHOUT[code], code, seen: `${path} has read ${what}, and ${NOT_THERE}` })),
    )
  const net = parts[NET]
  return {
    ...{ kind: "scribe", name, memoryBytes, left: left.map(({ what }) => what), hasNet: net !== undefined },
    ...{ about: manifest.about, licence: manifest.licence },
    program: { ...frozen(programOf(`${shown}/${NET}`, memoryBytes, net)), name: `${name}_program` },
  }
}

interface Left {
  readonly code: "OB866" | "OB867"
  readonly what: string
}
const NOT_THERE = "no board reads that: there it would begin without."
const FORCE = "With --force it begins on the board without, and learns there what it is sent."
const WITHOUT: Readonly<Record<Left["code"], Pick<Problem, "hint">>> = {
  OB866: { hint: `Export the scribe that it was made of, such as modules/scribe-mega. ${FORCE}` },
  OB867: { hint: `Take a scribe without a primer, such as modules/scribe-mega. ${FORCE}` },
}

/** No board of the table has as much: it need not be made to see that. */
function refuseLarge(path: string, memoryBytes: number): void {
  const most = Math.max(...BOARDS.map(({ ramBytes }) => ramBytes))
  if (memoryBytes < most) return
  refuse({
    code: "OB868",
    seen: `${path} has ${printMemory(memoryBytes)} of tables, and the largest board of the table ${printSize(most)} of RAM.`,
    hint: "With less memory it is another scribe, which knows less: --memory 4KB fits a Mega beside a small net.",
  })
}

function programOf(
  shown: string,
  memoryBytes: number,
  net: Uint8Array | undefined,
): ReturnType<typeof scribeProgram>["program"] {
  if (net === undefined) return scribeProgram({ memoryBytes }).program
  const tensors = readSafetensors(net, shown)
  try {
    return scribeProgram({ memoryBytes, net: tensors }).program
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return refuse(
      ...error.problems.map((each) => (each.code === "OB333" ? { ...each, seen: `${shown}: ${each.seen}` } : each)),
    )
  }
}
