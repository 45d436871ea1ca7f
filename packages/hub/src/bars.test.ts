/** What the commons must never let pass, at the hub: each refused by its name. brain/src/sharing/bars.test.ts has the same five where modules are taken. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { printDelivery } from "@open-brains/core/commons/delivery.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, expect, test } from "vitest"
import { digestBytes } from "./hash.ts"
import { askForWork } from "./testing/gate.ts"
import {
  claim,
  endHubs,
  fine,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushModule,
  pushOf,
  sealed,
  sendBlob,
  sendManifest,
  sendPush,
  startHub,
} from "./testing/hub.ts"

afterEach(endHubs)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const codeOf = async (response: Response): Promise<readonly [number, string]> => {
  const json = await jsonOf<{ code?: string; errors?: { code: string }[] }>(response)
  return [response.status, json.code ?? json.errors![0]!.code]
}
async function owned(
  options: Parameters<typeof startHub>[0] = {},
): Promise<{ url: string; folder: string; ann: Signer }> {
  const { url, folder } = await startHub(options)
  const ann = makeSigner()
  await fine(await claim(url, "ann", ann))
  return { url, folder, ann }
}
const tagsOf = (url: string): Promise<unknown> => jsonOf(fetch(`${url}/api/v1/modules/ann/desk/tags`))

test("path traversal: refused, in an address and as a file of a module", async () => {
  const { url, folder, ann } = await owned()
  for (const path of ["../../evil", "/etc/evil", "a/../../evil", "..", ".hidden", "con", "a\\b", "a//b"]) {
    const { manifest, blobs } = makeModule("evil")
    const led = text(new TextDecoder().decode(manifest).replace('"module.brain"', JSON.stringify(path)))
    await fine(await sendBlob(url, "ann/desk", blobs[0]!))
    const envelope = sealed(pushOf("ann/desk", digestBytes(led)), ann)
    const body = Buffer.from(printDelivery({ manifest: led, card: blobs[1]!, envelope }))
    const headers = { "content-type": MEDIA.delivery }
    expect(await codeOf(await fetch(`${url}/api/v1/pushes`, { method: "POST", headers, body }))).toEqual([422, "OB702"])
  }
  for (const address of ["..%2f..%2fevil/x", "ann/..%2f..%2f..%2fevil", "ann/desk%00", "ann/con.."])
    expect((await sendBlob(url, address, text("evil"))).status).toBeGreaterThanOrEqual(400)
  const digest = await fetch(`${url}/v2/ann/desk/blobs/sha256:${"..%2f".repeat(12)}`)
  expect(digest.status).toBeGreaterThanOrEqual(400)
  expect(readdirSync(folder).sort()).toEqual(expect.arrayContaining(["blobs", "hub.key"]))
  expect(existsSync(join(folder, "..", "evil"))).toBe(false)
})
test("oversized: refused, a blob, a manifest, an envelope and a module", async () => {
  const limits = { blobBytes: 1000, moduleBytes: 900, manifestBytes: 2000 }
  const { url, ann } = await owned({ limits })
  expect((await sendBlob(url, "ann/desk", new Uint8Array(1001))).status).toBe(413)
  const padded = text(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.manifest, layers: [], annotations: { a: "x".repeat(2000) } }),
  )
  expect((await sendManifest(url, "ann/desk", padded)).status).toBe(413)
  expect(await codeOf(await post(url, "/pushes", new Uint8Array(2 ** 16)))).toEqual([400, "OB730"])
  const large = makeModule(new Uint8Array(899))
  expect(await codeOf(await pushModule(url, "ann/desk", large, ann))).toEqual([400, "OB730"])
  expect(await tagsOf(url).catch(() => [])).toEqual([])
})
test("digest mismatch: refused, of a blob, of a manifest, and of what was signed", async () => {
  const { url, ann } = await owned()
  const [one, two] = [makeModule("one"), makeModule("two")]
  const wrong = await fetch(`${url}/v2/ann/desk/blobs/uploads/?digest=${digestBytes(text("other"))}`, {
    ...{ method: "POST", body: Buffer.from("bytes") },
  })
  expect(await codeOf(wrong)).toEqual([400, "DIGEST_INVALID"])
  for (const blob of [...one.blobs, ...two.blobs]) await fine(await sendBlob(url, "ann/desk", blob))
  expect(await codeOf(await sendManifest(url, "ann/desk", two.manifest, one.artifact))).toEqual([400, "DIGEST_INVALID"])
  const envelope = sealed(pushOf("ann/desk", one.artifact), ann)
  const body = Buffer.from(printDelivery({ manifest: two.manifest, card: two.blobs[1]!, envelope }))
  const headers = { "content-type": MEDIA.delivery }
  expect(await codeOf(await fetch(`${url}/api/v1/pushes`, { method: "POST", headers, body }))).toEqual([422, "OB735"])
  expect(await tagsOf(url)).toEqual([])
})
test("replayed signature: refused, of a push, a claim, a request for work, and of another statement", async () => {
  const { url, ann } = await owned()
  const [one, two] = [makeModule("one"), makeModule("two")]
  await fine(await pushModule(url, "ann/desk", one, ann))
  await fine(await pushModule(url, "ann/desk", two, ann, { previous: one.artifact, serial: 1 }))
  await fine(await pushModule(url, "ann/desk", one, ann, { previous: two.artifact, serial: 2 }))
  // It stands where it stood before the second push, and that push fits no more.
  const old = sealed(pushOf("ann/desk", two.artifact, { previous: one.artifact, serial: 1 }), ann)
  expect(await codeOf(await post(url, "/pushes", old))).toEqual([409, "OB734"])
  const keys = [makeSigner().key]
  const first = sealed({ type: TYPES.namespace, namespace: "ann", keys: [ann.key], threshold: 1, serial: 0 }, ann)
  await fine(
    await post(
      url,
      "/namespaces",
      sealed({ type: TYPES.namespace, namespace: "ann", keys, threshold: 1, serial: 1 }, ann),
    ),
  )
  expect(await codeOf(await post(url, "/namespaces", first))).toEqual([409, "OB732"])
  const nonce = "ab".repeat(16)
  await fine(await askForWork(url, ann, { nonce }))
  expect(await codeOf(await askForWork(url, ann, { nonce }))).toEqual([403, "OB744"])
  // A signature of one statement under another one.
  const bob = makeSigner()
  await fine(await claim(url, "bob", bob))
  const mine = JSON.parse(new TextDecoder().decode(sealed(pushOf("bob/desk", one.artifact), bob)))
  const theirs = JSON.parse(new TextDecoder().decode(sealed(pushOf("ann/desk", one.artifact), bob)))
  const mixed = JSON.stringify({ ...theirs, signatures: mine.signatures })
  expect(await codeOf(await post(url, "/pushes", mixed))).toEqual([403, "OB733"])
})
test("stolen tag: refused, by PUT, by DELETE, by another key, by one that was taken away, and by too few", async () => {
  const { url, ann } = await owned()
  const [one, two, eve] = [makeModule("one"), makeModule("two"), makeSigner()]
  await fine(await pushModule(url, "ann/desk", one, ann))
  const before = await tagsOf(url)
  for (const blob of two.blobs) await fine(await sendBlob(url, "ann/desk", blob))
  expect(await codeOf(await sendManifest(url, "ann/desk", two.manifest, "edge"))).toEqual([403, "DENIED"])
  for (const reference of ["edge", one.artifact]) {
    const gone = await fetch(`${url}/v2/ann/desk/manifests/${reference}`, { method: "DELETE" })
    expect(await codeOf(gone)).toEqual([403, "DENIED"])
  }
  await fine(await sendManifest(url, "ann/desk", two.manifest))
  const next = pushOf("ann/desk", two.artifact, { previous: one.artifact, serial: 1 })
  expect(await codeOf(await sendPush(url, next, eve))).toEqual([403, "OB733"])
  const keys = [makeSigner(), makeSigner()] as const
  const both = {
    type: TYPES.namespace,
    namespace: "ann",
    keys: keys.map(({ key }) => key),
    threshold: 2,
    serial: 1,
  } as const
  await fine(await post(url, "/namespaces", sealed(both, ann)))
  expect(await codeOf(await sendPush(url, next, ann))).toEqual([403, "OB733"])
  expect(await codeOf(await sendPush(url, next, keys[0]))).toEqual([403, "OB733"])
  expect(await tagsOf(url)).toEqual(before)
  await fine(await sendPush(url, next, ...keys))
})
