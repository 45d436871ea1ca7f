import type { Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { elementOf, type Port } from "@open-brains/core/composition/types.ts"
import { isNothing, type Outcome, type Value } from "@open-brains/core/run/part.ts"
import { checkValue, jsonOf, plainFromJson, plainOf } from "@open-brains/core/run/values.ts"
import { counted, percent, shorten } from "../layout.ts"
import type { Paint } from "../services.ts"

/** A value as a person types it: a text as it stands, a label or a number as it is called, all else as JSON. Errors: OB630. */
export function valueFromWord({ name, type: declared }: Port, word: string): Value {
  const type = elementOf(declared)
  if (type.type === "text") return word
  if (type.type === "label") return { label: word === "unsure" && !type.labels.includes(word) ? undefined : word }
  let json: Json
  try {
    json = JSON.parse(word) as Json
  } catch {
    json = word
  }
  const found = checkValue(plainFromJson(json, type), type)
  if (!isNothing(found)) return found
  return refuse({
    code: "OB630",
    seen: `\`${name}\` was given ${found.nothing}.`,
    hint: type.type === "number" ? "Write a number, such as 0.5." : "Write it as JSON.",
  })
}

/** For a program. Nothing is null; its reason stands elsewhere. */
export const outcomeAsJson = (outcome: Outcome): Json => (isNothing(outcome) ? null : jsonOf(plainOf(outcome)))

/** A value for a person, in a line. */
export function spoken(outcome: Outcome, paint: Paint): string {
  if (isNothing(outcome)) return paint("yellow", `nothing: ${printable(outcome.nothing)}`)
  if (typeof outcome === "string") return printable(outcome)
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
    .map(([name, value]) => `${name}: ${spoken(value, paint)}`)
    .join("; ")
}
/** A stranger's text, its lines kept: nothing in it moves the cursor, colours the terminal or turns what follows around. */
const printable = (text: string): string =>
  text.replace(/(?!\n)[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "�")
