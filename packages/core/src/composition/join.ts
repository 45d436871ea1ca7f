import { FINITE, misfit, type PortType } from "./types.ts"

/** The least type that both fit, or nothing when there is none. */
export function joined(a: PortType, b: PortType): PortType | undefined {
  if (a.type === "text" && b.type === "text") return a.bytesMax > b.bytesMax ? a : b
  if (misfit(a, b) === undefined) return b
  if (misfit(b, a) === undefined) return a
  if (a.type === "label" && b.type === "label")
    return { type: "label", labels: [...new Set([...a.labels, ...b.labels])] }
  if (a.type === "number" && b.type === "number")
    return { type: "number", least: Math.min(a.least, b.least), most: Math.max(a.most, b.most) }
  return undefined
}

/** Bytes of the longest text that a value of this type gives in braces, if it has a text. */
export function bytesInBraces(type: PortType): number | undefined {
  switch (type.type) {
    case "text":
      return type.bytesMax
    case "label":
      return Math.max(UNSURE.length, ...type.labels.map(utf8Length))
    case "number":
      return NUMBER_MAX
    default:
      return undefined
  }
}
/** What an unsure label is called in a text. */
export const UNSURE = "unsure"
const NUMBER_MAX = `${-FINITE.most}`.length + 1 // -1.7976931348623157e+308 is the longest

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    // A pair of surrogates is four bytes for two units; one alone is written as U+FFFD, of three.
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      bytes += 2
      at++
    } else bytes += 2
  }
  return bytes
}
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000
