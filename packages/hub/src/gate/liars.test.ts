import { copyFileSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import {
  type CheckResult,
  type ItemsJob,
  type ItemsResult,
  type Job,
  sealResult,
} from "@open-brains/core/commons/work.ts"
import { afterEach, expect, test } from "vitest"
import {
  answerItems,
  askForWork,
  give,
  honestly,
  lease,
  lying,
  makeVillage,
  makeWorker,
  pushCandidate,
  refereeOf,
  reopen,
  type TestWorker,
  type Village,
  viewOf,
  work,
} from "../testing/gate.ts"
import { endHubs, fine, jsonOf, makeModule, makeSigner, post, pushModule } from "../testing/hub.ts"

afterEach(endHubs)

interface Told {
  readonly key: string
  readonly marks: number
}
const marksOf = async ({ hub }: Village): Promise<ReadonlyMap<string, number>> =>
  new Map((await jsonOf<Told[]>(fetch(`${hub.url}/api/v1/workers`))).map(({ key, marks }) => [key, marks]))
const codeOf = async (response: Response): Promise<string> => (await jsonOf<{ code: string }>(response)).code

test("a worker who lies about an item is found by the referee, marked, and the verdict is the honest one", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "bad", () => false)
  const liar = lying(village, (index) => index >= 5) // as if it were as good
  const honest = [makeWorker(), makeWorker()]
  const stuck = await work(village, [liar, ...honest], id)
  expect(stuck).toMatchObject({ verdict: null, waitsFor: expect.stringContaining("referee") as string })
  const asked: Job[] = []
  const referee = makeWorker((job, said) => {
    asked.push(job)
    return said
  }, refereeOf(village).signer)
  const view = await work(village, [liar, ...honest, makeWorker(), referee], id)
  expect(view).toMatchObject({ state: "refused", verdict: { kind: "harmful" } })
  expect(asked[0]).toMatchObject({ kind: "items", items: { from: 5, count: 1 } }) // the first one about which they differ
  const marks = await marksOf(village)
  expect(marks.get(liar.signer.key)).toBe(1)
  expect([...marks.values()].filter((count) => count > 0)).toHaveLength(1)
  const response = await askForWork(village.hub.url, liar.signer)
  expect([response.status, await codeOf(response)]).toEqual([403, "OB746"])
  const metrics = await (await fetch(`${village.hub.url}/metrics`)).text()
  expect(metrics).toMatch(/hub_gate_disputes_total 1/)
  const found = await fetch(`${village.hub.url}/api/v1/attestations?candidate=${view.artifact}`).then(fine)
  const attested = await jsonOf<{ key: string; counts: { worse: number } }[]>(found)
  expect(attested).toHaveLength(3)
  expect(attested.filter(({ key }) => key === liar.signer.key)).toEqual([]) // nothing is kept of what was wrong
})
test("two of three who lie together are found by the one who does not", async () => {
  const village = await makeVillage()
  const { id, module } = await pushCandidate(village, "good", () => true)
  const liars = [lying(village, (index) => index % 2 === 1), lying(village, (index) => index % 2 === 1)]
  const honest = [makeWorker(), makeWorker(), makeWorker()]
  await work(village, [...liars, honest[0]!], id)
  const view = await work(village, [...liars, ...honest, refereeOf(village)], id)
  expect(view).toMatchObject({ state: "accepted", verdict: { kind: "better" } })
  const marks = await marksOf(village)
  expect(liars.map(({ signer }) => marks.get(signer.key))).toEqual([1, 1])
  expect(honest.map(({ signer }) => marks.get(signer.key))).toEqual([0, 0, 0])
  const tags = await jsonOf<{ artifact: string }[]>(fetch(`${village.hub.url}/api/v1/modules/acme/intent/tags`))
  expect(tags[0]!.artifact).toBe(module.artifact)
})
test("two who lie, each about something else, are found one after the other", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "good", () => true)
  const liars = [lying(village, (index) => index === 9), lying(village, (index) => index === 3)]
  const honest = [makeWorker(), makeWorker(), makeWorker()]
  await work(village, [...liars, honest[0]!], id)
  expect(await work(village, [...liars, ...honest, refereeOf(village)], id)).toMatchObject({ state: "accepted" })
  const marks = await marksOf(village)
  expect(liars.map(({ signer }) => marks.get(signer.key))).toEqual([1, 1])
})
test("who lies about the check is found too", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "good", () => true)
  const liar = makeWorker((_, honest) =>
    honest.kind === "check" ? { ...honest, findings: { ...honest.findings, refusal: "OB755" } } : honest,
  )
  const honest = [makeWorker(), makeWorker()]
  await work(village, [liar, ...honest], id)
  expect(await work(village, [liar, ...honest, makeWorker(), refereeOf(village)], id)).toMatchObject({
    state: "accepted",
  })
  expect((await marksOf(village)).get(liar.signer.key)).toBe(1)
})
test("where the referee cannot run an item nobody is marked, and the candidate is unproven", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "good", () => true)
  const workers = [lying(village, (index) => index === 3), makeWorker(), makeWorker()]
  const referee = makeWorker(
    (job, { asked }) => ({ kind: "failure", job: job.id, asked, code: "OB752", because: "It cannot." }),
    refereeOf(village).signer,
  )
  expect(await work(village, [...workers, referee], id)).toMatchObject({ verdict: { kind: "unproven" } })
  expect([...(await marksOf(village)).values()]).toEqual([0, 0, 0])
})

