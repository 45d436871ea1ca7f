import { randomBytes } from "node:crypto"
import { expect, test } from "vitest"
import { pack, unpack } from "./packing.ts"
import { makeModule, makeSigner, pushOf, sealed } from "./testing/hub.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const module = makeModule("a net")
const envelope = sealed(pushOf("acme/intent", module.artifact), makeSigner())

test("what is packed is unpacked to the same bytes", () => {
  const odd = [
    "",
    "{",
    '{"payload":"',
    '{"payload":"QUI"',
    '{"payload":"QUI=","x":1}',
    '{"payload":"QUJ=","x":1}', // base64 in another spelling
    '{"payload":"é"}',
    '{"payload":""}',
  ].map(bytesOf)
  for (const bytes of [envelope, module.manifest, module.blobs[1]!, randomBytes(3000), Buffer.alloc(2 ** 21), ...odd])
    expect(Buffer.compare(unpack(pack(bytes)), bytes)).toBe(0)
})
test("a manifest takes a third, an envelope less than half", () => {
  expect(pack(module.manifest).length).toBeLessThan(module.manifest.length / 3)
  expect(pack(envelope).length).toBeLessThan(envelope.length / 2)
})
