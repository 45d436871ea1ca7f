import { refuse } from "@open-brains/core/base/problem.ts"
import { describe, type Port, type PortType } from "@open-brains/core/composition/types.ts"
import { isNothing, type Outcome, type Value } from "@open-brains/core/run/part.ts"
import { counted, percent, shorten } from "../layout.ts"
import type { Paint } from "../services.ts"

/** A value as JSON has it: a label by its name, null when unsure; a vector as a list; bytes in base64. */
export function valueFromJson(type: PortType, json: unknown): Value | undefined {
  switch (type.type) {
    case "text":
      return typeof json === "string" ? json : undefined
    case "number":
      return typeof json === "number" ? json : undefined
    case "label":
      return json === null ? { label: undefined } : typeof json === "string" ? { label: json } : undefined
    case "bytes":
      return typeof json === "string" ? new Uint8Array(Buffer.from(json, "base64")) : undefined
    case "vector":
      return Array.isArray(json) && json.every((each) => typeof each === "number") ? Float32Array.from(json) : undefined
    case "record": {
      if (typeof json !== "object" || json === null) return undefined
      const fields: Record<string, Value> = {}
      for (const { name, type: of } of type.fields) {
        const value = valueFromJson(of, Object.hasOwn(json, name) ? (json as Record<string, unknown>)[name] : undefined)
        if (value === undefined) return undefined
        fields[name] = value
      }
      return { fields }
    }
    case "stream":
      return undefined
    default:
      return type satisfies never
  }
}

/** A value as a person types it: a text as it stands, a label or a number as it is called, all else as JSON. Errors: OB630. */
export function valueFromWord({ name, type }: Port, word: string): Value {
  if (type.type === "text") return word
  if (type.type === "label") return { label: word === "unsure" && !type.labels.includes(word) ? undefined : word }
  let json: unknown
  try {
    json = JSON.parse(word)
  } catch {
    json = undefined
  }
  return (
    valueFromJson(type, json) ??
    refuse({
      code: "OB630",
      seen: `\`${name}\` takes ${describe(type)}, and was given \`${word.slice(0, 60)}\`.`,
      hint: type.type === "number" ? "Write a number, such as 0.5." : "Write it as JSON.",
    })
  )
}

/** For a program. Nothing is null; its reason stands elsewhere. */
export function outcomeAsJson(outcome: Outcome): unknown {
  if (isNothing(outcome)) return null
  if (typeof outcome === "string" || typeof outcome === "number") return outcome
  if (outcome instanceof Uint8Array) return Buffer.from(outcome).toString("base64")
  if (outcome instanceof Float32Array) return [...outcome]
  if ("label" in outcome) return outcome.label ?? null
  return Object.fromEntries(Object.entries(outcome.fields).map(([name, value]) => [name, outcomeAsJson(value)]))
}

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
