import { TYPES } from "@open-brains/core/commons/statement.ts"
import { afterEach, expect, test } from "vitest"
import { openHubKey } from "../keys.ts"
import { makeVillage, makeWorker, pushCandidate, type Village, viewOf, work } from "../testing/gate.ts"
import { endHubs, fine, jsonOf, makeSigner, post, sealed } from "../testing/hub.ts"

afterEach(endHubs)

const three = () => [makeWorker(), makeWorker(), makeWorker()]
const DAY = 24 * 3_600_000
/** The owner of acme names the keys that speak for it from now on. */
async function rekey({ hub, acme }: Village, keys: readonly string[], serial: number): Promise<void> {
  const statement = { type: TYPES.namespace, namespace: "acme", keys, threshold: 1, serial } as Parameters<
    typeof sealed
  >[0]
  await fine(await post(hub.url, "/namespaces", sealed(statement, acme)))
}
const openUp = (village: Village): Promise<void> =>
  rekey(village, [village.acme.key, openHubKey(village.hub.folder).key], 1)
const stableOf = async ({ hub }: Village) =>
  (await jsonOf<{ artifact: string; serial: number }[]>(fetch(`${hub.url}/api/v1/modules/acme/intent/tags`)))[0]!

test("a candidate by a key that was taken off the namespace meanwhile moves nothing, however good it is", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "good", () => true)
  await rekey(village, [makeSigner().key], 1)
  const view = await work(village, three(), id)
  expect(view).toMatchObject({ state: "refused", verdict: { kind: "unfit" } })
  expect(await stableOf(village)).toMatchObject({ artifact: village.old.artifact, serial: 1 })
})
test("a stranger's candidate moves nothing any more once the owners have ended that the gate speaks for them", async () => {
  const village = await makeVillage()
  await openUp(village)
  const { id } = await pushCandidate({ ...village, acme: makeSigner() }, "good", () => true)
  await rekey(village, [village.acme.key], 2)
  expect(await work(village, three(), id)).toMatchObject({ state: "refused", verdict: { kind: "unfit" } })
  const checkpoint = await (await fetch(`${village.hub.url}/api/v1/log/checkpoint`)).text()
  expect(checkpoint.split("\n")[1]).toBe(`${id + 1}`) // the hub signed nothing
})
test("new keys of a namespace make it no younger: its brains are heard all the same", async () => {
  let now = Date.now()
  const village = await makeVillage({ clock: () => now, limits: { namespaceAgeMs: DAY } })
  now += 2 * DAY
  const statement = {
    ...{ type: TYPES.namespace, namespace: "shop", threshold: 1, serial: 1 },
    keys: [makeSigner().key],
  } as const
  await fine(await post(village.hub.url, "/namespaces", sealed(statement, village.shop)))
  const { id } = await pushCandidate(village, "bad", () => false)
  expect((await viewOf(village.hub.url, id)).state).toBe("checking")
})
