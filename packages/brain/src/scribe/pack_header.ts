import { createHash } from "node:crypto"

/** The head of a packed file: docs/formats/pack.md. All of it is a stranger's claim until the content has come out right. */
export interface PackHeader {
  /** Bytes of the content, and of the code that follows the head. */
  readonly contentBytes: number
  readonly codeBytes: number
  /** The first 16 bytes of what names the scribe: `identityOf`. */
  readonly scribe: Uint8Array
  /** See `checkOf`. */
  readonly check: Uint8Array
  /** What the scribe was called, for a person. */
  readonly madeBy: string
}
const MAGIC = Uint8Array.of(0x89, ...new TextEncoder().encode("BRPACK"), 0x0a) // no text, and altered where line ends are
const VERSION = 1
const FIXED = 54
export const HEADER_MAX = FIXED + 255
const DIGEST_BYTES = 16

export const headerBytes = (madeBy: string): number => FIXED + nameBytes(madeBy).length
const nameBytes = (madeBy: string): Uint8Array => {
  let text = madeBy
  while (new TextEncoder().encode(text).length > 255) text = [...text].slice(0, -1).join("")
  return new TextEncoder().encode(text)
}

/** The first 16 bytes of SHA-256 over that of the content and all else in the head. */
export function checkOf(header: Omit<PackHeader, "check">, contentDigest: Uint8Array): Uint8Array {
  const head = printHeader({ ...header, check: new Uint8Array(DIGEST_BYTES) })
  return new Uint8Array(createHash("sha256").update(contentDigest).update(head).digest()).slice(0, DIGEST_BYTES)
}

export function printHeader({ contentBytes, codeBytes, scribe, check, madeBy }: PackHeader): Uint8Array {
  const name = nameBytes(madeBy)
  const head = Buffer.alloc(FIXED + name.length)
  head.set(MAGIC)
  head.writeUInt8(VERSION, 8)
  head.writeUInt8(name.length, 9)
  head.writeUIntLE(contentBytes, 10, 6)
  head.writeUIntLE(codeBytes, 16, 6)
  head.set(scribe.subarray(0, DIGEST_BYTES), 22)
  head.set(check, 38)
  head.set(name, FIXED)
  return new Uint8Array(head)
}

/** What is wrong with a file of so many bytes that begins so, or its head. */
export function parseHeader(
  start: Uint8Array,
  fileBytes: number,
): { readonly header: PackHeader } | { readonly fault: "foreign" | "newer" | "cut" | "longer" | "impossible" } {
  const head = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (!MAGIC.every((byte, i) => head[i] === byte)) return { fault: "foreign" }
  if (head.length < FIXED) return { fault: "cut" }
  if (head.readUInt8(8) !== VERSION) return { fault: "newer" }
  const end = FIXED + head.readUInt8(9)
  if (head.length < end) return { fault: "cut" }
  const contentBytes = head.readUIntLE(10, 6)
  const codeBytes = head.readUIntLE(16, 6)
  if (fileBytes !== end + codeBytes) return { fault: fileBytes < end + codeBytes ? "cut" : "longer" }
  if (codeBytes < 1 || contentBytes > CONTENT_PER_CODE * (codeBytes + 8)) return { fault: "impossible" }
  return {
    header: {
      contentBytes,
      codeBytes,
      scribe: new Uint8Array(head.subarray(22, 38)),
      check: new Uint8Array(head.subarray(38, FIXED)),
      madeBy: head.toString("utf8", FIXED, end),
    },
  }
}
/**
 * No code tells more: a bit's chance is at most 1 − 2⁻¹⁶, so that eight of them cost 2⁻¹² / ln 2 bits or so at the least. It keeps
 * a few bytes from filling a disk.
 */
const CONTENT_PER_CODE = 2 ** 16
