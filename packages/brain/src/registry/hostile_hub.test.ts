import { gzipSync } from "node:zlib"
import { digest } from "@open-brains/core/base/digest.ts"
import { afterEach, beforeEach, expect, test } from "vitest"
import { codesOf } from "../store/testing/artifacts.ts"
import { openHttpRegistry } from "./http.ts"
import { findHub, type Hub } from "./hub.ts"
import { type Fake, startFake, type Trick } from "./testing/fake.ts"

let fake: Fake
beforeEach(async () => {
  fake = await startFake()
})
afterEach(() => fake.stop())
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A hub that answers everything else as a stranger likes. */
async function hubThat(status: number, json: unknown): Promise<Hub> {
  const trick: Trick = (request, response, path) => {
    request.resume()
    response.writeHead(path === "/api/v1" ? 200 : status, { "content-type": "application/json" })
    response.end(path === "/api/v1" ? '{"hub":"open-brains"}' : typeof json === "string" ? json : JSON.stringify(json))
    return true
  }
  fake.trick = trick
  return (await findHub(new URL(fake.address)))!
}
const HIDDEN = /(?!\n)\p{Cc}|[\u202a-\u202e]/u
const ESCAPE = "\u001b]0;owned\u0007\u001b[2J"

test("OB722: a hub names a candidate by its number alone, and a tag as tags are: nothing moves the cursor", async () => {
  const module = { namespace: "acme", name: "desk" }
  const push = async (candidate: unknown) => (await hubThat(202, { candidate })).push(bytesOf("{}"))
  expect(await push(3)).toEqual({ is: "candidate", id: "3" })
  for (const candidate of [`3 ${ESCAPE}`, "3; rm -rf ~", -1, 0.5, null])
    expect(await codesOf(push(candidate))).toBe("OB722")
  const artifact = `sha256:${"0".repeat(64)}`
  const tags = async (tag: string) => (await hubThat(200, [{ tag, artifact, serial: 0 }])).tags(module)
  expect(await tags("edge")).toHaveLength(1)
  for (const tag of [ESCAPE, "", "../edge", "a b"]) expect(await codesOf(tags(tag))).toBe("OB722")
})
test("what a hub says of a problem, of modules and of wishes is shown without what moves a cursor", async () => {
  const told = { code: "OB733", seen: `No ${ESCAPE}\u202e`, hint: `Do ${ESCAPE}` }
  const hub = await hubThat(403, told)
  const { message } = await hub.push(bytesOf("{}")).then(
    () => new Error("taken"),
    (error: Error) => error,
  )
  expect(message).toContain("OB733")
  expect(message).not.toMatch(HIDDEN)
  const list = { found: [{ module: "acme/desk", kind: ESCAPE, about: ESCAPE }] }
  for (const found of [await (await hubThat(200, list)).search("x"), await (await hubThat(200, list)).wishes()])
    for (const { kind, about } of found) expect(`${kind}${about}`).not.toMatch(HIDDEN)
})
test("OB720: a byte now and then is silence too", async () => {
  const registry = openHttpRegistry(new URL(fake.address), { silenceMs: 300 })
  fake.trick = (_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write("x"), 50)
    response.on("close", () => clearInterval(timer))
    return true
  }
  const start = performance.now()
  expect(await codesOf(registry.tags("acme/desk"))).toBe("OB720")
  // Nor is one after each time that it is asked again.
  expect(await codesOf(registry.blob("acme/desk", digest(bytesOf("x")), 1000))).toBe("OB720")
  expect(performance.now() - start).toBeLessThan(5000)
}, 10_000)
test("a small answer that unpacks to a large one is not read on: OB722, OB713", async () => {
  const registry = openHttpRegistry(new URL(fake.address), { silenceMs: 3000 })
  const bomb = gzipSync(new Uint8Array(2 ** 26))
  fake.trick = (_, response) => {
    response.writeHead(200, { "content-encoding": "gzip", "content-length": `${bomb.length}` })
    response.end(bomb)
    return true
  }
  const blob = bytesOf("a blob")
  expect(await codesOf(registry.manifest("acme/desk", digest(blob)))).toBe("OB722")
  expect(await codesOf(registry.blob("acme/desk", digest(blob), blob.length))).toBe("OB713")
})
