import { createReadStream } from "node:fs"
import { refuse } from "@open-brains/core/base/problem.ts"
import { codeOf } from "../store/files.ts"

const CHUNK_BYTES = 2 ** 16

/** A file piece by piece, however large it is; from a place on, `bytesMax` of it at most. Errors: OB810. */
export async function* chunksOf(
  path: string,
  bytesMax = Infinity,
  start = 0,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(path, {
      ...{ highWaterMark: CHUNK_BYTES, start },
      ...(bytesMax === Infinity ? {} : { end: start + bytesMax - 1 }),
    }) as AsyncIterable<Uint8Array>
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    refuse({
      code: "OB810",
      seen:
        code === "ENOENT"
          ? `There is no file ${path}.`
          : code === "EISDIR"
            ? `${path} is a folder, not a file.`
            : `${path} cannot be read (${code}).`,
      hint: "Name a file that you may read.",
    })
  }
}

/** The first bytes of a file, or those from a place on, `bytesMax` at most, in memory. Errors: OB810. */
export async function firstBytesOf(path: string, bytesMax: number, start = 0): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(path, bytesMax, start)) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
