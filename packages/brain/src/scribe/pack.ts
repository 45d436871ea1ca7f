import { createHash } from "node:crypto"
import { open } from "node:fs/promises"
import { type Problem, refuse } from "@open-brains/core/base/problem.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import { shorten } from "../layout.ts"
import { writeAt, writeBeside } from "./beside.ts"
import { decodeChunks, encodeChunks } from "./code.ts"
import { identityOf } from "./identity.ts"
import { checkOf, HEADER_MAX, headerBytes, type PackHeader, parseHeader, printHeader } from "./pack_header.ts"
import { chunksOf } from "./read_file.ts"

export interface PackOptions {
  readonly out: string
  /** Whether what is there may be written over. */
  readonly force?: boolean
  /** Bytes of the content that are done, and of code. */
  readonly onProgress?: (contentBytes: number, codeBytes: number) => void
}
export interface Packed {
  readonly out: string
  readonly contentBytes: number
  readonly packedBytes: number
}

/**
 * Packs a file by a predictor, which learns it meanwhile and is then put back into its state; only that state unpacks it.
 * Neither the file nor its code lies in memory whole. `madeBy` is what another person is told to unpack it with.
 * Source: arithmetic coding by what is expected: Witten, Neal & Cleary 1987. Errors: OB157, OB810, OB811.
 */
export async function packFile(
  predictor: Predictor,
  path: string,
  madeBy: string,
  { out, force = false, onProgress }: PackOptions,
): Promise<Packed> {
  const before = predictor.state()
  const scribe = identityOf(predictor)
  try {
    return await writeBeside(out, force, async (file) => {
      const start = headerBytes(madeBy)
      const hash = createHash("sha256")
      let [contentBytes, codeBytes] = [0, 0]
      const code = encodeChunks(predictor, chunksOf(path), (piece) => {
        hash.update(piece)
        contentBytes += piece.length
      })
      for await (const piece of code) {
        await writeAt(file, piece, start + codeBytes)
        codeBytes += piece.length
        onProgress?.(contentBytes, codeBytes)
      }
      const claims = { contentBytes, codeBytes, scribe: scribe.slice(0, 16), madeBy }
      const header = { ...claims, check: checkOf(claims, hash.digest()) }
      await writeAt(file, printHeader(header), 0)
      return { out, contentBytes, packedBytes: start + codeBytes }
    })
  } finally {
    predictor.put(before)
  }
}

/** Unpacks what a predictor in this state packed, and puts that back into its state. Errors: OB157, OB810 … OB814. */
export async function unpackFile(
  predictor: Predictor,
  path: string,
  { out, force = false, onProgress }: PackOptions,
): Promise<Packed> {
  const header = await readHeader(path)
  if (
    !identityOf(predictor)
      .subarray(0, 16)
      .every((byte, i) => byte === header.scribe[i])
  )
    refuse(another(path, header))
  const before = predictor.state()
  const start = headerBytes(header.madeBy)
  try {
    return await writeBeside(out, force, async (file) => {
      const hash = createHash("sha256")
      let at = 0
      for await (const piece of decodeChunks(predictor, chunksOf(path, Infinity, start), header.contentBytes)) {
        hash.update(piece)
        await writeAt(file, piece, at)
        at += piece.length
        onProgress?.(at, header.codeBytes)
      }
      const { check: _, ...claims } = header
      const check = checkOf(claims, hash.digest())
      if (at !== header.contentBytes || !check.every((byte, i) => byte === header.check[i]))
        refuse(damaged(path, "what comes out is not what was packed"))
      return { out, contentBytes: at, packedBytes: start + header.codeBytes }
    })
  } finally {
    predictor.put(before)
  }
}

/** The head of a packed file, which is what it claims. Errors: OB810, OB812, OB813. */
export async function readHeader(path: string): Promise<PackHeader> {
  for await (const _ of chunksOf(path, 1)) break // says what cannot be read
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEADER_MAX), 0, HEADER_MAX, 0)
    const found = parseHeader(buffer.subarray(0, bytesRead), size)
    if ("header" in found) return found.header
    switch (found.fault) {
      case "foreign":
        return refuse({
          code: "OB812",
          seen: `${path} was not packed by \`brain pack\`.`,
          hint: "Name a file that it made; they end in .brain-pack.",
        })
      case "newer":
        return refuse({
          code: "OB812",
          seen: `${path} is of another version of the format than 1.`,
          hint: "Unpack it with the version of Open Brains that packed it.",
        })
      case "cut":
        return refuse(damaged(path, "its end is missing"))
      case "longer":
        return refuse(damaged(path, "it goes on after its end"))
      case "impossible":
        return refuse(damaged(path, "so little code cannot tell of so long a content"))
      default:
        return found.fault satisfies never
    }
  } finally {
    await file.close()
  }
}

const damaged = (path: string, how: string): Problem => ({
  code: "OB813",
  seen: `${path} is damaged: ${how}. Nothing was written.`,
  hint: "Take another copy of it, or pack the file again.",
})
const another = (path: string, { scribe, madeBy }: PackHeader): Problem => ({
  code: "OB814",
  seen: `${path} was packed by another scribe: ${shorten(madeBy) || "one without a name"}, state ${Buffer.from(scribe.subarray(0, 6)).toString("hex")}.`,
  hint: "Unpack it with that scribe as it was then: a lesson more, other memory or another version of it make another one.",
})
