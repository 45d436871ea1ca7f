import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { BrainAnswer, Inputs, OpenBrain } from "@open-brains/core/run/composed.ts"
import { isNothing, type Outcome, type Value } from "@open-brains/core/run/part.ts"
import { compose } from "../brains/compose.ts"
import { outcomeAsJson, valueFromJson, valueFromWord } from "../brains/values.ts"
import { counted, percent, shorten } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import type { ExitCode, Services } from "../services.ts"

export interface AskBrainOptions {
  readonly json: boolean
  readonly engine?: EngineName
}

/** `brain ask BRAIN …`: answers what was typed, or each line of standard input; a line of JSON gives a line of JSON. */
export async function askBrain(
  path: string,
  words: readonly string[],
  { json, engine }: AskBrainOptions,
  services: Services,
): Promise<ExitCode> {
  const brain = await compose(path, engine ? { engine } : {})
  try {
    if (words.length > 0) {
      const answer = await brain.ask(inputsFromWords(brain, words))
      services.print(shown(brain, answer, json, services))
      return 0
    }
    if (services.input.isTTY) services.progress("Type a message and press Enter; Ctrl-D ends.\n")
    let line = 0
    for await (const text of createInterface({ input: Readable.from(services.input), crlfDelay: Infinity })) {
      line++
      if (text.trim() === "") continue
      const isJson = text.startsWith("{")
      const inputs = isJson ? inputsFromJson(brain, text, line) : inputsFromWords(brain, [text])
      services.print(shown(brain, await brain.ask(inputs), json || isJson, services))
    }
    return 0
  } finally {
    await brain.close()
  }
}

/** One word an input; a brain of one text takes them all as that text. */
export function inputsFromWords({ takes }: OpenBrain, words: readonly string[]): Inputs {
  if (takes.length === 1 && takes[0]!.type.type === "text") return { [takes[0]!.name]: words.join(" ") }
  if (words.length !== takes.length)
    refuse({
      code: "OB630",
      seen: `This brain takes ${counted(takes.length, "input")}, ${takes.map(({ name }) => name).join(" and ")}, and was given ${words.length}.`,
      hint: 'Put each into "quotation marks", in that order.',
    })
  return Object.fromEntries(takes.map((port, i) => [port.name, valueFromWord(port, words[i]!)]))
}

function inputsFromJson({ takes }: OpenBrain, source: string, line: number): Inputs {
  let found: unknown
  try {
    found = JSON.parse(source)
  } catch (error) {
    return refuse({
      code: "OB504",
      seen: `Line ${line} of the input is no JSON: ${(error as Error).message}.`,
      hint: `Write one object a line: { ${takes.map(({ name }) => `"${name}": …`).join(", ")} }`,
    })
  }
  const object = found as Readonly<Record<string, unknown>>
  const inputs: Record<string, Value> = {}
  for (const port of takes) {
    const value = valueFromJson(port.type, Object.hasOwn(object, port.name) ? object[port.name] : undefined)
    if (value !== undefined) inputs[port.name] = value
  }
  return inputs
}

export function answerAsJson({ outputs, bytesCut }: BrainAnswer): object {
  const reasons = Object.entries(outputs).flatMap(([name, value]) => (isNothing(value) ? [[name, value.nothing]] : []))
  return {
    ...Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, outcomeAsJson(value)])),
    ...(reasons.length > 0 ? { nothing: Object.fromEntries(reasons) } : {}),
    ...(bytesCut > 0 ? { bytesCut } : {}),
  }
}

function shown({ gives }: OpenBrain, answer: BrainAnswer, json: boolean, services: Services): string {
  if (json) return JSON.stringify(answerAsJson(answer))
  const { paint } = services
  const cut = answer.bytesCut > 0 ? paint("yellow", `  (the last ${counted(answer.bytesCut, "byte")} not read)`) : ""
  const lines = gives.map(({ name }) => {
    const value = spoken(answer.outputs[name]!, services)
    return gives.length === 1 ? value : `${paint("dim", `${name}:`)} ${value}`
  })
  return lines.join("\n") + cut
}

/** A value for a person, in a line. */
export function spoken(outcome: Outcome, { paint }: Services): string {
  if (isNothing(outcome)) return paint("yellow", `nothing: ${outcome.nothing}`)
  if (typeof outcome === "string") return outcome
  if (typeof outcome === "number") return `${outcome}`
  if (outcome instanceof Uint8Array) return `${counted(outcome.length, "byte")}`
  if (outcome instanceof Float32Array) return `[${[...outcome].map((each) => Number(each.toPrecision(4))).join(" ")}]`
  if ("label" in outcome) {
    const { label, guess, probability, because } = outcome
    const cite = because ? paint("dim", `  because you said so of “${shorten(because.text)}”`) : ""
    if (label !== undefined)
      return `${paint("green", label)}${probability === undefined ? "" : `  ${percent(probability)}`}${cite}`
    return `${paint("yellow", "unsure")}${guess === undefined ? "" : paint("dim", `  closest: ${guess} ${percent(probability)}`)}${cite}`
  }
  return Object.entries(outcome.fields)
    .map(([name, value]) => `${name}: ${spoken(value, { paint } as Services)}`)
    .join("; ")
}
