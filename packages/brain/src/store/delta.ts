import { join } from "node:path"
import * as zlib from "node:zlib"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { assert } from "@open-brains/core/base/problem.ts"
import { hexOf } from "./blobs.ts"

/**
 * A blob as what it differs in from another one, its base: `deltas/HEX` in place of `blobs/sha256/HEX`. How a disk keeps
 * it and nothing else: what is read is the blob, checked against its digest.
 * Layout: "OBD1", how, depth, bytes of the base's SHA-256, bytes of the blob in four bytes (low first), a zstd frame.
 */
export interface Delta {
  readonly how: How
  /** Deltas on the way to a blob that lies there whole, this one too. */
  readonly depth: number
  readonly base: Digest
  readonly size: number
  readonly frame: Uint8Array
}
/**
 * `passages`: what the base has already is referred to, as suits texts. `steps`: byte by byte what is to be added to the base, as
 * suits the weights of a net that learnt on, where nearly every number is another one but few are far off.
 */
type How = "passages" | "steps"
const HOWS: readonly How[] = ["passages", "steps"]

export const DELTA_LIMITS = { depth: 4, sizeMin: 4096, sizeMax: 64 * 2 ** 20, share: 2 } as const
const MAGIC = new TextEncoder().encode("OBD1")
export const HEADER = MAGIC.length + 1 + 1 + 32 + 4

export const deltaPath = (folder: string, digest: Digest): string => join(folder, "deltas", hexOf(digest))

export function printDelta({ how, depth, base, size, frame }: Delta): Uint8Array {
  const bytes = Buffer.alloc(HEADER + frame.length)
  bytes.set(MAGIC)
  bytes[MAGIC.length] = HOWS.indexOf(how)
  bytes[MAGIC.length + 1] = depth
  bytes.set(Buffer.from(hexOf(base), "hex"), MAGIC.length + 2)
  bytes.writeUInt32LE(size, HEADER - 4)
  bytes.set(frame, HEADER)
  return bytes
}

/** Nothing when it is none. */
export function parseDelta(bytes: Uint8Array): Delta | undefined {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (source.length < HEADER || !source.subarray(0, MAGIC.length).equals(MAGIC)) return undefined
  const how = HOWS[source[MAGIC.length]!]
  const depth = source[MAGIC.length + 1]!
  const base = parseDigest(`sha256:${source.subarray(MAGIC.length + 2, MAGIC.length + 34).toString("hex")}`)!
  const size = source.readUInt32LE(HEADER - 4)
  if (how === undefined || depth < 1 || depth > DELTA_LIMITS.depth || size > DELTA_LIMITS.sizeMax) return undefined
  return { how, depth, base, size, frame: source.subarray(HEADER) }
}

const { ZSTD_c_compressionLevel: LEVEL, ZSTD_c_windowLog: WINDOW } = zlib.constants
/** Beyond a mebibyte the strongest level takes seconds for each, and finds little more where numbers moved a step. */
const how = (size: number) => ({ params: { [LEVEL]: size <= 2 ** 20 ? 19 : 9, [WINDOW]: 27 } })

/** The smaller of the two ways. */
export function deltaOf(bytes: Uint8Array, base: Uint8Array): Pick<Delta, "how" | "frame"> {
  assert(bytes.length <= DELTA_LIMITS.sizeMax && base.length <= DELTA_LIMITS.sizeMax, "a delta of something that large")
  const options = how(bytes.length)
  const passages = zlib.zstdCompressSync(bytes, { ...options, dictionary: Buffer.from(base) })
  const steps = zlib.zstdCompressSync(shift(bytes, base, -1), options)
  return passages.length <= steps.length ? { how: "passages", frame: passages } : { how: "steps", frame: steps }
}

/** The blob, not checked; nothing when the frame is none, or gives another number of bytes. */
export function applyDelta({ how, size, frame }: Delta, base: Uint8Array): Uint8Array | undefined {
  if (size === 0) return undefined
  try {
    const bound = { maxOutputLength: size }
    const raw =
      how === "passages"
        ? zlib.zstdDecompressSync(frame, { ...bound, dictionary: Buffer.from(base) })
        : shift(zlib.zstdDecompressSync(frame, bound), base, 1)
    return raw.length === size ? raw : undefined
  } catch {
    return undefined
  }
}

/** Bytes plus or less those of the base, modulo 256, as far as it reaches. */
function shift(bytes: Uint8Array, base: Uint8Array, sign: 1 | -1): Uint8Array {
  const moved = new Uint8Array(bytes) // a slice of a Buffer would be the same bytes
  const shared = Math.min(bytes.length, base.length)
  for (let i = 0; i < shared; i++) moved[i] = bytes[i]! + sign * base[i]!
  return moved
}
