/**
 * Checks the log of a hub, as anybody can: node examples/hub/check_log.ts http://127.0.0.1:7464 [FILE]. FILE remembers what the log was: the
 * next time it must have grown from that.
 */
import { createHash, createPublicKey, verify } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { type PublicKey, parseEnvelope, parsePublicKey, signersOf } from "@open-brains/core/commons/envelope.ts"
import { leafHash, treeOfHashes } from "@open-brains/core/commons/merkle.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { statementOf } from "@open-brains/core/commons/statement.ts"

const ORIGIN = "open-brains/log"
const TILE = 256
const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, each) => hash.update(each), createHash("sha256")).digest()
const digestOf = (bytes: Uint8Array): Digest => parseDigest(`sha256:${sha256(bytes).toString("hex")}`)!
const verifyEd25519 = (key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean =>
  verify(
    null,
    message,
    createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.slice(8) }, format: "jwk" }),
    signature,
  )

interface Seen {
  readonly key: PublicKey
  readonly size: number
  readonly root: Digest
}
/** What the hub signs: the size and the root of its log. Source: C2SP signed-note, tlog-checkpoint. */
export function readCheckpoint(note: string, key: PublicKey): Pick<Seen, "size" | "root"> {
  const [text = "", signed = ""] = note.split("\n\n")
  const [origin, size = "", root = ""] = text.split("\n")
  const [, found = ""] = /^— open-brains\/log (\S+)\n$/.exec(signed) ?? []
  const bytes = Buffer.from(found, "base64")
  const raw = Buffer.from(key.slice(8), "base64url")
  const id = sha256(Buffer.from(`${ORIGIN}\n`), Uint8Array.of(1), raw).subarray(0, 4)
  if (
    origin !== ORIGIN ||
    !bytes.subarray(0, 4).equals(id) ||
    !verifyEd25519(key, Buffer.from(`${text}\n`), bytes.subarray(4))
  )
    throw new Error("The checkpoint is not signed by the key of the hub.")
  return { size: Number(size), root: parseDigest(`sha256:${Buffer.from(root, "base64").toString("hex")}`)! }
}

/** The envelopes of all pushes, oldest first: tiles of 256, each entry with its length in two bytes. Source: C2SP tlog-tiles. */
async function entriesOf(url: string, size: number): Promise<readonly Uint8Array[]> {
  const entries: Uint8Array[] = []
  for (let from = 0; from < size; from += TILE) {
    const width = Math.min(TILE, size - from)
    const response = await fetch(
      `${url}/api/v1/log/tile/entries/${placeOf(from / TILE)}${width < TILE ? `.p/${width}` : ""}`,
    )
    if (!response.ok)
      throw new Error(`The hub does not give entries ${from} to ${from + width - 1}: ${response.status}.`)
    const bytes = Buffer.from(await response.arrayBuffer())
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt16BE(at)
      entries.push(bytes.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return entries
}
/** 1234567 → x001/x234/567. */
function placeOf(tile: number): string {
  const parts = `${tile}`.padStart(3 * Math.ceil(`${tile}`.length / 3), "0").match(/\d{3}/g)!
  return parts.map((part, i) => (i < parts.length - 1 ? `x${part}` : part)).join("/")
}

export async function checkLog(url: string, before?: Seen): Promise<Seen & { readonly pushes: readonly string[] }> {
  const { key: told } = (await (await fetch(`${url}/api/v1/`)).json()) as { readonly key: string }
  const key = before?.key ?? parsePublicKey(told)!
  const { size, root } = readCheckpoint(await (await fetch(`${url}/api/v1/log/checkpoint`)).text(), key)
  const entries = await entriesOf(url, size)
  const leaves = entries.map((entry) => leafHash(entry, digestOf))
  if (leaves.length !== size || treeOfHashes(leaves, digestOf).root !== root)
    throw new Error("The pushes that the hub gives are not those of its checkpoint.")
  if (before && (size < before.size || treeOfHashes(leaves.slice(0, before.size), digestOf).root !== before.root))
    throw new Error(
      `The log has not grown from the ${before.size} pushes that it had: something was taken out or altered.`,
    )
  const pushes = entries.map((entry) => {
    const envelope = parseEnvelope(entry)
    const statement = statementOf(envelope)
    const signers = signersOf(envelope, verifyEd25519).map((each) => `${each.slice(0, 18)}…`)
    return statement.type === "urn:open-brains:push:1"
      ? `${repositoryOf(statement.module)}:${statement.tag} is ${statement.artifact.slice(0, 19)}…, signed by ${signers.join(", ")}`
      : `a statement of another kind, signed by ${signers.join(", ")}`
  })
  return { key, size, root, pushes }
}

if (import.meta.main) {
  const [url = "", file] = process.argv.slice(2)
  const before = file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Seen) : undefined
  const { pushes, ...seen } = await checkLog(url, before)
  for (const [i, each] of pushes.entries()) console.log(`${i}  ${each}`)
  console.log(`${seen.size} pushes, as the hub has signed them: ${seen.root}`)
  if (before) console.log(`It has grown from the ${before.size} that it had.`)
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(seen)}\n`)
}
