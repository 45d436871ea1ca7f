import { readdirSync, rmSync } from "node:fs"
import { request } from "node:http"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { digestBytes } from "../hash.ts"
import { claim, endHubs, jsonOf, makeModule, makeSigner, post, sendBlob, sendModule, startHub } from "../testing/hub.ts"

afterEach(endHubs)

/** A request whose path is sent as it is: fetch would tidy it. */
const ask = (port: number, method: string, path: string, body?: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path }, (answer) => {
      answer.resume()
      answer.on("end", () => resolve(answer.statusCode!))
    })
    sent.on("error", reject)
    sent.end(body)
  })

const OUTSIDE = ["..", "%2e%2e", "..%2f..", "%2fetc", ".", "a%00b", "a%5cb", "con", "A", "-a", "a".repeat(65), "%ff"]
test("no address leads out of the folder", async () => {
  const { port, folder } = await startHub()
  const bytes = new TextEncoder().encode("stray")
  const digest = digestBytes(bytes)
  for (const part of OUTSIDE.filter((each) => each !== "con")) {
    for (const path of [
      `/v2/${part}/x/blobs/uploads/?digest=${digest}`,
      `/v2/x/${part}/blobs/uploads/?digest=${digest}`,
      `/v2/x/y/blobs/uploads/?digest=${part}`,
    ])
      expect(await ask(port, "POST", path, bytes), path).toBeGreaterThanOrEqual(400)
    for (const path of [`/v2/x/y/blobs/${part}`, `/v2/x/y/manifests/${part}`, `/v2/x/y/blobs/uploads/${part}`])
      expect(await ask(port, "GET", path), path).toBeGreaterThanOrEqual(400)
    expect(await ask(port, "GET", `/api/v1/modules/${part}/x`)).toBeGreaterThanOrEqual(400)
  }
  expect(readdirSync(join(folder, "blobs", "sha256"))).toEqual([])
  expect(readdirSync(join(folder, "uploads"))).toEqual([])
})

test("what is larger than is taken is refused and leaves nothing", async () => {
  const { url, folder } = await startHub({ limits: { blobBytes: 1000, moduleBytes: 800 } })
  expect((await sendBlob(url, "anonymous/x", new Uint8Array(1001))).status).toBe(413)
  expect(readdirSync(join(folder, "uploads"))).toEqual([])
  expect((await sendBlob(url, "anonymous/x", new Uint8Array(1000))).status).toBe(201)
  const big = new Uint8Array(2 ** 21)
  for (const path of ["/pushes", "/namespaces", "/attestations"]) expect((await post(url, path, big)).status).toBe(413)
})

