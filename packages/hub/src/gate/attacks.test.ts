import { TYPES } from "@open-brains/core/commons/statement.ts"
import type { Job } from "@open-brains/core/commons/work.ts"
import { afterEach, expect, test } from "vitest"
import { openHubKey } from "../keys.ts"
import {
  askForWork,
  begunView,
  lying,
  makeVillage,
  makeWorker,
  pushCandidate,
  refereeOf,
  type TestWorker,
  type Village,
  work,
} from "../testing/gate.ts"
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
  expect((await begunView(village.hub.url, id)).state).toBe("checking")
})

/** Three that lie alike: nobody differs, so that nobody disputes. */
function together(village: Village, lie: (index: number) => boolean): TestWorker[] {
  return [lying(village, lie), lying(village, lie), lying(village, lie)]
}
const marksOf = async ({ hub }: Village): Promise<ReadonlyMap<string, number>> =>
  new Map(
    (await jsonOf<{ key: string; marks: number }[]>(fetch(`${hub.url}/api/v1/workers`))).map(({ key, marks }) => [
      key,
      marks,
    ]),
  )
test("three drawn workers who lie alike are found by an item that the referee runs too, and their round is void", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "bad", () => false)
  const liars = together(village, () => true) // it is always right, they say
  const referee = refereeOf(village)
  await askForWork(village.hub.url, referee.signer)
  expect(await work(village, [...liars, referee], id)).toMatchObject({ state: "running", verdict: null })
  const view = await work(village, [...three(), referee], id)
  expect(view).toMatchObject({ state: "refused", verdict: { kind: "harmful" } })
  const marks = await marksOf(village)
  expect(liars.map(({ signer }) => marks.get(signer.key))).toEqual([1, 1, 1])
  expect([...marks.values()].filter((count) => count > 0)).toHaveLength(3)
  const attested = await jsonOf<{ key: string }[]>(
    fetch(`${village.hub.url}/api/v1/attestations?candidate=${view.artifact}`),
  )
  expect(attested.some(({ key }) => liars.some(({ signer }) => signer.key === key))).toBe(false)
  const metrics = await (await fetch(`${village.hub.url}/metrics`)).text()
  expect(metrics).toMatch(/hub_gate_disputes_total 0/)
  expect(metrics).not.toMatch(/hub_gate_audits_total 0/)
})
test("three who say together that a benchmark cannot ask, or gives no item, do not take it out of the trial", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "bad", () => false)
  const referee = refereeOf(village)
  await askForWork(village.hub.url, referee.signer)
  const blind = (): TestWorker =>
    makeWorker((_, honest) =>
      honest.kind === "check"
        ? { ...honest, findings: { refusal: null, benchmarks: [{ refusal: "OB752", itemCount: null }] } }
        : honest,
    )
  const idle = (): TestWorker =>
    makeWorker((job, honest) =>
      honest.kind === "items"
        ? { kind: "failure", job: job.id, asked: honest.asked, code: "OB754", because: "It gives none." }
        : honest,
    )
  const [blinds, idles] = [
    [blind(), blind(), blind()],
    [idle(), idle(), idle()],
  ]
  expect(await work(village, [...blinds, referee], id)).toMatchObject({ state: "checking", verdict: null })
  expect(await work(village, [...idles, referee], id)).toMatchObject({ state: "running", verdict: null })
  expect(await work(village, [...three(), referee], id)).toMatchObject({ verdict: { kind: "harmful" } })
  const marks = await marksOf(village)
  expect([...blinds, ...idles].map(({ signer }) => marks.get(signer.key))).toEqual([1, 1, 1, 1, 1, 1])
})
test("which item the referee runs too nobody can foresee: it is another one at another hub, and for other workers", async () => {
  const froms = new Set<number>()
  for (let i = 0; i < 4; i++) {
    const village = await makeVillage()
    const { id } = await pushCandidate(village, "good", () => true)
    const signer = refereeOf(village).signer
    await askForWork(village.hub.url, signer)
    const seen: Job[] = []
    const referee = makeWorker((job, honest) => {
      seen.push(job)
      return honest
    }, signer)
    expect(await work(village, [...three(), referee], id)).toMatchObject({ state: "accepted" })
    const [check, ...items] = seen
    expect(check).toMatchObject({ kind: "check" })
    expect(items.every((job) => job.kind === "items" && job.items.count === 1)).toBe(true)
    for (const job of items) if (job.kind === "items" && job.items.from < 16) froms.add(job.items.from)
  }
  expect(froms.size).toBeGreaterThan(1) // by chance alone all four are the same once in 4096 times
})
test("where the referee is gone a round stands without it, also one of which it was to run an item", async () => {
  let later = 0
  const village = await makeVillage({ clock: () => Date.now() + later })
  const { id } = await pushCandidate(village, "good", () => true)
  await askForWork(village.hub.url, refereeOf(village).signer)
  expect(await work(village, three(), id)).toMatchObject({
    waitsFor: expect.stringContaining("one item of them too") as string,
  })
  later = 181_000
  await new Promise((wake) => setTimeout(wake, 5500)) // the keeper looks by itself
  expect(await work(village, three(), id)).toMatchObject({ state: "accepted" })
}, 20_000)
