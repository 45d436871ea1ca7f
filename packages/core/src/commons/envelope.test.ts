import fc from "fast-check"
import { expect, test } from "vitest"
import {
  ENVELOPE_LIMITS,
  fromBase64,
  IN_TOTO,
  parseEnvelope,
  parsePublicKey,
  preAuthenticationEncoding,
  printEnvelope,
  seal,
  signersOf,
  toBase64,
  type Verify,
} from "./envelope.ts"
import { bytesOf, codesOf, SIGNERS, textOf } from "./testing/examples.ts"

const bytes = fc.uint8Array({ maxLength: 200 })
test("what is sealed comes out, with who signed", () => {
  fc.assert(
    fc.property(bytes, (payload) => {
      const sealed = seal(payload, SIGNERS)
      const envelope = parseEnvelope(sealed)
      expect(envelope).toMatchObject({ payloadType: IN_TOTO, payload })
      expect(envelope.signatures.map(({ key }) => key)).toEqual(SIGNERS.map(({ key }) => key))
      expect(printEnvelope(envelope)).toEqual(sealed)
    }),
  )
})
test("what is signed is the type and the payload with their lengths in bytes", () => {
  expect(textOf(preAuthenticationEncoding("http://example.com/HelloWorld", bytesOf("hello world")))).toBe(
    "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
  ) // the example of DSSE 1.0.2
  expect(textOf(preAuthenticationEncoding("é", bytesOf("")))).toBe("DSSEv1 2 é 0 ")
})
test("no other type and payload are signed by the same bytes", () => {
  fc.assert(
    fc.property(fc.string(), bytes, fc.string(), bytes, (type, payload, otherType, other) => {
      fc.pre(type.isWellFormed() && otherType.isWellFormed())
      fc.pre(type !== otherType || textOf(payload) !== textOf(other))
      expect(preAuthenticationEncoding(type, payload)).not.toEqual(preAuthenticationEncoding(otherType, other))
    }),
  )
})
test("only signatures that hold count, each key once", () => {
  const [one, two] = SIGNERS
  const verify: Verify = (key, message, signature) =>
    SIGNERS.some((signer) => signer.key === key && textOf(signer.sign(message)) === textOf(signature))
  const payload = bytesOf("{}")
  expect(signersOf(parseEnvelope(seal(payload, [one!, two!, one!])), verify)).toEqual([one!.key, two!.key])
  const forged = { key: two!.key, sign: one!.sign }
  expect(signersOf(parseEnvelope(seal(payload, [one!, forged])), verify)).toEqual([one!.key])
  const short = { key: one!.key, sign: (message: Uint8Array) => one!.sign(message).subarray(1) }
  expect(signersOf(parseEnvelope(seal(payload, [short])), () => true)).toEqual([])
})

test("base64 is what the host's says, and back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (some) => {
      expect(toBase64(some)).toBe(Buffer.from(some).toString("base64"))
      expect(fromBase64(toBase64(some))).toEqual(some)
    }),
    { numRuns: 50 },
  )
})
test("base64 has one spelling", () => {
  for (const text of ["e30=", "", "AAAA", "QQ=="]) expect(fromBase64(text), text).toBeDefined()
  const wrong = ["e30", "QR==", "QUJ=", "A===", "====", "QQ==QQ==", "e3 0=", "e30=\n", "-_-_", "é===", "QQ=A"]
  for (const text of wrong) expect(fromBase64(text), text).toBeUndefined()
})
test("a public key has one spelling", () => {
  expect(parsePublicKey(`ed25519:${"A".repeat(43)}`)).toBeDefined()
  const wrong = [
    `ed25519:${"A".repeat(42)}`,
    `ed25519:${"A".repeat(42)}B`,
    `ED25519:${"A".repeat(43)}`,
    `ed25519:${"A".repeat(43)}=`,
  ]
  for (const text of wrong) expect(parsePublicKey(text), text).toBeUndefined()
})
test("OB704: envelopes that are none, and that at once", () => {
  const sealed = JSON.parse(textOf(seal(bytesOf("{}"), SIGNERS))) as { readonly signatures: readonly object[] }
  const wrong: readonly string[] = [
    ...["", "null", "[]", "{}"],
    ...[{ payload: "e30" }, { payload: 1 }, { payloadType: "a\nb" }, { payloadType: "x".repeat(256) }].map((changes) =>
      JSON.stringify({ ...sealed, ...changes }),
    ),
    ...[
      null,
      {},
      Array(ENVELOPE_LIMITS.signatures + 1).fill(sealed.signatures[0]),
      [null],
      [{ keyid: "x", sig: "" }],
    ].map((signatures) => JSON.stringify({ ...sealed, signatures })),
    JSON.stringify({ ...sealed, payload: "A".repeat(ENVELOPE_LIMITS.bytes) }),
  ]
  const start = performance.now()
  for (const text of wrong)
    expect(
      codesOf(() => parseEnvelope(bytesOf(text))),
      text.slice(0, 80),
    ).toEqual(["OB704"])
  expect(performance.now() - start).toBeLessThan(1000)
})
