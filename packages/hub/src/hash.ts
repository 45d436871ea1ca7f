import { createHash } from "node:crypto"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"

/** A digest as tables keep it: 32 bytes. */
export type Hash = Uint8Array

export const hashOf = (digest: Digest): Hash => Buffer.from(digest.slice("sha256:".length), "hex")
export const digestFrom = (hash: Hash): Digest => `sha256:${Buffer.from(hash).toString("hex")}` as Digest
export const isSameHash = (a: Hash | null | undefined, b: Hash | null | undefined): boolean =>
  a === null || a === undefined || b === null || b === undefined ? a === b : Buffer.compare(a, b) === 0

/** Of what comes in quantities: the one of `core` gives the same, and is slower. */
export const digestBytes = (bytes: Uint8Array): Digest =>
  parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`)!
export const sha256 = (...parts: readonly Uint8Array[]): Hash => {
  const hash = createHash("sha256")
  for (const part of parts) hash.update(part)
  return hash.digest()
}
