import type { BrainAnswer, OpenBrain } from "@open-brains/core/run/composed.ts"
import { answerAsJson, inputsFromJson, inputsFromWords } from "../brains/asking.ts"
import { type ComposeOptions, compose } from "../brains/compose.ts"
import { spoken } from "../brains/values.ts"
import { counted } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import { openTranscript } from "../remote/transcript.ts"
import type { ExitCode, Services } from "../services.ts"
import { questions } from "./questions.ts"

/** How the parts of a brain are opened, as the command line says it. */

export interface PartOptions {
  readonly engine?: EngineName
  readonly allowRemote?: boolean
  /** A file that what remote parts answer is added to, or that it is taken from. */
  readonly record?: string
  readonly replay?: string
}

export async function composeOptions({ engine, allowRemote, record, replay }: PartOptions): Promise<ComposeOptions> {
  const path = replay ?? record
  const transcript =
    path === undefined ? undefined : await openTranscript(path, replay === undefined ? "record" : "replay")
  const remote = { allowed: allowRemote === true, ...(transcript ? { transcript } : {}) }
  return { ...(engine ? { engine } : {}), remote }
}

export interface AskBrainOptions extends PartOptions {
  readonly json?: boolean
}

/** `brain ask BRAIN …`: answers what was typed, or each line of standard input; a line of JSON gives a line of JSON. */

export async function askBrain(
  path: string,
  words: readonly string[],
  options: AskBrainOptions,
  services: Services,
): Promise<ExitCode> {
  const { json = false } = options
  const brain = await compose(path, await composeOptions(options))
  try {
    if (words.length > 0) {
      const answer = await brain.ask(inputsFromWords(brain, words))
      services.print(shown(brain, answer, json, services))
      return 0
    }
    for await (const [text, line] of questions(services)) {
      const isJson = text.startsWith("{")
      const inputs = isJson ? inputsFromJson(brain, text, line) : inputsFromWords(brain, [text])
      services.print(shown(brain, await brain.ask(inputs), json || isJson, services))
    }
    return 0
  } finally {
    await brain.close()
  }
}

function shown({ gives }: OpenBrain, answer: BrainAnswer, json: boolean, services: Services): string {
  if (json) return JSON.stringify(answerAsJson(answer))
  const { paint } = services
  const cut = answer.bytesCut > 0 ? paint("yellow", `  (the last ${counted(answer.bytesCut, "byte")} not read)`) : ""
  const lines = gives.map(({ name }) => {
    const value = spoken(answer.outputs[name]!, services.paint)
    return gives.length === 1 ? value : `${paint("dim", `${name}:`)} ${value}`
  })
  return lines.join("\n") + cut
}
