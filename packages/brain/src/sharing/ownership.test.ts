import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type PublicKey, seal } from "@open-brains/core/commons/envelope.ts"
import { type NamespaceStatement, printStatement, type Statement, TYPES } from "@open-brains/core/commons/statement.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { openHubKey } from "../../../hub/src/keys.ts"
import { endHubs, startHub } from "../../../hub/src/testing/hub.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import { readTrust } from "../keys/trust.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { newPerson, type Person } from "./testing/people.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-owner-"))
  await teachDesk(desks)
  await teachDesk(desks, "other")
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))

let [ann, bob, eve]: readonly Person[] = []
let [url, folder] = ["", ""]
let evil: Server | undefined
/** What the hub says instead, of whose a namespace is: an evil one, between the person and the true one. */
let told: ((path: string) => Uint8Array | string | undefined) | undefined
beforeEach(async () => {
  const hub = await startHub()
  folder = hub.folder
  told = undefined
  evil = createServer(async (request, response) => {
    const instead = request.method === "GET" ? told?.(request.url!) : undefined
    if (instead !== undefined) return void response.end(instead)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const { "content-type": type, accept } = request.headers
    const answer = await fetch(`${hub.url}${request.url}`, {
      method: request.method!,
      headers: { ...(type ? { "content-type": type } : {}), ...(accept ? { accept } : {}) },
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    })
    const headers = [...answer.headers].filter(
      ([name]) => !["connection", "keep-alive", "content-length"].includes(name),
    )
    response.writeHead(answer.status, Object.fromEntries(headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  })
  await new Promise<void>((done) => evil!.listen(0, "127.0.0.1", done))
  url = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`
  ;[ann, bob, eve] = [newPerson(), newPerson(), newPerson()]
  for (const each of [eve, bob, ann]) {
    each!.become()
    await newKey("me")
  }
  await at(ann)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  evil!.closeAllConnections()
  await new Promise((done) => evil!.close(done))
  await endHubs()
})
async function at(person: Person | undefined): Promise<PublicKey> {
  person!.become()
  vi.stubEnv("BRAIN_HUB", url)
  return signerOf(undefined).key
}
const [desk, other] = [() => join(desks, "desk"), () => join(desks, "other")]
async function done(...words: string[]): Promise<string> {
  const { code, out, err } = await brain(words)
  expect([words, code, err]).toEqual([words, 0, ""])
  return out
}
async function refusedWith(code: string, ...words: string[]): Promise<string> {
  const { err } = await brain(words)
  expect([words, /^error\[(\w+)\]/.exec(err)?.[1]]).toEqual([words, code])
  return err
}
const trusted = (): readonly PublicKey[] => readTrust().keys.get("acme") ?? []
const owning = (keys: readonly PublicKey[], serial: number): NamespaceStatement => ({
  ...{ type: TYPES.namespace, namespace: "acme", keys, threshold: 1, serial },
})
const says = (bytes: Uint8Array) => (path: string) => (path.endsWith("/acme/statement") ? bytes : undefined)

test("new keys that a trusted one has signed are taken, and those that it has taken away are trusted no more", async () => {
  const first = await at(ann)
  await done("key", "claim", "acme")
  await done("push", desk(), "acme/desk")
  await at(bob)
  await done("add", "acme/desk", "--yes")
  expect(trusted()).toEqual([first])
  await at(ann)
  await done("key", "new", "second")
  const second = signerOf("second").key
  await done("key", "claim", "acme", "--with", "second")
  await done("push", other(), "acme/desk", "--key", "second")
  await at(bob)
  expect(await done("add", "acme/desk", "--yes")).toContain("vouches for")
  expect(trusted()).toEqual([second])
  // Whoever has the first key now, and gives the module away elsewhere.
  await at(ann)
  const shelf = join(temporary(), "shelf")
  await done("key", "trust", "acme", first)
  await done("push", desk(), "acme/desk", "--to", shelf, "--key", "me")
  await at(bob)
  await refusedWith("OB726", "add", "acme/desk", "--from", shelf, "--yes")
})
test("OB729: a hub that gives an old statement of whose a namespace is brings no key back", async () => {
  await at(ann)
  await done("key", "claim", "acme")
  await done("key", "new", "second")
  const second = signerOf("second").key
  const me = signerOf("me")
  const old = seal(printStatement(owning([me.key, second], 0)), [me])
  await done("key", "claim", "acme", "--with", "me")
  await done("push", desk(), "acme/desk")
  await at(bob)
  await done("add", "acme/desk", "--yes")
  expect(readTrust().serials.get(`acme/ ${url}`)).toBe(1)
  // The key that went signs again, and the hub says that it is one of them.
  await plant(eve, "second")
  told = says(old)
  await at(bob)
  const shown = await refusedWith("OB729", "add", "acme/desk", "--yes")
  expect(shown).toContain("number 0, after number 1")
  expect(trusted()).toEqual([me.key])
  /** The owner's true hub is made to have a push by the other key: it owns the namespace for a moment. */
  async function plant(_: Person | undefined, key: string): Promise<void> {
    await at(ann)
    await done("key", "claim", "acme", "--with", key)
    await done("push", other(), "acme/desk", "--key", key)
  }
})
test("a hub whose gate speaks for a namespace cannot give it away, and its key is trusted only as long as the owners say so", async () => {
  const mine = await at(ann)
  await done("key", "claim", "acme")
  await done("key", "claim", "acme", "--open")
  await done("push", desk(), "acme/desk")
  expect(trusted()).toEqual([mine])
  await at(bob)
  await done("add", "acme/desk", "--yes")
  expect(trusted()).toEqual([mine]) // not the hub's
  // It turns evil, and signs that the namespace is somebody else's, who pushes.
  const thief = await at(eve)
  const [gate, theft] = [openHubKey(folder), owning([thief], 2)]
  const bytes = seal(printStatement(theft), [gate])
  const answer = await fetch(`${url}/api/v1/namespaces`, { method: "POST", body: Buffer.from(bytes) })
  expect(answer.status).toBe(200) // so far as the hub goes, it can: it is one of the keys
  await done("push", other(), "acme/desk")
  await at(bob)
  await refusedWith("OB726", "add", "acme/desk", "--yes")
  expect(trusted()).toEqual([mine])
  await at(ann)
  await refusedWith("OB726", "add", "acme/desk", "--yes")
})
test("OB774: a request for work is no statement that is signed by itself", async () => {
  await at(ann)
  const file = join(temporary(), "statement.json")
  const work: Statement = { type: TYPES.work, hub: openHubKey(folder).key, at: 1, nonce: "0".repeat(32) }
  writeFileSync(file, seal(printStatement(work), []))
  await refusedWith("OB774", "key", "sign", file)
})
