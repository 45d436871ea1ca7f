import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { EMPTY_DESCRIPTOR, MEDIA } from "@open-brains/core/commons/artifact.ts"
import { NOTHING } from "@open-brains/core/commons/merkle.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, expect, test } from "vitest"
import { openHubKey } from "../keys.ts"
import { LIMITS } from "../limits.ts"
import { makeVillage, makeWorker, pushCandidate, type Village, work } from "../testing/gate.ts"
import { endHubs, fine, jsonOf, makeSigner, openTestDatabase, post, sealed, sendManifest } from "../testing/hub.ts"
import { presentWorkers } from "./draws.ts"

afterEach(endHubs)
const three = () => [makeWorker(), makeWorker(), makeWorker()]
const rowsOf = ({ hub }: Village, sql: string): number => {
  const database = new DatabaseSync(join(hub.folder, "hub.db"), { readOnly: true })
  const { count } = database.prepare(sql).get() as { count: number }
  database.close()
  return count
}

test("manifests that no push names are so many at most: whoever sends them has shown no key", async () => {
  const { hub } = await makeVillage({ limits: { looseManifests: 3 } })
  const send = (i: number): Promise<Response> => {
    const json = {
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      config: { ...EMPTY_DESCRIPTOR },
      layers: [],
      annotations: { i: `${i}` },
    }
    return sendManifest(hub.url, `acme/x${i}`, new TextEncoder().encode(JSON.stringify(json)))
  }
  for (let i = 0; i < 3; i++) await fine(await send(i))
  const refused = await send(3)
  expect(refused.status).toBe(429)
  expect((await jsonOf<{ errors: { code: string }[] }>(refused)).errors[0]!.code).toBe("TOOMANYREQUESTS")
})
test("so much is said of an artifact and no more, with however many keys; what the gate measures is kept all the same", async () => {
  const village = await makeVillage({ limits: { referrers: 4 } })
  const { hub, old, benchmark } = village
  const say = (from: number): Promise<Response> => {
    const items = { seed: 1, from, count: 1 }
    const statement = {
      ...{ type: TYPES.attestation, candidate: old.artifact, baseline: NOTHING, benchmark: benchmark.artifact, items },
      ...{
        counts: { better: 1, equal: 0, worse: 0 },
        sum: 2 ** 32,
        answers: { candidate: old.artifact, baseline: NOTHING },
      },
      runner: "x",
    } as const
    return post(hub.url, "/attestations", sealed(statement, makeSigner()))
  }
  for (let i = 0; i < 3; i++) await fine(await say(i)) // its signature is the first of the four
  const refused = await say(3)
  expect([refused.status, (await jsonOf<{ code: string }>(refused)).code]).toEqual([429, "OB736"])
  const { id, module } = await pushCandidate(village, "good", () => true)
  expect(await work(village, three(), id)).toMatchObject({ state: "accepted" })
  const attested = await jsonOf<unknown[]>(fetch(`${hub.url}/api/v1/attestations?candidate=${module.artifact}`))
  expect(attested.length).toBeGreaterThan(4)
})
test("once a candidate is decided nothing is kept of results but what was agreed about and signed", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "good", () => true)
  expect(await work(village, three(), id)).toMatchObject({ state: "accepted" })
  const results = "select count(*) as count from lease join document on document.hash = lease.result"
  expect(rowsOf(village, results)).toBe(0)
  expect(
    rowsOf(village, "select count(*) as count from attestation join document on document.hash = attestation.envelope"),
  ).toBeGreaterThan(0)
})
test("of more workers than are drawn among those whose results stood come first, whatever keys others make", async () => {
  const { hub } = await makeVillage()
  const database = await openTestDatabase(hub.folder)
  const key = openHubKey(hub.folder)
  const honest = `ed25519:z${"z".repeat(41)}A`
  const worker = (name: string, results: number) => ({ key: name, seen_at: 1000, marks: 0, results })
  const crowd = Array.from({ length: 20 }, (_, i) => worker(`ed25519:-${`${i}`.padStart(41, "-")}A`, 0))
  await database.read
    .insertInto("worker")
    .values([worker(honest, 3), ...crowd])
    .execute()
  const present = await presentWorkers(database.read, { limits: LIMITS, clock: () => 1000, key }, 10)
  expect(present).toHaveLength(10)
  expect(present[0]).toBe(honest)
  await database.close()
})