test("a worker who vanishes with a job is replaced when its lease has run out, and does not get that job again", async () => {
  let later = 0
  const village = await makeVillage({ clock: () => Date.now() + later })
  const { id } = await pushCandidate(village, "new", () => true)
  let isGone = true
  const vanishing = makeWorker((_, honest) => (isGone ? undefined : honest))
  const workers = [makeWorker(), makeWorker()]
  const stuck = await work(village, [vanishing, ...workers], id)
  expect(stuck).toMatchObject({ state: "checking", jobs: { open: 1, done: 0 } })
  later = 121_000
  isGone = false
  expect(await work(village, [vanishing, ...workers], id)).toMatchObject({
    ...{ state: "checking", waitsFor: expect.stringContaining("needs 1 more") as string },
  })
  expect(await work(village, [vanishing, ...workers, makeWorker()], id)).toMatchObject({ state: "accepted" })
})

test("OB744: a request for work counts once, at its hub, at its time", async () => {
  const { hub } = await makeVillage()
  const signer = makeSigner()
  const nonce = "0123456789abcdef".repeat(2)
  expect((await askForWork(hub.url, signer, { nonce })).status).toBe(204)
  for (const changes of [
    { nonce },
    { at: Date.now() - 301_000 },
    { at: Date.now() + 301_000 },
    { hub: makeSigner().key },
  ]) {
    const response = await askForWork(hub.url, signer, changes)
    expect([response.status, await codeOf(response)]).toEqual([403, "OB744"])
  }
  expect((await askForWork(hub.url, makeSigner(), { nonce })).status).toBe(204) // another one's nonce
})