test("bodies of nonsense are refused with a code and a hint, and the hub goes on", async () => {
  const { url } = await startHub()
  const bodies = [
    "",
    "{",
    "null",
    "[]",
    '{"payload":1}',
    "\0",
    '{"payload":"","payloadType":"","signatures":[]}',
    "9".repeat(70000),
  ]
  for (const path of ["/pushes", "/namespaces", "/attestations"])
    for (const body of bodies) {
      const response = await post(url, path, body)
      expect(response.status, `${path} ${body.slice(0, 40)}`).toBeGreaterThanOrEqual(400)
      expect(response.status).toBeLessThan(500)
      expect(await jsonOf(response)).toMatchObject({
        code: expect.stringMatching(/^OB\d{3}$/),
        hint: expect.any(String),
      })
    }
  const queries = [
    "q=%22",
    "q=*",
    "q=a%20OR%20b",
    "q=NEAR(",
    "q=%00",
    "q=)(",
    "limit=0",
    "limit=1e9",
    "after=-1",
    "kind=x",
    "q=name%3Aa",
  ]
  for (const query of queries) expect((await fetch(`${url}/api/v1/search?${query}`)).status, query).toBeLessThan(500)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test("an upload that stops is collected, and so is what nothing was made of", async () => {
  let now = 1e12
  const hub = await startHub({ clock: () => now })
  const { url, folder } = hub
  const started = await fetch(`${url}/v2/anonymous/x/blobs/uploads/`, { method: "POST" })
  await fetch(url + started.headers.get("location")!, { method: "PATCH", body: Buffer.alloc(20_000) })
  const loose = Buffer.alloc(20_000, "nobody names me")
  const card = new TextEncoder().encode("nor me")
  await sendBlob(url, "anonymous/x", card)
  await sendBlob(url, "anonymous/x", loose)
  const ada = makeSigner()
  await claim(url, "acme", ada)
  const unpushed = makeModule("by digest alone")
  await sendModule(url, "acme/x", unpushed)
  const kept = makeModule(Buffer.alloc(20_000, "kept"))
  await sendModule(url, "anonymous/y", kept)
  expect(readdirSync(join(folder, "uploads"))).toHaveLength(1)
  now += 7 * 60_000 + 5 * 60_000
  expect(readdirSync(join(folder, "blobs/sha256"))).toHaveLength(2)
  await hub.collect()
  expect(readdirSync(join(folder, "uploads"))).toEqual([])
  expect((await fetch(`${url}/v2/anonymous/x/blobs/${digestBytes(loose)}`)).status).toBe(200)
  now += 3_600_000
  await hub.collect()
  expect((await fetch(`${url}/v2/anonymous/x/blobs/${digestBytes(loose)}`)).status).toBe(404)
  expect((await fetch(`${url}/v2/anonymous/x/blobs/${digestBytes(card)}`)).status).toBe(404)
  expect(readdirSync(join(folder, "blobs/sha256"))).toEqual([digestBytes(kept.blobs[0]!).slice(7)])
  expect((await fetch(`${url}/v2/acme/x/manifests/${unpushed.artifact}`)).status).toBe(404)
  expect((await fetch(`${url}/v2/anonymous/y/manifests/${kept.artifact}`)).status).toBe(200)
  for (const blob of kept.blobs)
    expect((await fetch(`${url}/v2/anonymous/y/blobs/${digestBytes(blob)}`)).status).toBe(200)
})

test("a client that hangs up in the middle leaves nothing", async () => {
  const { port, folder, url } = await startHub()
  await new Promise<void>((resolve) => {
    const sent = request({
      host: "127.0.0.1",
      port,
      method: "POST",
      path: `/v2/anonymous/x/blobs/uploads/?digest=${digestBytes(new Uint8Array(9))}`,
      headers: { "content-length": 1e6 },
    })
    sent.on("error", () => resolve())
    sent.write(new Uint8Array(1000), () => setTimeout(() => sent.destroy(), 50))
  })
  for (let i = 0; i < 50 && readdirSync(join(folder, "uploads")).length > 0; i++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  expect(readdirSync(join(folder, "uploads"))).toEqual([])
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test("a file that cannot be brought to the disk is not said to be there", async () => {
  const { url, folder } = await startHub()
  rmSync(join(folder, "blobs"), { recursive: true })
  const bytes = Buffer.alloc(20_000, "a file")
  expect((await sendBlob(url, "anonymous/x", bytes)).status).toBe(500)
  expect((await fetch(`${url}/v2/anonymous/x/blobs/${digestBytes(bytes)}`)).status).toBe(404)
})

test("two hubs do not share a folder", async () => {
  const { folder } = await startHub()
  await expect(startHub({ folder })).rejects.toThrow("OB740")
})

test("a body of the API that comes a byte at a time is not waited for, one that is whole is", async () => {
  const { port, url } = await startHub({ limits: { bodyMs: 300 } })
  const length = 1000 // by its length it may take a tenth of a second more
  const start = performance.now()
  const ended = await new Promise<boolean>((resolve) => {
    const sent = request({ port, method: "POST", path: "/api/v1/pushes", headers: { "content-length": length } })
    const timer = setInterval(() => sent.write("x"), 50)
    const over = (): void => {
      clearInterval(timer)
      resolve(true)
    }
    sent.on("error", over)
    sent.on("response", over)
  })
  expect(ended).toBe(true)
  expect(performance.now() - start).toBeLessThan(5000)
  expect((await post(url, "/pushes", "{}")).status).toBe(422)
  await new Promise((wake) => setTimeout(wake, 400))
  expect((await fetch(`${url}/api/v1/`)).status).toBe(200)
})
