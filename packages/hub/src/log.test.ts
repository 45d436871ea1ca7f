import { createPublicKey, verify } from "node:crypto"
import { growTree, isIncluded } from "@open-brains/core/commons/merkle.ts"
import { afterEach, expect, test } from "vitest"
import { digestBytes, digestFrom } from "./hash.ts"
import { grow, type LogState, leafOf, rootOf } from "./log.ts"
import {
  claim,
  endHubs,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushOf,
  sealed,
  sendModule,
  startHub,
} from "./testing/hub.ts"

afterEach(endHubs)
const entry = (i: number): Uint8Array => new TextEncoder().encode(`entry ${i}`)

test("the root of what was added one by one is that of RFC 9162, at every size", () => {
  let state: LogState = { size: 0, peaks: [] }
  const all: Uint8Array[] = []
  for (let i = 0; i < 600; i++) {
    if (i < 40 || i % 97 === 0 || i > 590) expect(digestFrom(rootOf(state))).toBe(growTree(all, digestBytes).root)
    state = grow(state, leafOf(entry(i))).state
    all.push(entry(i))
  }
})

test("each tile that is full gives its root to the level above, once", () => {
  let state: LogState = { size: 0, peaks: [] }
  const found: string[] = []
  const leaves = 256 * 3 + 5
  for (let i = 0; i < leaves; i++) {
    const { state: next, tiles } = grow(state, leafOf(entry(i)))
    state = next
    for (const { level, number, hash } of tiles) {
      found.push(`${level}/${number}`)
      const within = Array.from({ length: 256 }, (_, k) => entry(number * 256 + k))
      expect(digestFrom(hash)).toBe(growTree(within, digestBytes).root)
    }
  }
  expect(found).toEqual(["1/0", "1/1", "1/2"])
})

test("a hub's log can be checked by whoever has its tiles", async () => {
  const { url } = await startHub()
  const ada = makeSigner()
  await claim(url, "acme", ada)
  const envelopes: Uint8Array[] = []
  let previous: Parameters<typeof pushOf>[2] = {}
  for (let serial = 0; serial < 5; serial++) {
    const module = makeModule(`version ${serial}`)
    await sendModule(url, "acme/intent", module)
    const envelope = sealed(pushOf("acme/intent", module.artifact, { ...previous, serial }), ada)
    expect((await post(url, "/pushes", envelope)).status).toBe(200)
    previous = { previous: module.artifact }
    envelopes.push(envelope)
  }
  const note = await (await fetch(`${url}/api/v1/log/checkpoint`)).text()
  const [text = "", signature = ""] = note.split("\n\n")
  const [origin, size, root] = text.split("\n")
  expect([origin, size]).toEqual(["open-brains/log", "5"])
  const tree = growTree(envelopes, digestBytes)
  expect(Buffer.from(root!, "base64").toString("hex")).toBe(tree.root.slice(7))
  const { key } = await jsonOf<{ key: string }>(fetch(`${url}/api/v1/`))
  const spki = Buffer.concat([
    Buffer.from("302a300506032b6570032100", "hex"),
    Buffer.from(key.slice("ed25519:".length), "base64url"),
  ])
  const signed = Buffer.from(signature.split(" ")[2]!, "base64").subarray(4)
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" })
  expect(verify(null, Buffer.from(`${text}\n`), publicKey, signed)).toBe(true)

  const tile = Buffer.from(await (await fetch(`${url}/api/v1/log/tile/0/000.p/5`)).arrayBuffer())
  expect(tile).toHaveLength(160)
  const leaf = digestFrom(tile.subarray(96, 128))
  expect(isIncluded(leaf, { index: 3, size: 5, root: tree.root, proof: tree.inclusionProof(3) })).toBe(true)
  const bundle = Buffer.from(await (await fetch(`${url}/api/v1/log/tile/entries/000.p/2`)).arrayBuffer())
  expect(bundle.readUInt16BE(0)).toBe(envelopes[0]!.length)
  expect(bundle.subarray(2, 2 + envelopes[0]!.length)).toEqual(Buffer.from(envelopes[0]!))
  for (const beyond of ["0/000", "0/000.p/6", "1/000.p/1", "entries/001.p/1", "7/000.p/1", "0/x000/000", "0/0"])
    expect((await fetch(`${url}/api/v1/log/tile/${beyond}`)).status, beyond).toBe(404)
})
