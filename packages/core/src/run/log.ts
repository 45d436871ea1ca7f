import { type Digest, digest, parseDigest } from "../base/digest.ts"
import { bytesOf, DTYPE, DTYPES, type Dtype, isDtype, type Numbers, zeros } from "../base/dtype.ts"
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../base/json.ts"
import type { Problem } from "../base/problem.ts"
import type { Dims } from "../graph/dims.ts"
import { littleEndian } from "../module/safetensors.ts"

/** One call that changed the state, with its inputs by value. */
export interface Call {
  readonly entry: string
  readonly dims: Dims
  readonly inputs: Readonly<Record<string, Numbers>>
}
/** Where a log begins: the net and the digest of the state before its first call. */
export interface Start {
  readonly net: Digest
  readonly state: Digest
}

/**
 * A replay log as JSONL: a header, then a line a call, numbers as the hexadecimal digits of their bytes in
 * little-endian order. Each line ends with the digest of all before it and itself, so what is damaged shows where.
 */
export function printLog(start: Start, calls: readonly Call[]): string {
  let chain = ""
  const line = (json: JsonObject): string => {
    const text = canonicalJson(json)
    chain = digest(chain + text)
    return `${canonicalJson({ ...json, chain })}\n`
  }
  return [line({ log: 1, net: start.net, state: start.state }), ...calls.map((call) => line(callToJson(call)))].join("")
}

/** As much of a log as is whole, from the first line on, and what is wrong with the line after it. */
export interface ReadLog {
  readonly start: Start | undefined
  readonly calls: readonly Call[]
  /** OB335. */
  readonly problem?: Problem
}
export function readLog(text: string): ReadLog {
  const lines = text.split("\n")
  const calls: Call[] = []
  let start: Start | undefined
  let chain = ""
  for (const [at, line] of lines.entries()) {
    if (at === lines.length - 1 && line === "" && start) break // the end of the last line
    const json = parsed(line)
    const { chain: given, ...rest } = json ?? {}
    chain = json ? digest(chain + canonicalJson(rest)) : ""
    const call = at === 0 ? undefined : callOf(rest)
    if (at === 0) start = startOf(rest)
    if (given !== chain || !start || (at > 0 && !call)) return { start, calls, problem: damaged(at) }
    if (call) calls.push(call)
  }
  return { start, calls }
}

export const wrongLine = (line: number, seen: string): Problem => ({
  code: "OB335",
  seen: `Line ${line + 1} of the log ${seen}`.slice(0, 300),
  hint: line === 0 ? "Take another copy." : `What stands before it is whole: ${line - 1} calls.`,
})
const damaged = (line: number): Problem => wrongLine(line, "is damaged or cut off.")

function parsed(line: string): JsonObject | undefined {
  try {
    const json = JSON.parse(line) as Json
    return isJsonObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

function startOf({ log, net, state }: JsonObject): Start | undefined {
  const [ofNet, ofState] = [digestIn(net), digestIn(state)]
  return log === 1 && ofNet && ofState ? { net: ofNet, state: ofState } : undefined
}
const digestIn = (json: Json | undefined): Digest | undefined =>
  typeof json === "string" ? parseDigest(json) : undefined

const callToJson = ({ entry, dims, inputs }: Call): JsonObject => ({
  entry,
  dims,
  inputs: Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, `${dtypeOf(data)} ${hexOf(data)}`])),
})
function callOf({ entry, dims, inputs }: JsonObject): Call | undefined {
  if (typeof entry !== "string" || !isJsonObject(dims) || !isJsonObject(inputs)) return undefined
  const isDims = Object.values(dims).every((n) => typeof n === "number")
  const data = Object.entries(inputs).map(([name, text]) => [name, numbersIn(text)] as const)
  if (!isDims || !data.every((each): each is readonly [string, Numbers] => each[1] !== undefined)) return undefined
  return { entry, dims: dims as Dims, inputs: Object.fromEntries(data) }
}

const dtypeOf = (data: Numbers): Dtype => DTYPES.find((dtype) => DTYPE[dtype].array === data.constructor)!
const hexOf = (data: Numbers): string =>
  Array.from(littleEndian(bytesOf(data), data.BYTES_PER_ELEMENT), (byte) => byte.toString(16).padStart(2, "0")).join("")
function numbersIn(json: Json): Numbers | undefined {
  const [dtype, hex = ""] = typeof json === "string" ? json.split(" ") : []
  if (!isDtype(dtype) || !/^(?:[0-9a-f]{2})*$/.test(hex)) return undefined
  const { bytes } = DTYPE[dtype]
  if (hex.length % (2 * bytes) !== 0) return undefined
  const data = zeros(dtype, hex.length / 2 / bytes)
  const raw = Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
  bytesOf(data).set(littleEndian(raw, bytes))
  return data
}
