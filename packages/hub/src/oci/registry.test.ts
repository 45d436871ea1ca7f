import { EMPTY, EMPTY_DESCRIPTOR, MEDIA } from "@open-brains/core/commons/artifact.ts"
import { afterEach, describe, expect, test } from "vitest"
import { digestBytes } from "../hash.ts"
import { claim, endHubs, fine, jsonOf, makeSigner, sendBlob, sendManifest, startHub } from "../testing/hub.ts"

afterEach(endHubs)
// The flows of the conformance tests of OCI distribution 1.1: push, pull, content discovery, content management.

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const BLOB = bytesOf("a blob of some bytes")
const DIGEST = digestBytes(BLOB)
const REPOSITORY = "anonymous/tests"
const MISSING = `sha256:${"a".repeat(64)}`

interface Errors {
  readonly errors: readonly { readonly code: string; readonly message: string }[]
}
const codeOf = async (response: Response): Promise<readonly [number, string | undefined]> => [
  response.status,
  (await jsonOf<Errors>(response)).errors[0]?.code,
]
const imageOf = (layer: Uint8Array, rest: object = {}): Uint8Array =>
  bytesOf(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: { ...EMPTY_DESCRIPTOR },
      layers: [{ mediaType: "application/octet-stream", digest: digestBytes(layer), size: layer.length }],
      ...rest,
    }),
  )
async function begin(url: string, repository = REPOSITORY): Promise<string> {
  const started = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: "POST" })
  expect(started.status).toBe(202)
  return url + started.headers.get("location")!
}
const body = (bytes: Uint8Array) => ({ body: Buffer.from(bytes) })

describe("push of a blob", () => {
  test("by POST and PUT", async () => {
    const { url } = await startHub()
    const put = await fetch(`${await begin(url)}?digest=${DIGEST}`, { method: "PUT", ...body(BLOB) })
    expect(put.status).toBe(201)
    const location = put.headers.get("location")!
    expect(await (await fetch(url + location)).text()).toBe("a blob of some bytes")
  })
  test("by one POST", async () => {
    const { url } = await startHub()
    expect((await sendBlob(url, REPOSITORY, BLOB)).status).toBe(201)
    expect((await sendBlob(url, REPOSITORY, new Uint8Array())).status).toBe(201)
  })
  test("in chunks, in order; what is out of order is refused and told where it stands", async () => {
    const { url } = await startHub()
    const at = await begin(url)
    const patch = (from: number, to: number) =>
      fetch(at, { method: "PATCH", headers: { "content-range": `${from}-${to - 1}` }, ...body(BLOB.slice(from, to)) })
    const first = await patch(0, 5)
    expect([first.status, first.headers.get("range")]).toEqual([202, "0-4"])
    const gap = await patch(9, 12)
    expect([gap.status, gap.headers.get("range")]).toEqual([416, "0-4"])
    const again = await patch(0, 5)
    expect(again.status).toBe(416)
    const status = await fetch(at)
    expect([status.status, status.headers.get("range")]).toEqual([204, "0-4"])
    expect((await patch(5, 12)).status).toBe(202)
    const end = await fetch(`${at}?digest=${DIGEST}`, { method: "PUT", ...body(BLOB.slice(12)) })
    expect(end.status).toBe(201)
    expect((await fetch(`${url}/v2/${REPOSITORY}/blobs/${DIGEST}`)).status).toBe(200)
  })
  test("whose bytes have another digest leaves nothing", async () => {
    const { url } = await startHub()
    const put = await fetch(`${await begin(url)}?digest=${MISSING}`, { method: "PUT", ...body(BLOB) })
    expect(await codeOf(put)).toEqual([400, "DIGEST_INVALID"])
    for (const digest of [MISSING, DIGEST])
      expect((await fetch(`${url}/v2/${REPOSITORY}/blobs/${digest}`)).status).toBe(404)
  })
  test("can be given up", async () => {
    const { url } = await startHub()
    const at = await begin(url)
    expect((await fetch(at, { method: "DELETE" })).status).toBe(204)
    expect(await codeOf(await fetch(at))).toEqual([404, "BLOB_UPLOAD_UNKNOWN"])
  })
  test("is mounted from another repository, or begun where it is not there", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    const mount = (digest: string, from: string) =>
      fetch(`${url}/v2/anonymous/other/blobs/uploads/?mount=${digest}&from=${from}`, { method: "POST" })
    expect((await mount(DIGEST, REPOSITORY)).status).toBe(201)
    expect((await fetch(`${url}/v2/anonymous/other/blobs/${DIGEST}`)).status).toBe(200)
    expect((await mount(MISSING, REPOSITORY)).status).toBe(202)
    expect((await mount(DIGEST, "anonymous/nothing")).status).toBe(202)
  })
})

