import { isJsonObject, type Json } from "../base/json.ts"
import { jsonOf, readingOf } from "./shape.ts"

/** `ed25519:` and 43 signs of base64url: a public key of 32 bytes, which is also its name. */
export type PublicKey = string & { readonly __brand: "PublicKey" }
export const parsePublicKey = (text: string): PublicKey | undefined =>
  /^ed25519:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text) ? (text as PublicKey) : undefined

/** Who can sign; the private key stays where it is. */
export interface Signer {
  readonly key: PublicKey
  sign(message: Uint8Array): Uint8Array
}
export type Verify = (key: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean

/** A signed statement. Source: DSSE 1.0.2 (secure-systems-lab/dsse). */
export interface Envelope {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signatures: readonly { readonly key: PublicKey; readonly signature: Uint8Array }[]
}
export const IN_TOTO = "application/vnd.in-toto+json"
export const ENVELOPE_LIMITS = { bytes: 2 ** 20, signatures: 16 } as const

/** What is signed: the type and the payload with their lengths, so that neither passes for a part of the other. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = new TextEncoder().encode(payloadType)
  const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `)
  const message = new Uint8Array(head.length + payload.length)
  message.set(head)
  message.set(payload, head.length)
  return message
}

export function seal(payload: Uint8Array, signers: readonly Signer[], payloadType = IN_TOTO): Uint8Array {
  const message = preAuthenticationEncoding(payloadType, payload)
  const signatures = signers.map((signer) => ({ key: signer.key, signature: signer.sign(message) }))
  return printEnvelope({ payloadType, payload, signatures })
}
/** The text of an envelope, also of one with signatures that were gathered elsewhere. */
export function printEnvelope({ payloadType, payload, signatures }: Envelope): Uint8Array {
  const signed = signatures.map(({ key, signature }) => ({ keyid: key, sig: toBase64(signature) }))
  return new TextEncoder().encode(JSON.stringify({ payload: toBase64(payload), payloadType, signatures: signed }))
}

/** Errors: OB704 when it is no envelope. Says nothing of whether its signatures hold: `signersOf` does. */
export function parseEnvelope(bytes: Uint8Array): Envelope {
  const reading = readingOf("The envelope", "OB704", "Sign it again: an envelope is DSSE with keys of ed25519.")
  if (bytes.length > ENVELOPE_LIMITS.bytes) reading.fail("", `envelope of at most ${ENVELOPE_LIMITS.bytes} bytes`)
  const json = reading.object(jsonOf(bytes, reading), "")
  const bytesOf = (value: Json | undefined, path: string): Uint8Array =>
    fromBase64(reading.text(value, path, ENVELOPE_LIMITS.bytes)) ?? reading.fail(path, "base64")
  const signatures = reading.list(json["signatures"], "signatures", ENVELOPE_LIMITS.signatures).map((each, i) => {
    const path = `signatures[${i}]`
    if (!isJsonObject(each)) return reading.fail(path, "object")
    const key = parsePublicKey(reading.text(each["keyid"], `${path}.keyid`, 64)) ?? reading.fail(`${path}.keyid`, "key")
    return { key, signature: bytesOf(each["sig"], `${path}.sig`) }
  })
  return {
    payloadType: reading.line(json["payloadType"], "payloadType", 255),
    payload: bytesOf(json["payload"], "payload"),
    signatures,
  }
}

/** The keys whose signatures hold, each once. */
export function signersOf({ payloadType, payload, signatures }: Envelope, verify: Verify): readonly PublicKey[] {
  const message = preAuthenticationEncoding(payloadType, payload)
  const held = signatures.filter(({ key, signature }) => signature.length === 64 && verify(key, message, signature))
  return [...new Set(held.map(({ key }) => key))]
}

export const toBase64 = (bytes: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
/** Base64 in its one spelling, or nothing: an envelope has one text. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return toBase64(bytes) === text ? bytes : undefined
}