/** Three have the same items job, with its honest result of the first. */
async function toItems(): Promise<{
  readonly village: Village
  readonly workers: readonly TestWorker[]
  readonly job: ItemsJob
  readonly check: Job
}> {
  const village = await makeVillage()
  const { url } = village.hub
  await pushCandidate(village, "new", () => true)
  const workers = [makeWorker(), makeWorker(), makeWorker()]
  const ask = async () => {
    let job: Job | undefined
    for (const { signer } of [...workers, ...workers]) job = (await lease(url, signer)) ?? job
    return job!
  }
  const check = await ask()
  for (const { signer } of workers) await fine(await give(url, check, honestly(village.skills, check, signer), signer))
  return { village, workers, check, job: (await ask()) as ItemsJob }
}
test("OB745: a result that does not fit its job, or is not from whom it was leased to, is not taken; the true one still is", async () => {
  const { village, workers, job, check } = await toItems()
  const { url } = village.hub
  const { signer } = workers[0]!
  const honest = answerItems(village.skills, job, signer)
  const { leaves, differences, attestations } = honest
  const stranger = makeSigner()
  const other = answerItems(village.skills, { ...job, items: { ...job.items, from: 5 } }, signer)
  expect(other.asked).not.toBe(honest.asked)
  const refused = async (result: ItemsResult | CheckResult, by = signer, at: Job = job): Promise<[number, string]> => {
    const response = await give(url, at, result, by)
    return [response.status, await codeOf(response)]
  }
  const unfit = [409, "OB745"]
  expect(await refused(honest, stranger)).toEqual(unfit) // another key
  expect(await refused(answerItems(village.skills, job, stranger))).toEqual(unfit) // whose attestation another one signed
  expect(await refused({ ...other, asked: honest.asked })).toEqual(unfit) // other items
  expect(await refused(other)).toEqual(unfit) // of another job
  expect(await refused({ ...honest, job: job.id + 1 })).toEqual(unfit)
  expect(await refused({ ...honest, asked: other.asked })).toEqual(unfit)
  expect(await refused(honest, signer, check)).toEqual(unfit) // which it has given already
  expect(await refused(honestly(village.skills, check, signer) as CheckResult)).toEqual(unfit) // of another kind
  expect(await refused({ ...honest, leaves: { ...leaves, candidate: leaves.candidate.toReversed() } })).toEqual(unfit)
  expect(await refused({ ...honest, differences: { baseline: differences.baseline.map(() => 0) } })).toEqual(unfit)
  const more = { ...job, items: { ...job.items, count: job.items.count + 1 } }
  expect(await refused({ ...answerItems(village.skills, more, signer), asked: honest.asked })).toEqual(unfit)
  const flood = new Array(1025).fill(leaves.candidate[0])
  expect(await refused({ ...honest, leaves: { ...leaves, candidate: flood } })).toEqual([422, "OB743"])
  const bytes = sealResult(honest, signer)
  const forged = new TextDecoder().decode(bytes).replace(/"sig":"..../, '"sig":"AAAA')
  expect((await post(url, `/jobs/${job.id}`, forged)).status).toBe(403)
  const twice = await post(url, `/jobs/${job.id}`, bytes)
  expect(twice.status).toBe(200)
  expect((await post(url, `/jobs/${job.id}`, bytes)).status).toBe(200) // its answer was lost
  expect(await refused({ ...honest, attestations: { baseline: `${attestations.baseline} ` } })).toEqual(unfit) // another one
  expect((await viewOf(url, 3)).jobs).toEqual({ open: 1, done: 1 })
})
test("OB737: there is no such job or candidate", async () => {
  const { hub, skills } = await makeVillage()
  const signer = makeSigner()
  const job = { kind: "check", id: 77, benchmarks: [] } as unknown as Job
  expect((await give(hub.url, job, honestly(skills, job, signer), signer)).status).toBe(404)
  expect((await fetch(`${hub.url}/api/v1/candidates/0`)).status).toBe(404)
  expect((await fetch(`${hub.url}/api/v1/modules/acme/none/candidates`)).status).toBe(404)
})

test("a hub that is opened again goes on where it was, at any moment", async () => {
  let village = await makeVillage()
  const { id } = await pushCandidate(village, "good", (index) => index % 8 > 0)
  const workers = [lying(village, (index) => index === 70), makeWorker(), makeWorker(), makeWorker()]
  for (let i = 0; i < 60; i++) {
    for (const { signer, script } of [...workers, refereeOf(village)]) {
      const response = await askForWork(village.hub.url, signer)
      if (response.status !== 200) continue
      const { job } = await jsonOf<{ job: Job }>(response)
      await fine(await give(village.hub.url, job, script(job, honestly(village.skills, job, signer))!, signer))
      if (i < 12) village = await reopen(village)
    }
    if ((await viewOf(village.hub.url, id)).verdict !== null) break
  }
  expect(await viewOf(village.hub.url, id)).toMatchObject({ state: "accepted", verdict: { kind: "better" } })
})

test("in whatever order results come, the verdict and all that is kept of the candidate are the same", async () => {
  const now = Date.now()
  const signers: [ReturnType<typeof makeSigner>, ReturnType<typeof makeSigner>] = [makeSigner(), makeSigner()]
  const first = await makeVillage({ clock: () => now }, ["shop/questions", "shop/more"], signers)
  const key = join(first.hub.folder, "hub.key")
  const states: string[] = []
  for (const village of [first, await makeVillageLike(key, now, signers)]) {
    await fine(await pushModule(village.hub.url, "shop/more", makeModule("more", { kind: "benchmark" }), village.shop))
    const { id } = await pushCandidate(village, "new", (index) => index % 5 > 0)
    const workers = [makeWorker(), makeWorker(), makeWorker()]
    // The second time all lease first, and give in turns from the last to the first.
    if (village === first) await work(village, workers, id)
    else await workBackwards(village, workers, id)
    const database = new DatabaseSync(join(village.hub.folder, "hub.db"), { readOnly: true })
    states.push(String(database.prepare("select state from candidate where id = ?").get(id)!["state"]))
    database.close()
  }
  expect(JSON.parse(states[0]!)).toMatchObject({ state: "accepted" })
  expect(states[1]).toBe(states[0])
})
async function makeVillageLike(
  key: string,
  now: number,
  signers: [ReturnType<typeof makeSigner>, ReturnType<typeof makeSigner>],
): Promise<Village> {
  const folder = mkdtempSync(join(tmpdir(), "hub-test-"))
  copyFileSync(key, join(folder, "hub.key")) // so that the log is signed alike
  return makeVillage({ folder, clock: () => now }, ["shop/questions", "shop/more"], signers)
}
async function workBackwards(village: Village, workers: readonly TestWorker[], id: number): Promise<void> {
  const { url } = village.hub
  for (let i = 0; i < 200 && (await viewOf(url, id)).verdict === null; i++) {
    const leased: (readonly [Job, TestWorker])[] = []
    for (const worker of workers.toReversed()) {
      const job = await lease(url, worker.signer)
      if (job !== undefined) leased.push([job, worker])
    }
    for (const [job, { signer }] of leased.toReversed())
      await fine(await give(url, job, honestly(village.skills, job, signer), signer))
  }
}