describe("pull", () => {
  test("of a blob: HEAD, GET, ranges", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    const at = `${url}/v2/${REPOSITORY}/blobs/${DIGEST}`
    const head = await fetch(at, { method: "HEAD" })
    expect([head.status, head.headers.get("content-length")]).toEqual([200, `${BLOB.length}`])
    const part = async (range: string) => {
      const found = await fetch(at, { headers: { range } })
      return [found.status, found.headers.get("content-range"), await found.text()]
    }
    expect(await part("bytes=2-5")).toEqual([206, "bytes 2-5/20", "blob"])
    expect(await part("bytes=15-")).toEqual([206, "bytes 15-19/20", "bytes"])
    expect(await part("bytes=-5")).toEqual([206, "bytes 15-19/20", "bytes"])
    expect((await part("bytes=20-"))[0]).toBe(416)
    expect(await codeOf(await fetch(`${url}/v2/${REPOSITORY}/blobs/${MISSING}`))).toEqual([404, "BLOB_UNKNOWN"])
    expect((await fetch(`${url}/v2/anonymous/other/blobs/${DIGEST}`)).status).toBe(404)
  })
  test("of a manifest, by tag and by digest, with the bytes and the type that were sent", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    const manifest = imageOf(BLOB)
    const sent = await fine(await sendManifest(url, REPOSITORY, manifest, "v1"))
    expect(sent.status).toBe(201)
    expect(sent.headers.get("docker-content-digest")).toBe(digestBytes(manifest))
    for (const reference of ["v1", digestBytes(manifest)]) {
      const found = await fetch(`${url}/v2/${REPOSITORY}/manifests/${reference}`)
      expect(found.headers.get("content-type")).toBe(MEDIA.manifest)
      expect(new Uint8Array(await found.arrayBuffer())).toEqual(manifest)
      expect((await fetch(`${url}/v2/${REPOSITORY}/manifests/${reference}`, { method: "HEAD" })).status).toBe(200)
    }
    expect(await codeOf(await fetch(`${url}/v2/${REPOSITORY}/manifests/v2`))).toEqual([404, "MANIFEST_UNKNOWN"])
  })
})

describe("a manifest", () => {
  test("is refused without its blobs, as no JSON, with another digest, of another type than it says", async () => {
    const { url } = await startHub()
    const manifest = imageOf(BLOB)
    expect(await codeOf(await sendManifest(url, REPOSITORY, manifest, "v1"))).toEqual([404, "MANIFEST_BLOB_UNKNOWN"])
    await sendBlob(url, REPOSITORY, BLOB)
    const put = (bytes: Uint8Array, reference: string, type: string = MEDIA.manifest) =>
      fetch(`${url}/v2/${REPOSITORY}/manifests/${reference}`, {
        method: "PUT",
        headers: { "content-type": type },
        ...body(bytes),
      })
    expect(await codeOf(await put(bytesOf("{"), "v1"))).toEqual([400, "MANIFEST_INVALID"])
    expect(await codeOf(await put(bytesOf(""), "v1"))).toEqual([400, "MANIFEST_INVALID"])
    expect(await codeOf(await put(manifest, MISSING))).toEqual([400, "DIGEST_INVALID"])
    expect(await codeOf(await put(manifest, "v1", MEDIA.index))).toEqual([400, "MANIFEST_INVALID"])
    expect(await codeOf(await put(new Uint8Array(5 * 2 ** 20), "v1"))).toEqual([413, "SIZE_INVALID"])
  })
  test("of an index needs the manifests that it names", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    const manifest = imageOf(BLOB)
    const described = { mediaType: MEDIA.manifest, digest: digestBytes(manifest), size: manifest.length }
    const index = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests: [described] }))
    expect(await codeOf(await sendManifest(url, REPOSITORY, index, "all"))).toEqual([404, "MANIFEST_BLOB_UNKNOWN"])
    await sendManifest(url, REPOSITORY, manifest)
    expect((await sendManifest(url, REPOSITORY, index, "all")).status).toBe(201)
  })
})

