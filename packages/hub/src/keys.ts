import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto"
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type PublicKey, parsePublicKey, type Verify } from "@open-brains/core/commons/envelope.ts"

/** What stands before the 32 bytes of a public key of ed25519. Source: RFC 8410, section 4. */
const SPKI = Buffer.from("302a300506032b6570032100", "hex")
const KEPT_MAX = 4096
const kept = new Map<PublicKey, KeyObject>()

function keyObjectOf(key: PublicKey): KeyObject {
  const found = kept.get(key)
  if (found !== undefined) return found
  const raw = Buffer.from(key.slice("ed25519:".length), "base64url")
  const made = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" })
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value!)
  kept.set(key, made)
  return made
}

/** Whether a signature of ed25519 holds; of bytes that are no point it does not. */
export const verifyEd25519: Verify = (key, message, signature) => {
  try {
    return verify(null, message, keyObjectOf(key), signature)
  } catch {
    return false
  }
}

/** The key that the hub signs the state of its log with. */
export interface HubKey {
  readonly key: PublicKey
  readonly raw: Uint8Array // 32 bytes
  sign(message: Uint8Array): Uint8Array
}
/** Read from `hub.key` in the folder, or made there. */
export function openHubKey(folder: string): HubKey {
  const path = join(folder, "hub.key")
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync("ed25519")
    const fresh = `${path}.new`
    writeFileSync(fresh, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600, flush: true })
    renameSync(fresh, path)
  }
  const secret = createPrivateKey(readFileSync(path))
  const raw = createPublicKey(secret).export({ type: "spki", format: "der" }).subarray(SPKI.length)
  const key = parsePublicKey(`ed25519:${raw.toString("base64url")}`)
  if (key === undefined) throw new Error(`bug: ${path} has no key of ed25519`)
  return { key, raw, sign: (message) => sign(null, message, secret) }
}
