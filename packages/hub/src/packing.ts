import { deflateRawSync, inflateRawSync } from "node:zlib"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { EMPTY_DESCRIPTOR, MEDIA, TITLE } from "@open-brains/core/commons/artifact.ts"
import { IN_TOTO } from "@open-brains/core/commons/envelope.ts"

/**
 * How manifests, cards and envelopes lie in the database: a byte that says how, and the bytes, of which most are the same in all
 * of them, deflated with what is the same as dictionary. An envelope lies there with its payload as it is and not in base64,
 * through which nothing can be deflated. Source: RFC 1951; RFC 1950 has the dictionary.
 */
export function pack(bytes: Uint8Array): Uint8Array {
  if (bytes.length > PACKED_MAX) return tagged(RAW, bytes)
  const opened = openEnvelope(bytes)
  const deflated = deflateRawSync(opened ?? bytes, OPTIONS)
  if (deflated.length >= bytes.length) return tagged(RAW, bytes)
  return tagged(opened === undefined ? DEFLATED : ENVELOPE, deflated)
}
export function unpack(packed: Uint8Array): Uint8Array {
  const rest = packed.subarray(1)
  switch (packed[0]) {
    case RAW:
      return rest
    case DEFLATED:
      return inflateRawSync(rest, INFLATE_OPTIONS)
    case ENVELOPE:
      return closeEnvelope(inflateRawSync(rest, INFLATE_OPTIONS))
    default:
      throw new Error(`bug: nothing is packed by way ${packed[0]}`)
  }
}
const [RAW, DEFLATED, ENVELOPE] = [0, 1, 2]
const PACKED_MAX = 2 ** 20 // manifests may be larger, and are seldom
const tagged = (how: number, bytes: Uint8Array): Uint8Array => Buffer.concat([Uint8Array.of(how), bytes])

/** The payload's length, the payload, and what stands behind it. */
function openEnvelope(bytes: Uint8Array): Uint8Array | undefined {
  if (Buffer.compare(bytes.subarray(0, BEFORE.length), BEFORE) !== 0) return undefined
  const end = bytes.indexOf(QUOTE, BEFORE.length)
  const text = Buffer.from(bytes.subarray(BEFORE.length, end)).toString("latin1")
  const payload = Buffer.from(text, "base64")
  if (end < 0 || payload.toString("base64") !== text) return undefined // is kept as it is
  const length = Buffer.alloc(4)
  length.writeUInt32BE(payload.length)
  return Buffer.concat([length, payload, bytes.subarray(end)])
}
function closeEnvelope(opened: Buffer): Uint8Array {
  const end = 4 + opened.readUInt32BE()
  return Buffer.concat([BEFORE, Buffer.from(opened.subarray(4, end).toString("base64")), opened.subarray(end)])
}
const BEFORE = Buffer.from('{"payload":"')
const QUOTE = 0x22

/** Never edited: what was packed with it is unpacked with it. Another one is another way, with a number of its own. */
const DICTIONARY = Buffer.from(
  [
    '{"about":"","benchmarks":[],"bytes":,"gives":[{"name":"label","type":"yes or no"}],"kind":"brain","kind":"code","kind":"data","kind":"net","licence":"Apache-2.0","licence":"CC0-1.0","module":"sha256:","name":"","takes":[{"name":"text","type":"text up to 200 bytes"}],"uses":[{"artifact":"sha256:","name":"',
    '{"_type":"https://in-toto.io/Statement/v1","predicate":{"artifact":"sha256:","isSimpler":true,"module":{"name":"","namespace":""},"previous":null,"previous":"sha256:","serial":0,"tag":"stable","tag":"edge"},"predicateType":"urn:open-brains:push:1","subject":[{"digest":{"sha256":""},"name":"/"}]}',
    `{"payload":"","payloadType":"${IN_TOTO}","signatures":[{"keyid":"ed25519:","sig":"=="}]}`,
    canonicalJson({ config: { ...EMPTY_DESCRIPTOR }, subject: { mediaType: MEDIA.manifest, digest: "sha256:" } }),
    `{"artifactType":"${MEDIA.module}","config":{"digest":"sha256:","mediaType":"${MEDIA.card}","size":},"layers":[{"annotations":{"${TITLE}":"module.brain"},"digest":"sha256:","mediaType":"${MEDIA.file}","size":},{"annotations":{"${TITLE}":"`,
    `"}],"mediaType":"${MEDIA.manifest}","schemaVersion":2}`,
  ].join(""),
)
const INFLATE_OPTIONS = { dictionary: DICTIONARY, maxOutputLength: 2 * PACKED_MAX }
const OPTIONS = { dictionary: DICTIONARY, level: 3, windowBits: 12, memLevel: 5 }
