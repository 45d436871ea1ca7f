import { digest } from "@open-brains/core/base/digest.ts"
import { ARTIFACT_LIMITS, EMPTY, EMPTY_DESCRIPTOR, MEDIA, printReferrer } from "@open-brains/core/commons/artifact.ts"
import { afterEach, beforeEach, expect, test } from "vitest"
import { codesOf } from "../store/testing/artifacts.ts"
import { openHttpRegistry } from "./http.ts"
import { openPlace } from "./open.ts"
import type { Registry } from "./registry.ts"
import { error, type Fake, startFake } from "./testing/fake.ts"

let fake: Fake
let registry: Registry
beforeEach(async () => {
  fake = await startFake()
  registry = openHttpRegistry(new URL(fake.address), { silenceMs: 300 })
})
afterEach(() => fake.stop())

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const manifest = bytesOf(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.module,
    config: EMPTY_DESCRIPTOR,
    layers: [],
  }),
)
const blob = bytesOf("a blob of some bytes")

test("what is put is there", async () => {
  await registry.putBlob("acme/one", digest(blob), blob)
  const described = await registry.putManifest("acme/one", manifest, "edge")
  expect(await registry.resolve("acme/one", "edge")).toEqual(described)
  expect(await registry.blob("acme/one", digest(blob), blob.length)).toEqual(Buffer.from(blob))
  await registry.putManifest("acme/one", printReferrer(MEDIA.signature, blob, described))
  expect(await registry.referrers("acme/one", described.digest, MEDIA.signature)).toHaveLength(1)
  expect(fake.manifests.has(described.digest.replace(":", "-"))).toBe(false) // it has the API
  expect(await registry.remove("acme/one", "edge")).toBe(true)
  expect(await registry.remove("acme/one", "edge")).toBe(false)
})

test("other bytes than those of the digest are refused: OB713", async () => {
  fake.blobs.set(digest(blob), bytesOf("a blob of some other")) // as many
  fake.manifests.set(digest(manifest), bytesOf(new TextDecoder().decode(manifest).replace("2", " 2")))
  expect(await codesOf(registry.blob("acme/one", digest(blob), blob.length))).toBe("OB713")
  expect(await codesOf(registry.manifest("acme/one", digest(manifest)))).toBe("OB713")
  expect(await codesOf(registry.resolve("acme/one", digest(manifest)))).toBe("OB713")
})

test("more bytes than were told are not read on: OB713; more than are taken are not asked for: OB722", async () => {
  let sent = 0
  fake.trick = (_, response) => {
    response.writeHead(200)
    const more = (): void => {
      if (sent < 2 ** 30 && !response.destroyed) {
        sent += 2 ** 16
        response.write(new Uint8Array(2 ** 16))
        setImmediate(more)
      }
    }
    more()
    return true
  }
  expect(await codesOf(registry.blob("acme/one", digest(blob), blob.length))).toBe("OB713")
  expect(await codesOf(registry.manifest("acme/one", digest(manifest)))).toBe("OB722")
  expect(await codesOf(registry.tags("acme/one"))).toBe("OB722")
  expect(sent).toBeLessThan(2 ** 28)
  const asked = fake.asked.length
  expect(await codesOf(registry.blob("acme/one", digest(blob), ARTIFACT_LIMITS.fileBytes + 1))).toBe("OB722")
  expect(fake.asked).toHaveLength(asked)
})

test("a connection that breaks is taken up again where it broke", async () => {
  const large = Uint8Array.from({ length: 300_000 }, (_, i) => i)
  fake.blobs.set(digest(large), large)
  const ranges: (string | undefined)[] = []
  fake.trick = (request, response) => {
    const { range } = request.headers
    ranges.push(range)
    const from = Number(/\d+/.exec(range ?? "0")![0])
    if (from > 200_000) return false
    response.writeHead(from > 0 ? 206 : 200, {
      "content-range": `bytes ${from}-299999/300000`,
      "content-length": 300_000 - from,
    })
    response.write(large.subarray(from, from + 110_000), () => response.destroy())
    return true
  }
  expect(await registry.blob("acme/one", digest(large), large.length)).toEqual(Buffer.from(large))
  expect(ranges.length).toBeGreaterThan(2)
  expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ""))).toBe(true)
})

