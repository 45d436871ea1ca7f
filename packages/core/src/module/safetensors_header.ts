import type { Json } from "../base/json.ts"
import { type Problem, refuse } from "../base/problem.ts"
import { type Shape, sizeOf } from "../base/shape.ts"

/** Where a tensor lies: `start` and `end` in bytes after the header. */
export interface Place {
  readonly dtype: string // as the file spells it: it may be one that is only stored
  readonly shape: Shape
  readonly start: number
  readonly end: number
}
export interface Header {
  readonly tensors: Readonly<Record<string, Place>>
  readonly metadata: Readonly<Record<string, string>>
  readonly start: number // of the data, in the file
}

export const metadataKey = "__metadata__"
export const HEADER_MAX = 2 ** 20 // bytes; also bounds the number of tensors
const AXES_MAX = 16

/** Bytes of every dtype of the format that fills whole bytes. */
const WIDTH: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
}

/** Checks the whole layout, so that every byte of the data belongs to one tensor. Errors: OB130 to OB136. */
export function readHeader(bytes: Uint8Array, name: string): Header {
  const fail = (code: Problem["code"], seen: string, hint: string): never =>
    refuse({ code, seen: `${name}: ${seen}`, hint })
  const whole = (expected: number): number =>
    bytes.length >= expected ? expected : fail("OB130", `${bytes.length} bytes of at least ${expected} are here.`, COPY)

  whole(8)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (length > HEADER_MAX)
    fail(
      "OB131",
      `the header claims ${length} bytes; at most ${HEADER_MAX} are read.`,
      `Is this a safetensors file? ${COPY}`,
    )
  const start = whole(8 + length)
  const malformed = (seen: string): never => fail("OB132", seen, WRITE)
  const members = parseHeader(bytes.subarray(8, start), malformed, (key) =>
    fail("OB133", `the header has the key ${JSON.stringify(cut(key))} twice.`, WRITE),
  )

  const metadata = Object.hasOwn(members, metadataKey) ? members[metadataKey]! : {}
  if (!isObject(metadata) || !Object.values(metadata).every((value) => typeof value === "string"))
    malformed(`\`${metadataKey}\` is no object of strings.`)
  const tensors = Object.entries(members)
    .filter(([tensor]) => tensor !== metadataKey)
    .map(([tensor, member]) => [tensor, placeOf(tensor, member, malformed)] as const)

  for (const [name, { dtype, shape, start, end }] of tensors) {
    const tensor = cut(name)
    const width = Object.hasOwn(WIDTH, dtype) ? WIDTH[dtype]! : undefined
    if (width === undefined)
      fail("OB134", `\`${tensor}\` has the dtype ${cut(dtype)}, which is unknown here.`, "Convert it to F32.")
    const needed = sizeOf(shape) * width!
    if (end - start !== needed)
      fail("OB135", `\`${tensor}\` has ${end - start} bytes, but ${dtype}[${shape}] needs ${needed}.`, WRITE)
    if (start % width! !== 0)
      fail("OB136", `\`${tensor}\` begins at byte ${start}, which is no multiple of ${width}.`, WRITE)
  }
  let at = 0
  for (const [tensor, place] of tensors.toSorted(([, a], [, b]) => a.start - b.start || a.end - b.end)) {
    if (place.start !== at) {
      const what = place.start < at ? "overlaps the one before" : "leaves a hole before it"
      fail("OB136", `\`${cut(tensor)}\` ${what}: it begins at byte ${place.start}, not ${at}.`, WRITE)
    }
    at = place.end
  }
  whole(start + at)
  if (bytes.length > start + at)
    fail("OB136", `the last ${bytes.length - start - at} bytes belong to no tensor.`, WRITE)
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Readonly<Record<string, string>>, start }
}
const COPY = "Copy or download the file again: it is cut short or another kind of file."
const WRITE = "Write the file again with a current safetensors library."

/** Names are a stranger's, and as long as the header. */
const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

type JsonObject = { readonly [key: string]: Json }
const isObject = (json: Json): json is JsonObject => typeof json === "object" && json !== null && !Array.isArray(json)

function parseHeader(
  bytes: Uint8Array,
  malformed: (seen: string) => never,
  duplicate: (key: string) => never,
): JsonObject {
  let text: string
  let json: Json
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return malformed("the header is no UTF-8.")
  }
  try {
    json = JSON.parse(text)
  } catch {
    return malformed("the header is no JSON.")
  }
  if (!isObject(json) || !text.startsWith("{")) return malformed("the header does not begin with {.")
  const key = duplicateKey(text)
  return key === undefined ? json : duplicate(key)
}

/** The first key that an object of this JSON has twice; `JSON.parse` would keep the last and say nothing. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = []
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (character === "{" || character === "[") open.push(new Set())
    else if (character === "}" || character === "]") open.pop()
    else if (character === '"') {
      let end = at + 1
      while (json[end] !== '"') end += json[end] === "\\" ? 2 : 1
      COLON.lastIndex = end + 1
      if (COLON.test(json)) {
        const key: string = JSON.parse(json.slice(at, end + 1))
        const keys = open.at(-1)!
        if (keys.has(key)) return key
        keys.add(key)
      }
      at = end
    }
  }
  return undefined
}
const COLON = /[ \t\r\n]*:/y

function placeOf(tensor: string, member: Json, malformed: (seen: string) => never): Place {
  const wrong = (what: string): never => malformed(`\`${cut(tensor)}\` ${what}.`)
  if (!isObject(member)) return wrong("is no object")
  const { dtype, shape, data_offsets: offsets, ...others } = member
  if (Object.keys(others).length > 0) return wrong(`has the unknown member ${cut(Object.keys(others)[0]!)}`)
  if (typeof dtype !== "string") return wrong("has no dtype")
  if (!isCounts(shape) || shape.length > AXES_MAX) return wrong(`has no shape of at most ${AXES_MAX} whole numbers`)
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    return wrong("has no two data_offsets in order")
  return { dtype, shape, start: offsets[0]!, end: offsets[1]! }
}
const isCounts = (json: Json | undefined): json is readonly number[] =>
  Array.isArray(json) && json.every((each) => Number.isSafeInteger(each) && !Object.is(each, -0) && each >= 0)
