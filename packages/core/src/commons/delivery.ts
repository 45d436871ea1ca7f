import { ARTIFACT_LIMITS } from "./artifact.ts"
import { ENVELOPE_LIMITS } from "./envelope.ts"
import { jsonOf, readingOf } from "./shape.ts"

/** A push in one request, after its files: the manifest and the card, which a registry would be sent on their own, and the envelope. */
export interface Delivery {
  readonly manifest: Uint8Array
  readonly card: Uint8Array
  readonly envelope: Uint8Array
}
/** All three are texts in UTF-8, and stand in it as such, so that each keeps its bytes. */
export function printDelivery({ manifest, card, envelope }: Delivery): Uint8Array {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
  const [manifestText, cardText, envelopeText] = [manifest, card, envelope].map((bytes) => decoder.decode(bytes))
  return new TextEncoder().encode(JSON.stringify({ card: cardText, envelope: envelopeText, manifest: manifestText }))
}
/** Errors: OB704, as of an envelope, which it is with more beside. Says nothing of what is in the three. */
export function parseDelivery(bytes: Uint8Array): Delivery {
  const reading = readingOf("The push", "OB704", "Push again with this version of `brain`.")
  if (bytes.length > DELIVERY_BYTES_MAX) reading.fail("", `push of at most ${DELIVERY_BYTES_MAX} bytes`)
  const json = reading.object(jsonOf(bytes, reading), "")
  const part = (name: keyof Delivery, lengthMax: number): Uint8Array =>
    new TextEncoder().encode(reading.text(json[name], name, lengthMax))
  return {
    manifest: part("manifest", ARTIFACT_LIMITS.manifestBytes),
    card: part("card", ARTIFACT_LIMITS.cardBytes),
    envelope: part("envelope", ENVELOPE_LIMITS.bytes),
  }
}
/** Quotation marks take two bytes in a text of JSON. */
export const DELIVERY_BYTES_MAX =
  2 * (ARTIFACT_LIMITS.manifestBytes + ARTIFACT_LIMITS.cardBytes) + ENVELOPE_LIMITS.bytes
