import { createHash } from "node:crypto"
import { open, stat } from "node:fs/promises"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { codeOf } from "../store/files.ts"
import { chunksOf, LESSON_LIMITS } from "./lessons.ts"

/** A text to learn: a file by its path, or whatever gives its bytes. */
export interface Text {
  readonly name: string
  readonly from: string | AsyncIterable<Uint8Array | string>
}

/** What can be known before anything is read. Errors: OB802. */
export async function refuseNoText(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => codeOf(error) ?? "unreadable")
  const what =
    typeof found === "string"
      ? found === "ENOENT"
        ? "is not there"
        : `cannot be read (${found})`
      : !found.isFile() && !found.isFIFO() && !found.isCharacterDevice()
        ? "is no file"
        : found.isFile() && found.size === 0
          ? "is empty"
          : found.size > LESSON_LIMITS.bytes
            ? `has ${found.size} bytes`
            : undefined
  if (what !== undefined) noLesson(path, what)
}
const noLesson = (name: string, what: string): never =>
  refuse({
    code: "OB802",
    seen: `${name} ${what}: it is no lesson.`,
    hint: `A lesson is a file of 1 to ${LESSON_LIMITS.bytes} bytes (4 GiB), or what standard input brings: brain teach FOLDER -`,
  })

/** Copies a text in pieces, since it may be larger than the memory. Errors: OB802. */
export async function take(
  { name, from }: Text,
  path: string,
): Promise<{ readonly bytes: number; readonly digest: Digest }> {
  const hash = createHash("sha256")
  const file = await open(path, "wx")
  let bytes = 0
  try {
    for await (const chunk of typeof from === "string" ? chunksOf(from) : from) {
      const piece = typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk
      bytes += piece.length
      if (bytes > LESSON_LIMITS.bytes) noLesson(name, `has more than ${LESSON_LIMITS.bytes} bytes`)
      hash.update(piece)
      await file.writeFile(piece)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  if (bytes === 0) noLesson(name, "is empty")
  return { bytes, digest: parseDigest(`sha256:${hash.digest("hex")}`)! }
}