describe("content discovery", () => {
  test("tags in order, by pages", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    for (const tag of ["b", "a", "C", "d"]) await fine(await sendManifest(url, REPOSITORY, imageOf(BLOB), tag))
    const list = (query: string) => fetch(`${url}/v2/${REPOSITORY}/tags/list${query}`)
    expect(await jsonOf(list(""))).toEqual({ name: REPOSITORY, tags: ["C", "a", "b", "d"] })
    const page = await list("?n=2")
    expect((await jsonOf<{ tags: string[] }>(page)).tags).toEqual(["C", "a"])
    const next = /<(.*)>; rel="next"/.exec(page.headers.get("link")!)![1]!
    const rest = await fetch(url + next)
    expect((await jsonOf<{ tags: string[] }>(rest)).tags).toEqual(["b", "d"])
    expect(rest.headers.get("link")).toBeNull()
    expect((await jsonOf<{ tags: string[] }>(list("?n=0"))).tags).toEqual([])
    expect(await codeOf(await fetch(`${url}/v2/anonymous/nothing/tags/list`))).toEqual([404, "NAME_UNKNOWN"])
  })
  test("repositories in order, by pages", async () => {
    const { url } = await startHub()
    for (const name of ["beta/one", "alpha/two", "alpha/one"]) {
      await sendBlob(url, name, BLOB)
      await fine(await sendManifest(url, name, imageOf(BLOB), "v1"))
    }
    const page = await fetch(`${url}/v2/_catalog?n=2`)
    expect(await jsonOf(page)).toEqual({ repositories: ["alpha/one", "alpha/two"] })
    const next = /<(.*)>; rel="next"/.exec(page.headers.get("link")!)![1]!
    expect(await jsonOf(fetch(url + next))).toEqual({ repositories: ["beta/one"] })
  })
  test("referrers, also of what is not there, all or of a type", async () => {
    const { url } = await startHub()
    const referrers = (subject: string, query = "") => fetch(`${url}/v2/${REPOSITORY}/referrers/${subject}${query}`)
    await sendBlob(url, REPOSITORY, BLOB)
    const subject = { mediaType: MEDIA.manifest, digest: MISSING, size: 3 }
    const one = imageOf(BLOB, { artifactType: "application/x.one", subject, annotations: { said: "one" } })
    const two = imageOf(BLOB, { artifactType: "application/x.two", subject })
    expect((await sendManifest(url, REPOSITORY, one)).headers.get("oci-subject")).toBe(MISSING)
    await fine(await sendManifest(url, REPOSITORY, two))
    const all = await referrers(MISSING)
    expect(all.headers.get("content-type")).toBe(MEDIA.index)
    const { manifests } = await jsonOf<{ manifests: { artifactType: string; annotations?: object }[] }>(all)
    expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual(["application/x.one", "application/x.two"])
    const some = await referrers(MISSING, "?artifactType=application%2Fx.one")
    expect(some.headers.get("oci-filters-applied")).toBe("artifactType")
    expect(await jsonOf(some)).toMatchObject({
      manifests: [{ digest: digestBytes(one), annotations: { said: "one" } }],
    })
    expect(await jsonOf(referrers(DIGEST))).toMatchObject({ manifests: [] })
    expect((await referrers("nonsense")).status).toBe(400)
  })
})

describe("content management", () => {
  test("takes away tags, manifests and blobs", async () => {
    const { url } = await startHub()
    await sendBlob(url, REPOSITORY, BLOB)
    const manifest = imageOf(BLOB)
    const remove = (what: string) => fetch(`${url}/v2/${REPOSITORY}/${what}`, { method: "DELETE" })
    for (const tag of ["a", "b"]) await fine(await sendManifest(url, REPOSITORY, manifest, tag))
    expect((await remove("manifests/a")).status).toBe(202)
    expect((await remove("manifests/a")).status).toBe(404)
    expect((await fetch(`${url}/v2/${REPOSITORY}/manifests/b`)).status).toBe(200)
    expect((await remove(`manifests/${digestBytes(manifest)}`)).status).toBe(202)
    expect((await fetch(`${url}/v2/${REPOSITORY}/manifests/b`)).status).toBe(404)
    expect((await remove(`blobs/${DIGEST}`)).status).toBe(202)
    expect((await fetch(`${url}/v2/${REPOSITORY}/blobs/${DIGEST}`)).status).toBe(404)
  })
})

describe("an owned namespace", () => {
  test("has no tags by PUT, no deletion, and no foreign referrers: DENIED, and what to do instead", async () => {
    const { url } = await startHub()
    await claim(url, "acme", makeSigner())
    await sendBlob(url, "acme/x", BLOB)
    const denied = await sendManifest(url, "acme/x", imageOf(BLOB), "v1")
    const { errors } = await jsonOf<Errors>(denied)
    expect([denied.status, errors[0]!.code]).toEqual([403, "DENIED"])
    expect(errors[0]!.message).toContain("brain push")
    expect((await sendManifest(url, "acme/x", imageOf(BLOB))).status).toBe(201)
    const subject = { mediaType: MEDIA.manifest, digest: MISSING, size: 3 }
    expect((await sendManifest(url, "acme/x", imageOf(BLOB, { subject }))).status).toBe(403)
    for (const what of [`manifests/${digestBytes(imageOf(BLOB))}`, "manifests/v1", `blobs/${DIGEST}`])
      expect((await fetch(`${url}/v2/acme/x/${what}`, { method: "DELETE" })).status).toBe(403)
  })
  test("is the only kind where nobody may be anonymous", async () => {
    const { url } = await startHub({ anonymous: false })
    expect(await codeOf(await sendBlob(url, REPOSITORY, BLOB))).toEqual([403, "DENIED"])
    expect(await codeOf(await sendManifest(url, REPOSITORY, imageOf(EMPTY), "v1"))).toEqual([403, "DENIED"])
  })
})
