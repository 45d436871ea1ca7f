import { answerAsJson, inputsFromWords } from "../brains/asking.ts"
import { compose } from "../brains/compose.ts"
import { needBrainFile } from "../brains/sources.ts"
import { describeTrace, printTracePage, traceAsJson } from "../brains/tracing.ts"
import { spoken } from "../brains/values.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { composeOptions, type PartOptions } from "./ask_brain.ts"

export interface TraceOptions extends PartOptions {
  readonly html?: string
  readonly json?: boolean
}

/** `brain trace BRAIN INPUT…`: an answer, and what each part was asked, answered and took on the way. */
export async function trace(
  path: string,
  words: readonly string[],
  options: TraceOptions,
  services: Services,
): Promise<ExitCode> {
  const { html, json = false } = options
  if (html !== undefined) await refuseUnwritable(html)
  const brain = await compose(needBrainFile(path), await composeOptions(options))
  try {
    const found = await brain.trace(inputsFromWords(brain, words))
    const answers = brain.gives.map(({ name }) => spoken(found.outputs[name]!, services.paint))
    if (html !== undefined)
      await writeFileWhole(
        html,
        printTracePage(
          brain.name,
          words.join(" "),
          brain.gives.map(({ name }) => spoken(found.outputs[name]!, plain)).join("; "),
          found,
        ),
      )
    if (json) services.print(JSON.stringify({ answer: answerAsJson(found), ...traceAsJson(found) }))
    else {
      for (const line of describeTrace(found, services.paint)) services.print(line)
      services.print(`${services.paint("bold", "=")} ${answers.join("; ")}`)
      if (html !== undefined) services.print(`Drawn in ${html}.`)
    }
    return 0
  } finally {
    await brain.close()
  }
}
const plain = (_: unknown, text: string): string => text
