import { isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { elementOf } from "@open-brains/core/composition/types.ts"
import type { BrainAnswer, Inputs, OpenBrain } from "@open-brains/core/run/composed.ts"
import { isNothing, type Value } from "@open-brains/core/run/part.ts"
import { checkValue, plainFromJson } from "@open-brains/core/run/values.ts"
import { counted } from "../layout.ts"
import { outcomeAsJson, valueFromWord } from "./values.ts"

/** One word an input; a brain of one text takes them all as that text. */
export function inputsFromWords({ takes }: OpenBrain, words: readonly string[]): Inputs {
  if (takes.length === 1 && elementOf(takes[0]!.type).type === "text") return { [takes[0]!.name]: words.join(" ") }
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
  let found: Json
  try {
    found = JSON.parse(source) as Json
  } catch (error) {
    return refuse({
      code: "OB504",
      seen: `Line ${line} of the input is no JSON: ${(error as Error).message}.`,
      hint: `Write one object a line: { ${takes.map(({ name }) => `"${name}": …`).join(", ")} }`,
    })
  }
  if (!isJsonObject(found)) return {}
  const inputs: Record<string, Value> = {}
  for (const { name, type } of takes) {
    const json = Object.hasOwn(found, name) ? found[name] : undefined
    const value = json === undefined ? undefined : checkValue(plainFromJson(json, elementOf(type)), elementOf(type))
    if (isNothing(value))
      return refuse({
        code: "OB504",
        seen: `Line ${line} of the input has for \`${name}\` ${value.nothing}.`,
        hint: "Give it a value of that type.",
      })
    if (value !== undefined) inputs[name] = value
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
