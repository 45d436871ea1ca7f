import type { Digest } from "@open-brains/core/base/digest.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import type { ItemsJob } from "@open-brains/core/commons/work.ts"
import { afterEach, expect, test } from "vitest"
import { openHubKey } from "../keys.ts"
import {
  begunView,
  makeVillage,
  makeWorker,
  pushCandidate,
  settleVillage,
  type Village,
  work,
} from "../testing/gate.ts"
import {
  claim,
  endHubs,
  fine,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushModule,
  sealed,
  startHub,
} from "../testing/hub.ts"

afterEach(endHubs)

const three = () => [makeWorker(), makeWorker(), makeWorker()]
async function openUp({ hub, acme }: Village): Promise<void> {
  const keys = [acme.key, openHubKey(hub.folder).key]
  const statement = { type: TYPES.namespace, namespace: "acme", keys, threshold: 1, serial: 1 } as const
  await fine(await post(hub.url, "/namespaces", sealed(statement, acme)))
}
const using = (artifact: Digest, benchmarks: readonly string[]) => ({
  ...{ kind: "brain" as const, uses: [{ name: "acme/intent", artifact }], benchmarks },
})

test("a stranger's gain is one on what others live by, not on a benchmark of their own", async () => {
  const village = await makeVillage()
  await openUp(village)
  const { url } = village.hub
  const eve = makeSigner()
  await fine(await claim(url, "eve", eve))
  await fine(await pushModule(url, "eve/praise", makeModule("praise", { kind: "benchmark" }), eve, { tag: "stable" }))
  const propose = (content: string) =>
    pushCandidate({ ...village, acme: eve }, content, () => true, { target: "eve/praise" })
  const first = await propose("one")
  expect(await begunView(url, first.id)).toMatchObject({ verdict: { kind: "unprotected" } })
  // Nor by a brain of hers that says to live by it.
  const brain = makeModule("hers", using(village.old.artifact, ["eve/praise"]))
  await fine(await pushModule(url, "eve/desk", brain, eve, { tag: "stable" }))
  const second = await propose("two")
  expect(await begunView(url, second.id)).toMatchObject({ verdict: { kind: "unprotected" } })
  const third = await pushCandidate({ ...village, acme: eve }, "three", () => true, { target: "shop/questions" })
  expect(await work(village, three(), third.id)).toMatchObject({ state: "accepted" })
})
test("a benchmark is run within a brain of its own namespace: an early brain that does not listen takes no question away", async () => {
  const hub = await startHub()
  const eve = makeSigner()
  await fine(await claim(hub.url, "eve", eve))
  const old = makeModule("old")
  const blind = makeModule("blind", using(old.artifact, ["shop/questions"]))
  await fine(await pushModule(hub.url, "eve/blind", blind, eve, { tag: "stable" }))
  const village = await settleVillage(hub)
  const { id } = await pushCandidate(village, "bad", () => false)
  const within = new Set<string | undefined>()
  const workers = three().map(({ signer }) =>
    makeWorker((job, honest) => {
      if (job.kind === "items") within.add((job as ItemsJob).within?.brain.repository)
      return honest
    }, signer),
  )
  await work(village, workers, id)
  expect([...within]).toEqual(["shop/desk"])
})
test("what does not fit was not measured, and makes no later try dearer", async () => {
  const village = await makeVillage()
  const workers = three()
  const unfit = workers.map(({ signer }) =>
    makeWorker(
      (_, honest) =>
        honest.kind === "check" ? { ...honest, findings: { ...honest.findings, refusal: "OB755" } } : honest,
      signer,
    ),
  )
  for (const content of ["one", "two", "three"]) {
    const { id } = await pushCandidate(village, content, () => true)
    expect(await work(village, unfit, id)).toMatchObject({ verdict: { kind: "unfit" }, attempt: 1 })
  }
  const bad = await pushCandidate(village, "bad", () => false)
  expect(await work(village, workers, bad.id)).toMatchObject({ verdict: { kind: "harmful" }, attempt: 1 })
  const { id } = await pushCandidate(village, "good", () => true)
  expect(await work(village, workers, id)).toMatchObject({ state: "accepted", attempt: 2 })
})
test("a stranger's signature lies beside no artifact of the owners: whoever takes it by its digest does not learn it", async () => {
  const village = await makeVillage({}, ["./mine.brain"]) // nothing is protected, so that each is refused at once
  await openUp(village)
  const { hub, acme } = village
  const edge = makeModule("edge")
  village.skills.set(edge.artifact, () => true)
  await fine(await pushModule(hub.url, "acme/intent", edge, acme))
  for (let i = 0; i < 3; i++) {
    const { id } = await pushCandidate({ ...village, acme: makeSigner() }, "edge", () => true)
    expect(await begunView(hub.url, id)).toMatchObject({ state: "refused" })
  }
  const { manifests } = await jsonOf<{ manifests: unknown[] }>(
    fetch(`${hub.url}/v2/acme/intent/referrers/${edge.artifact}`),
  )
  expect(manifests).toHaveLength(1) // acme's own
})
