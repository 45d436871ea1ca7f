/** What a stranger might send: a whole text, altered in its bytes or in what its JSON says. Seeded: the same ones each time. */
import { canonicalJson, isJsonList, isJsonObject, type Json } from "../../base/json.ts"
import { type Stream, stream } from "../../base/random.ts"
import { bytesOf, textOf } from "./examples.ts"

export interface Choice {
  below(count: number): number
  of<T>(values: readonly T[]): T
}
export function choosing(seed: number): Choice {
  const words: Stream = stream(seed, "draw")
  let next = 0
  const below = (count: number): number => words.below(next++, count)
  return { below, of: (values) => values[below(values.length)]! }
}

const HEX = "ab".repeat(32)
/** Values that readers stumble over. */
const ODD: readonly (Json | "1e999" | "-0")[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  2 ** 53,
  2 ** 31,
  1e300,
  "",
  "x",
  "../../etc/passwd",
  "/etc/passwd",
  "..\\x",
  "C:x",
  "a//b",
  "a/./b",
  ".hidden",
  "con",
  "aux.txt",
  "a/nul.brain",
  "x.",
  "MODULE.brain",
  "code",
  "module.brain/x",
  "a".repeat(300),
  `${"a/".repeat(200)}a`,
  "\u0000",
  "\u001b[31m",
  "\u202e",
  "\ud800",
  "\ufeff",
  "é",
  `sha256:${HEX}`,
  `SHA256:${HEX}`,
  `sha256:${HEX.toUpperCase()}`,
  `sha256-${HEX}`,
  `sha512:${HEX}${HEX}`,
  "A===",
  "QQ==",
  "QR==",
  "e30",
  "__proto__",
  "constructor",
  "toString",
  [],
  {},
  [[]],
  { constructor: { prototype: {} } },
  JSON.parse('{"__proto__":{"kind":"net"}}') as Json,
]
const TOKENS = [
  "1e999",
  "-0",
  "-1e999",
  "0.0",
  "1.0",
  '"\\ud800"',
  "{}",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  '"',
  "\\u0000",
  "\u0000",
]
const PIECES = [
  ...TOKENS,
  "[".repeat(2000),
  '{"a":'.repeat(100),
  '"kind":"net",',
  '"_type":1,',
  " ",
  "\n",
  "\ufeff",
  "../",
  "%2e%2e/",
  "\u202e",
]

/** One to three alterations. */
export function altered(text: Uint8Array, choice: Choice): Uint8Array {
  let bytes = text
  for (let left = 1 + choice.below(3); left > 0; left--)
    bytes = choice.below(2) === 0 ? alteredBytes(bytes, choice) : alteredJson(bytes, choice)
  return bytes
}
/** The same of a text that is no JSON. */
export function alteredText(text: string, choice: Choice): string {
  let bytes = bytesOf(text)
  for (let left = 1 + choice.below(3); left > 0; left--) bytes = alteredBytes(bytes, choice)
  return textOf(bytes)
}

function alteredBytes(bytes: Uint8Array, { below, of }: Choice): Uint8Array {
  const at = below(bytes.length + 1)
  const to = Math.min(bytes.length, at + below(24))
  const cut = (middle: Uint8Array, from = at, until = to): Uint8Array =>
    Uint8Array.from([...bytes.subarray(0, from), ...middle, ...bytes.subarray(until)])
  switch (below(6)) {
    case 0: // one bit
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << below(8)) : byte))
    case 1: // any byte, also what is no UTF-8
      return bytes.map((byte, i) => (i === at ? below(256) : byte))
    case 2:
      return cut(new Uint8Array())
    case 3: // a stretch twice
      return cut(bytes.subarray(at, to), to, to)
    case 4:
      return bytes.subarray(0, at)
    default:
      return cut(bytesOf(of(PIECES)), at, at)
  }
}

function alteredJson(bytes: Uint8Array, choice: Choice): Uint8Array {
  let json: Json
  try {
    json = JSON.parse(textOf(bytes)) as Json
    const text = alteredValue(json, choice)
    // Numbers that JSON.stringify cannot say stand as texts until here.
    return bytesOf(text.replaceAll('"1e999"', "1e999").replaceAll('"-0"', "-0"))
  } catch {
    return alteredBytes(bytes, choice)
  }
}
/** A value somewhere in it is another one, or is gone, or stands there twice. */
function alteredValue(json: Json, choice: Choice): string {
  const { below, of } = choice
  const other = (): Json => of<Json>([...ODD, "1e999", "-0"])
  if (isJsonList(json) && json.length > 0) {
    const i = below(json.length)
    switch (below(5)) {
      case 0:
        return canonicalJson(json.toSpliced(i, 1))
      case 1:
        return canonicalJson(json.toSpliced(i, 0, json[below(json.length)]!))
      case 2:
        return canonicalJson(json.with(i, other()))
      default:
        return `[${json.map((each, k) => (k === i ? alteredValue(each, choice) : canonicalJson(each))).join(",")}]`
    }
  }
  if (isJsonObject(json) && Object.keys(json).length > 0) {
    const members = Object.entries(json)
    const i = below(members.length)
    const printed = members.map(([key, value], k) => {
      const name = JSON.stringify(key)
      if (k !== i) return `${name}:${canonicalJson(value)}`
      switch (below(8)) {
        case 0:
          return ""
        case 1: // twice, with two values
          return `${name}:${canonicalJson(other())},${name}:${canonicalJson(value)}`
        case 2:
          return `${name}:${canonicalJson(other())}`
        case 3:
          return `${JSON.stringify(of(["__proto__", "toString", "x", "urls"]))}:${canonicalJson(other())},${name}:${canonicalJson(value)}`
        default:
          return `${name}:${alteredValue(value, choice)}`
      }
    })
    return `{${printed.filter((each) => each !== "").join(",")}}`
  }
  return canonicalJson(other())
}
