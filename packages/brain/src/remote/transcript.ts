import { readFile } from "node:fs/promises"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { writeFileWhole } from "../store/file.ts"
import { codeOf } from "../store/files.ts"

/** What remote parts answered, to be given again without them. It knows requests by their digest only, and no key. */
export interface Transcript {
  /** Whether only what is recorded is given, and nothing is ever sent. */
  readonly isReplayed: boolean
  find(request: Digest): Recorded | undefined
  /** Written whole when it returns. Errors: OB157. */
  add(request: Digest, recorded: Recorded): Promise<void>
}
export interface Recorded {
  /** Of `chat` the text, of `http` the outputs by name. */
  readonly answer: Json
  readonly usage: Usage
}
export interface Usage {
  readonly promptTokens: number
  readonly answerTokens: number
}

const HINT = "Take the line out, or record it again."

/**
 * Opens a file of recorded answers: a line of canonical JSON each, `{"answer", "request", "usage"}`; of two of one request the later
 * counts. To record, it need not be there. Errors: OB673.
 */
export async function openTranscript(path: string, use: "record" | "replay"): Promise<Transcript> {
  const known = new Map<Digest, Recorded>()
  const source = await textOf(path, use)
  let start = 0
  for (const line of source.split("\n")) {
    if (line.trim() !== "") {
      const read = lineOf(line)
      if (read === undefined)
        return refuse({
          ...{ code: "OB673", seen: `${path} has a line that is no recorded answer.`, hint: HINT },
          span: { file: path, source, start, end: start + line.length },
        })
      known.set(...read)
    }
    start += line.length + 1
  }
  let written: Promise<void> = Promise.resolve()
  return {
    isReplayed: use === "replay",
    find: (request) => known.get(request),
    add(request, recorded) {
      known.delete(request)
      known.set(request, recorded)
      const write = (): Promise<void> => writeFileWhole(path, printed(known))
      written = written.then(write, write)
      return written
    },
  }
}

const printed = (known: ReadonlyMap<Digest, Recorded>): string =>
  [...known]
    .map(([request, { answer, usage }]) => `${canonicalJson({ request, answer, usage: { ...usage } })}\n`)
    .join("")

async function textOf(path: string, use: "record" | "replay"): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    if (codeOf(error) === "ENOENT" && use === "record") return ""
    return refuse({
      code: "OB673",
      seen: `${path} cannot be read: ${codeOf(error)}.`,
      hint: "Record the answers first, or correct the path.",
    })
  }
}

function lineOf(line: string): readonly [Digest, Recorded] | undefined {
  let json: Json
  try {
    json = JSON.parse(line) as Json
  } catch {
    return undefined
  }
  if (!isJsonObject(json)) return undefined
  const { request, answer, usage } = json
  const digest = typeof request === "string" ? parseDigest(request) : undefined
  if (digest === undefined || answer === undefined || !isJsonObject(usage)) return undefined
  return [digest, { answer, usage: usageOf(usage["promptTokens"], usage["answerTokens"]) }]
}

const isCount = (json: Json | undefined): json is number =>
  typeof json === "number" && Number.isInteger(json) && json >= 0
/** What was counted; what was not, or makes no sense, is 0. */
export const usageOf = (prompt: Json | undefined, answer: Json | undefined): Usage => ({
  promptTokens: isCount(prompt) ? prompt : 0,
  answerTokens: isCount(answer) ? answer : 0,
})
