import { refuse } from "@open-brains/core/base/problem.ts"
import type { BrainAnswer, Inputs, OpenBrain } from "@open-brains/core/run/composed.ts"
import { isNothing, type Value } from "@open-brains/core/run/part.ts"
import { counted } from "../layout.ts"
import { outcomeAsJson, valueFromJson, valueFromWord } from "./values.ts"

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

/** The members of a JSON object that the brain takes. Errors: OB504. */
export function inputsFromJson({ takes }: OpenBrain, source: string, line: number): Inputs {
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

/** An answer for a program. */
export function answerAsJson({ outputs, bytesCut }: BrainAnswer): object {
  const reasons = Object.entries(outputs).flatMap(([name, value]) => (isNothing(value) ? [[name, value.nothing]] : []))
  return {
    ...Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, outcomeAsJson(value)])),
    ...(reasons.length > 0 ? { nothing: Object.fromEntries(reasons) } : {}),
    ...(bytesCut > 0 ? { bytesCut } : {}),
  }
}