test("a server that cuts, falls silent or is not there: OB720", async () => {
  fake.trick = (_, response) => {
    response.destroy()
    return true
  }
  expect(await codesOf(registry.blob("acme/one", digest(blob), 20))).toBe("OB720")
  fake.trick = () => true
  expect(await codesOf(registry.tags("acme/one"))).toBe("OB720")
  expect(await codesOf(openHttpRegistry(new URL("http://127.0.0.1:1")).tags("acme/one"))).toBe("OB720")
})

test("a reader asks again when the server failed, a writer does not", async () => {
  let failing = 2
  fake.trick = (_, response) => {
    if (failing-- <= 0) return false
    response.writeHead(500)
    response.end()
    return true
  }
  expect(await registry.tags("acme/one")).toEqual([])
  failing = 1
  expect(await codesOf(registry.putBlob("acme/one", digest(blob), blob))).toBe("OB721")
})

test("what the server says of a refusal is told, on one line and cut: OB721", async () => {
  fake.trick = (_, response) => {
    response.writeHead(403)
    response.end(error("DENIED", `not\u001b[31m you\n${"x".repeat(5000)}`))
    return true
  }
  const told = await registry.putBlob("acme/one", digest(blob), blob).catch((error: Error) => error.message)
  expect(told).toContain("error[OB721]")
  expect(told).toContain("it answers 403, DENIED: not�[31m you xxx")
  expect(told!.length).toBeLessThan(600)
})

test.each([
  ["file:///etc/passwd", "OB722"],
  ["http://registry.example.org/v2/", "OB722"], // plain http to elsewhere
  ["https://user:word@registry.example.org/", "OB722"],
  ["", "OB722"],
  ["/v2/acme/one/tags/list", "OB722"], // round and round
])("a redirect to %s: %s", async (location, code) => {
  fake.trick = (_, response) => {
    response.writeHead(302, { location })
    response.end()
    return true
  }
  expect(await codesOf(registry.tags("acme/one"))).toBe(code)
})

test("an upload goes on at the same server alone, and a list too: OB722", async () => {
  const other = await startFake()
  fake.trick = (request, response) => {
    const link = `<${other.address}/v2/acme/one/tags/list>; rel="next"`
    response.writeHead(request.method === "POST" ? 202 : 200, { location: `${other.address}/v2/up`, link })
    response.end('{"tags":["edge"]}')
    return true
  }
  expect(await codesOf(registry.putBlob("acme/one", digest(blob), blob))).toBe("OB722")
  expect(await codesOf(registry.tags("acme/one"))).toBe("OB722")
  expect(other.asked).toEqual([])
  await other.stop()
})

test("a list comes in pages; tags that no person gives are left out", async () => {
  fake.trick = (_, response, path) => {
    const isFirst = !path.includes("last")
    response.writeHead(200, isFirst ? { link: '</v2/acme/one/tags/list?n=1&last=a>; rel="next"' } : {})
    response.end(JSON.stringify({ tags: isFirst ? ["b", `sha256-${"0".repeat(64)}`] : ["a"] }))
    return true
  }
  expect(await registry.tags("acme/one")).toEqual(["a", "b"])
})

