/** A text made of parts of many files, for nets that learn to foresee bytes: what it is made of is plain data. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { isJsonList, isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { inBytes } from "../layout.ts"
import { sha256 } from "../store/whole.ts"

export interface CorpusFile {
  /** Where it lies in a mirror. */
  readonly file: string
  readonly bytes: number
  readonly digest: Digest
  /** The range of bytes that is taken, up to before `to`; it is cut back to its last whole line. */
  readonly from: number
  readonly to: number
  readonly licence: string
  readonly source: string
}
export interface Corpus {
  /** What ends a document in the files; an empty line takes its place. */
  readonly ending: string
  /** Files take turns by pieces of so many bytes, and what is left of the line. */
  readonly pieceBytes: number
  readonly files: readonly CorpusFile[]
}

/** A corpus out of a file. Errors: OB404 naming the member that is missing or out of its range. */
export function corpusFrom(json: Json): Corpus {
  const wrong = (member: string, wanted: string): never =>
    refuse({ code: "OB404", seen: `The corpus's \`${member}\` does not fit.`, hint: `Give it ${wanted}.` })
  const members = isJsonObject(json) ? json : {}
  const { ending, pieceBytes, files } = members
  if (typeof ending !== "string" || ending === "") return wrong("ending", "the text that ends a document")
  if (!isWhole(pieceBytes, 1, 2 ** 30)) return wrong("pieceBytes", "a whole number of bytes, such as 4096")
  if (!isJsonList(files) || files.length === 0) return wrong("files", "a list of files")
  return {
    ending,
    pieceBytes,
    files: files.map((each, i): CorpusFile => {
      const { file, bytes, digest, from, to, licence, source } = isJsonObject(each) ? each : {}
      const at = (member: string): string => `files[${i}].${member}`
      const parsed = typeof digest === "string" ? parseDigest(digest) : undefined
      if (typeof file !== "string" || !isInside(file)) return wrong(at("file"), "a path inside the mirror")
      if (parsed === undefined) return wrong(at("digest"), "sha256: and 64 digits")
      if (!isWhole(bytes, 1, 2 ** 32)) return wrong(at("bytes"), "the size of the file")
      if (!isWhole(from, 0, bytes - 1)) return wrong(at("from"), `a whole number from 0 to ${bytes - 1}`)
      if (!isWhole(to, from + 1, bytes)) return wrong(at("to"), `a whole number from ${from + 1} to ${bytes}`)
      if (typeof licence !== "string") return wrong(at("licence"), "what its licence is called")
      if (typeof source !== "string") return wrong(at("source"), "where it comes from")
      return { file, bytes, digest: parsed, from, to, licence, source }
    }),
  }
}
const isWhole = (value: Json | undefined, low: number, high: number): value is number =>
  typeof value === "number" && Number.isInteger(value) && value >= low && value <= high
/** Relative, and nowhere upwards. */
const isInside = (path: string): boolean => path.split(/[\\/]/).every((step) => !["", ".", ".."].includes(step))

/**
 * The text of a corpus, the same for everybody. Errors: OB530 when a file is not in the mirror, OB531 when another one lies
 * in its place.
 */
export async function readCorpus(corpus: Corpus, mirror: string | undefined): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (const { file, bytes, digest, from, to } of corpus.files) {
    const found = mirror === undefined ? undefined : await readFile(join(mirror, file)).catch(() => undefined)
    const size = `${inBytes(bytes)}, ${digest}`
    if (found === undefined)
      return refuse({
        code: "OB530",
        seen: `The corpus needs ${file}, which is not here.`,
        hint: `Save it (${size}) as FOLDER/${file} and set BRAIN_MIRROR=FOLDER.`,
      })
    if (sha256(found) !== digest)
      return refuse({
        code: "OB531",
        seen: `${file} is another file: ${inBytes(found.length)}, not ${size}.`,
        hint: "Put the right one in its place.",
      })
    parts.push(found.subarray(from, to))
  }
  return interleaved(parts, corpus)
}

/**
 * Pieces of all parts, each taken from the part of which the least has been taken so far, the first one of equals: so that
 * each stretch of the text has of everything, as much as there is of it.
 */
export function interleaved(parts: readonly Uint8Array[], options: Pick<Corpus, "ending" | "pieceBytes">): Uint8Array {
  const queues = parts.map((part) => ({ pieces: piecesOf(part, options), taken: 0, total: part.length }))
  const order: Uint8Array[] = []
  for (;;) {
    let next: (typeof queues)[number] | undefined
    for (const queue of queues) {
      if (queue.pieces.length === 0) continue
      if (next === undefined || queue.taken * next.total < next.taken * queue.total) next = queue
    }
    const piece = next?.pieces.shift()
    if (next === undefined || piece === undefined) return Buffer.concat(order)
    next.taken += piece.length
    order.push(piece)
  }
}
/** Whole lines; bytes stay as they are, but for the endings of documents. */
function piecesOf(part: Uint8Array, { ending, pieceBytes }: Pick<Corpus, "ending" | "pieceBytes">): Uint8Array[] {
  const whole = part.subarray(0, part.lastIndexOf(NEWLINE) + 1)
  const text = Buffer.from(Buffer.from(whole).toString("latin1").replaceAll(ending, "\n"), "latin1")
  const pieces: Uint8Array[] = []
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(NEWLINE, Math.min(at + pieceBytes, text.length) - 1) + 1
    pieces.push(text.subarray(at, end))
    at = end
  }
  return pieces
}
const NEWLINE = 0x0a
