import { digest } from "@open-brains/core/base/digest.ts"
import { EMPTY, EMPTY_DESCRIPTOR, MEDIA, printReferrer } from "@open-brains/core/commons/artifact.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../../../scripts/testing.ts"
import { openHttpRegistry } from "./http.ts"
import type { Registry } from "./registry.ts"
import { startDockerRegistry } from "./testing/docker.ts"

const missing = missingProgram("docker-registry")
let running: Awaited<ReturnType<typeof startDockerRegistry>> | undefined
let registry: Registry
beforeAll(async () => {
  if (missing !== undefined) return
  running = await startDockerRegistry()
  registry = openHttpRegistry(new URL(running.address))
})
afterAll(() => running?.stop())

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const manifestOf = (layer: Uint8Array): Uint8Array =>
  bytesOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType: MEDIA.module,
      config: EMPTY_DESCRIPTOR,
      layers: [{ mediaType: MEDIA.file, digest: digest(layer), size: layer.length }],
    }),
  )
async function put(repository: string, layer: Uint8Array, tag: string): Promise<Uint8Array> {
  for (const blob of [EMPTY, layer]) await registry.putBlob(repository, digest(blob), blob)
  const manifest = manifestOf(layer)
  await registry.putManifest(repository, manifest, tag)
  return manifest
}

test("Debian's registry: what is put is there, by tag and by digest, and goes away", async (context) => {
  requireOrSkip(context, missing)
  const layer = bytesOf("hello")
  expect(await registry.resolve("acme/one", "edge")).toBeUndefined()
  expect(await registry.tags("acme/one")).toEqual([])
  expect(await registry.has("acme/one", digest(layer))).toBe(false)
  const manifest = await put("acme/one", layer, "edge")
  const described = {
    mediaType: MEDIA.manifest,
    digest: digest(manifest),
    size: manifest.length,
    artifactType: MEDIA.module,
  }
  expect(await registry.resolve("acme/one", "edge")).toEqual(described)
  expect(await registry.resolve("acme/one", digest(manifest))).toEqual(described)
  expect(await registry.manifest("acme/one", digest(manifest))).toEqual(Buffer.from(manifest))
  expect(await registry.blob("acme/one", digest(layer), layer.length)).toEqual(Buffer.from(layer))
  expect(await registry.has("acme/one", digest(layer))).toBe(true)
  expect(await registry.tags("acme/one")).toEqual(["edge"])
  expect(await registry.repositories()).toEqual(["acme/one"])
  expect(await registry.remove("acme/one", digest(manifest))).toBe(true)
  expect(await registry.resolve("acme/one", "edge")).toBeUndefined()
  expect(await registry.remove("acme/one", digest(manifest))).toBe(false)
})

test("it has no API of referrers: they are listed by a tag, which is no tag of a person's", async (context) => {
  requireOrSkip(context, missing)
  const manifest = await put("acme/two", bytesOf("two"), "edge")
  const subject = (await registry.resolve("acme/two", "edge"))!
  const envelopes = [1, 2, 3, 4].map((each) => bytesOf(`{"n":${each}}`))
  for (const envelope of envelopes) await registry.putBlob("acme/two", digest(envelope), envelope)
  // Four at once: none of them writes over another.
  const made = await Promise.all(
    envelopes.map((envelope) => registry.putManifest("acme/two", printReferrer(MEDIA.signature, envelope, subject))),
  )
  const listed = await registry.referrers("acme/two", digest(manifest), MEDIA.signature)
  expect(listed.map((found) => found.digest).sort()).toEqual(made.map((each) => each.digest).sort())
  expect(await registry.referrers("acme/two", digest(manifest), MEDIA.attestation)).toEqual([])
  expect(await registry.tags("acme/two")).toEqual(["edge"])
})

test("33 MiB go in two parts, and a blob of another repository need not be sent", async (context) => {
  requireOrSkip(context, missing)
  const large = new Uint8Array(33 * 2 ** 20).fill(7)
  await registry.putBlob("acme/large", digest(large), large)
  expect((await registry.blob("acme/large", digest(large), large.length)).length).toBe(large.length)
  await registry.putBlob("other/large", digest(large), large, "acme/large")
  expect(await registry.has("other/large", digest(large))).toBe(true)
})