test("the password is told to a server that asks for it, and to no other", async () => {
  const told: (string | undefined)[] = []
  const other = await startFake()
  other.trick = (request) => {
    told.push(request.headers.authorization)
    return false
  }
  other.blobs.set(digest(blob), blob)
  const seen: (string | undefined)[] = []
  fake.trick = (request, response, path) => {
    const { authorization } = request.headers
    seen.push(authorization)
    if (authorization === undefined) response.writeHead(401, { "www-authenticate": 'Basic realm="x"' })
    else response.writeHead(307, { location: `${other.address}${path}` })
    response.end()
    return true
  }
  const known = openHttpRegistry(new URL(fake.address), { auth: "me:secret" })
  expect(await known.blob("acme/one", digest(blob), blob.length)).toEqual(Buffer.from(blob))
  expect(seen).toEqual([undefined, `Basic ${Buffer.from("me:secret").toString("base64")}`])
  expect(told).toEqual([undefined])
  await other.stop()
})

test("a token is asked for where the server says, and used", async () => {
  const asked: string[] = []
  fake.trick = (request, response, path) => {
    if (path.startsWith("/token")) {
      asked.push(`${path} ${request.headers.authorization}`)
      response.end('{"token":"abc"}')
      return true
    }
    if (request.headers.authorization === "Bearer abc") return false
    const realm = `${fake.address}/token`
    response.writeHead(401, {
      "www-authenticate": `Bearer realm="${realm}",service="reg",scope="repository:acme/one:pull"`,
    })
    response.end()
    return true
  }
  fake.blobs.set(digest(EMPTY), EMPTY)
  const known = openHttpRegistry(new URL(fake.address), { auth: "me:secret" })
  for (let i = 0; i < 2; i++) await known.blob("acme/one", digest(EMPTY), 2)
  const basic = Buffer.from("me:secret").toString("base64")
  expect(asked).toEqual([`/token?service=reg&scope=repository%3Aacme%2Fone%3Apull Basic ${basic}`])
})

test("a token is not asked of an address that is not for this", async () => {
  for (const realm of ["http://registry.example.org/token", "file:///etc/passwd", "nonsense"]) {
    fake.trick = (_, response) => {
      response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}"` })
      response.end()
      return true
    }
    const known = openHttpRegistry(new URL(fake.address), { auth: "me:secret" })
    expect(await codesOf(known.tags("acme/one"))).toBe("OB722")
  }
})

test("a server that answers something else is told: OB722, OB701", async () => {
  fake.trick = (_, response) => {
    response.end("<html>welcome</html>")
    return true
  }
  expect(await codesOf(registry.tags("acme/one"))).toBe("OB722")
  expect(await codesOf(registry.resolve("acme/one", "edge"))).toBe("OB701")
})

test("the list of referrers is written again when somebody else wrote over it", async () => {
  // A registry without the API whose list loses what is written, twice.
  let lost = 2
  fake.trick = (request, response, path) => {
    if (path.includes("/referrers/")) {
      response.writeHead(404)
      response.end()
      return true
    }
    if (request.method === "PUT" && /manifests\/sha256-/.test(path) && lost-- > 0) {
      response.writeHead(201)
      response.end()
      return true
    }
    return false
  }
  fake.hasReferrers = false
  const described = await registry.putManifest("acme/one", manifest, "edge")
  const made = await registry.putManifest("acme/one", printReferrer(MEDIA.signature, blob, described))
  expect((await registry.referrers("acme/one", described.digest)).map((each) => each.digest)).toEqual([made.digest])
})

test("which places are taken: a folder, https, and plain http to this machine alone", async () => {
  expect(await codesOf(openPlace("http://registry.example.org"))).toBe("OB728")
  expect(await codesOf(openPlace("https://me:secret@registry.example.org"))).toBe("OB728")
  expect(await codesOf(openPlace("ftp://registry.example.org"))).toBe("OB728")
  expect(await codesOf(openPlace("registry.example.org:5000"))).toBe("OB728")
  expect((await openPlace(fake.address)).hub).toBeUndefined()
  fake.trick = (_, response) => {
    response.end('{"hub":"open-brains"}')
    return true
  }
  expect((await openPlace(fake.address)).hub).toBeDefined()
})
