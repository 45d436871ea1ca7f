import { diagramOf } from "@open-brains/core/composition/diagram.ts"
import { checkBrain } from "../brains/compose.ts"
import { drawSvg, remarkOf } from "../brains/diagram_svg.ts"
import { drawText } from "../brains/diagram_text.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"

export interface GraphOptions {
  readonly svg?: string
  readonly all?: boolean
  readonly json?: boolean
}
/** More is not legible, and takes seconds to lay out. */
const BOXES_MAX = 300

/** `brain graph BRAIN`: draws what a brain is made of, from its inputs to its outputs, as it resolves. */
export async function graph(path: string, options: GraphOptions, services: Services): Promise<ExitCode> {
  const { svg, all = false, json = false } = options
  if (svg !== undefined) await refuseUnwritable(svg)
  const diagram = diagramOf(await checkBrain(path), { opens: all, boxesMax: BOXES_MAX })
  if (svg !== undefined) await writeFileWhole(svg, drawSvg(diagram))
  if (json) services.print(JSON.stringify(diagram))
  else {
    if (svg === undefined) for (const line of drawText(diagram, services.paint)) services.print(line)
    else services.print(`Drawn in ${svg}.`)
    const more = remarkOf(diagram)
    if (more !== "") services.print(services.paint("yellow", more))
  }
  return 0
}
