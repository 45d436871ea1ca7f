import { isJsonList, isJsonObject, type Json } from "../base/json.ts"
import { describe, type Port, type PortType } from "../composition/types.ts"
import { isNothing, type Nothing, type Outcome, type Value } from "./part.ts"

/** A value as a language writes it: a label is its text or null when unsure, a record its fields. */
export type Plain = string | number | null | Uint8Array | Float32Array | PlainRecord
export interface PlainRecord {
  readonly [field: string]: Plain
}

/**
 * What came from outside, as a value of `type`; nothing, with the reason, when it is none. Reads own data properties only, so no
 * code of an object is run and nothing comes from a prototype. Numbers are finite, texts are counted in UTF-8.
 */
export function checkValue(value: unknown, type: PortType): Outcome {
  const wrong = (why: string): Nothing => ({ nothing: `${why} where ${describe(type)} is wanted` })
  switch (type.type) {
    case "text": {
      if (typeof value !== "string") break
      return bytesOfText(value, type.bytesMax) > type.bytesMax
        ? wrong(`a text of more than ${type.bytesMax} bytes`)
        : value.toWellFormed()
    }
    case "bytes":
      if (!(value instanceof Uint8Array)) break
      return value.length > type.bytesMax ? wrong(`${value.length} bytes`) : value
    case "label":
      if (value === null) return { label: undefined }
      if (typeof value !== "string") break
      return type.labels.includes(value) ? { label: value } : wrong(`the label ${shown(value)}`)
    case "number":
      if (typeof value !== "number") break
      return Number.isFinite(value) && value >= type.least && value <= type.most ? value : wrong(`${value}`)
    case "vector":
      if (!(value instanceof Float32Array)) break
      if (value.length !== type.length) return wrong(`a vector of ${value.length} numbers`)
      return value.every(Number.isFinite) ? value : wrong("a vector with a number that is not finite")
    case "record": {
      if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) break
      const fields: [string, Value][] = []
      for (const { name, type: of } of type.fields) {
        const field = checkValue(own(value, name), of)
        if (isNothing(field)) return { nothing: `of its field \`${name}\`: ${field.nothing}` }
        fields.push([name, field])
      }
      return { fields: Object.fromEntries(fields) }
    }
    case "stream":
      return wrong("a single value")
    default:
      return type satisfies never
  }
  return wrong(kindOf(value))
}

/** Several, in the order of `ports`; of the first that is wrong its name and the reason. */
export function checkValues(values: readonly unknown[], ports: readonly Port[]): readonly Value[] | Nothing {
  const checked: Value[] = []
  for (const [i, { name, type }] of ports.entries()) {
    const outcome = checkValue(values[i], type)
    if (isNothing(outcome)) return { nothing: `it gave for \`${name}\` ${outcome.nothing}` }
    checked.push(outcome)
  }
  return checked
}

/** The value as languages write it. Logits are left out: outside they mean nothing. */
export function plainOf(value: Value): Plain {
  if (typeof value !== "object" || value instanceof Uint8Array || value instanceof Float32Array) return value
  if ("fields" in value)
    return Object.fromEntries(Object.entries(value.fields).map(([name, field]) => [name, plainOf(field)]))
  return value.label ?? null
}

/** As JSON has it: bytes in base 64, a vector as a list of numbers. */
export function jsonOf(plain: Plain): Json {
  if (plain === null || typeof plain !== "object") return plain
  if (plain instanceof Uint8Array) return base64(plain)
  if (plain instanceof Float32Array) return [...plain]
  return Object.fromEntries(Object.entries(plain).map(([name, field]) => [name, jsonOf(field)]))
}

/** Undoes `jsonOf` where the type asks for it; the rest is left for `checkValue` to judge. */
export function plainFromJson(json: Json | undefined, type: PortType): unknown {
  if (type.type === "bytes" && typeof json === "string") return bytesOf(json) ?? json
  if (type.type === "vector" && isJsonList(json))
    return json.every((item) => typeof item === "number") ? Float32Array.from(json) : json
  if (type.type === "record" && isJsonObject(json))
    return Object.fromEntries(type.fields.map(({ name, type: of }) => [name, plainFromJson(own(json, name), of)]))
  return json
}

/** How many bytes the answer is worth against a limit: of texts and labels in UTF-8, 8 a number, 4 a number of a vector. */
export function sizeOf(value: Value): number {
  if (typeof value === "number") return 8
  if (typeof value === "string") return bytesOfText(value)
  if (value instanceof Uint8Array || value instanceof Float32Array) return value.byteLength
  if ("fields" in value) return Object.values(value.fields).reduce((sum: number, field) => sum + sizeOf(field), 0)
  return bytesOfText(value.label ?? "")
}

/** Of its own, and a plain value: a getter is not run. */
function own<T>(record: { readonly [key: string]: T } | object, name: string): T | undefined {
  return Object.getOwnPropertyDescriptor(record, name)?.value as T | undefined
}

/** A text whose UTF-16 alone is over the limit is not encoded. */
const bytesOfText = (text: string, most = Number.POSITIVE_INFINITY): number =>
  text.length > most ? text.length : new TextEncoder().encode(text).length

const SHOWN = 40
const shown = (text: string): string => JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing at all"
  if (value === null) return "null"
  if (typeof value === "string") return `the text ${shown(value)}`
  if (typeof value === "number" || typeof value === "boolean") return `${value}`
  if (Array.isArray(value)) return "a list"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

function base64(bytes: Uint8Array): string {
  let units = ""
  for (const byte of bytes) units += String.fromCharCode(byte)
  return btoa(units)
}
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0))
  } catch {
    return undefined // no base 64
  }
}
