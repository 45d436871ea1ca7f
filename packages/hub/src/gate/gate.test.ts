import type { Digest } from "@open-brains/core/base/digest.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { drawnFor, itemSeedOf } from "@open-brains/core/commons/work.ts"
import { afterEach, expect, test } from "vitest"
import { digestBytes } from "../hash.ts"
import { openHubKey } from "../keys.ts"
import {
  churning,
  half,
  lease,
  makeVillage,
  makeWorker,
  pushCandidate,
  type TestWorker,
  type Village,
  viewOf,
  work,
} from "../testing/gate.ts"
import { claim, endHubs, fine, jsonOf, makeModule, makeSigner, post, pushModule, sealed } from "../testing/hub.ts"

afterEach(endHubs)

const three = (): TestWorker[] => [makeWorker(), makeWorker(), makeWorker()]
const stableOf = async ({ hub }: Village) => {
  const tags = await fetch(`${hub.url}/api/v1/modules/acme/intent/tags`).then(fine)
  return (await jsonOf<{ tag: string; artifact: string; serial: number }[]>(tags))[0]!
}
test("a candidate that is better is accepted, and the tag moves; whoever likes runs it again", async () => {
  const village = await makeVillage()
  const { id, module } = await pushCandidate(village, "new", () => true)
  expect((await stableOf(village)).artifact).toBe(village.old.artifact)
  const view = await work(village, three(), id)
  expect(view).toMatchObject({
    state: "accepted",
    verdict: { kind: "better" },
    attempt: 1,
    accepted: 0,
    waitsFor: null,
  })
  expect(view.benchmarks).toMatchObject([{ name: "shop/questions", artifact: village.benchmark.artifact, worse: 0 }])
  expect(await stableOf(village)).toMatchObject({ artifact: module.artifact, serial: 2 })
  const found = await fetch(`${village.hub.url}/api/v1/attestations?candidate=${module.artifact}`).then(fine)
  const attested = await jsonOf<{ baseline: string; key: string; counts: { better: number; equal: number } }[]>(found)
  expect(new Set(attested.map(({ key }) => key)).size).toBe(3)
  expect(attested.every(({ baseline }) => baseline === village.old.artifact)).toBe(true)
  const items = attested.reduce((sum, { counts }) => sum + counts.better + counts.equal, 0)
  expect(items).toBe(3 * view.benchmarks[0]!.items)
  const referrers = await fetch(`${village.hub.url}/v2/acme/intent/referrers/${module.artifact}`).then(fine)
  const { manifests } = await jsonOf<{ manifests: { artifactType: string }[] }>(referrers)
  expect(manifests.filter(({ artifactType }) => artifactType.includes("attestation"))).toHaveLength(attested.length)
})
test("one that is worse is refused, and the tag stays", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "bad", () => false)
  const view = await work(village, three(), id)
  expect(view).toMatchObject({ state: "refused", verdict: { kind: "harmful", benchmark: "shop/questions" } })
  expect((await stableOf(village)).serial).toBe(1)
})
test("one that says the same to 256 items is accepted at once", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "same", half)
  expect(await work(village, three(), id)).toMatchObject({
    state: "accepted",
    verdict: { kind: "not worse", items: 256 },
  })
})
test("one whose ports do not fit, or that is not simpler as it claims, is refused before an item is run", async () => {
  const village = await makeVillage()
  const workers = three()
  const finding = (refusal: "OB755" | "OB756", because?: string) =>
    workers.map(({ signer }) =>
      makeWorker((job, honest) => {
        if (job.kind !== "check" || honest.kind !== "check") throw new Error("an item was run")
        return { ...honest, findings: { ...honest.findings, refusal, ...(because ? { because } : {}) } }
      }, signer),
    )
  const unfit = await pushCandidate(village, "unfit", () => true)
  expect(await work(village, finding("OB755", "It gives 2, not 3."), unfit.id)).toMatchObject({
    verdict: { kind: "unfit", because: "It gives 2, not 3.", items: 0 },
  })
  const fat = await pushCandidate(village, "fat", () => true, { isSimpler: true })
  expect(await work(village, finding("OB756"), fat.id)).toMatchObject({
    verdict: { kind: "unfit", because: expect.stringContaining("not simpler") as string },
  })
})
test("a benchmark that cannot ask is left out with its reason, and the others decide", async () => {
  const village = await makeVillage({}, ["shop/questions", "shop/images", "shop/absent", "./mine.brain"])
  await fine(
    await pushModule(village.hub.url, "shop/images", makeModule("images", { kind: "benchmark" }), village.shop),
  )
  const { id } = await pushCandidate(village, "new", () => true)
  const workers = three().map(({ signer }) =>
    makeWorker((job, honest) => {
      if (job.kind !== "check" || honest.kind !== "check") return honest
      const benchmarks = job.benchmarks.map(({ benchmark }) =>
        benchmark.repository === "shop/images"
          ? { refusal: "OB752", because: "It asks for an image.", itemCount: null }
          : { refusal: null, itemCount: null },
      )
      return { ...honest, findings: { refusal: null, benchmarks } }
    }, signer),
  )
  const view = await work(village, workers, id)
  expect(view.state).toBe("accepted")
  expect(view.benchmarks.map(({ name }) => name)).toEqual(["shop/questions"])
  expect(view.leftOut).toEqual([
    { name: "shop/absent", because: "shop/absent is not at this hub." },
    { name: "shop/images", because: "It asks for an image." },
  ])
})
test("data run out, and what they do not show is unproven; a generator that gives no item is left out", async () => {
  const village = await makeVillage({}, ["shop/questions", "shop/more"])
  await fine(await pushModule(village.hub.url, "shop/more", makeModule("more", { kind: "benchmark" }), village.shop))
  const { id } = await pushCandidate(village, "new", churning)
  const counts: Record<string, number> = {}
  const workers = three().map(({ signer }) =>
    makeWorker((job, honest) => {
      if (honest.kind === "check") {
        const benchmarks = honest.findings.benchmarks.map(() => ({ refusal: null, itemCount: 100 }))
        return { ...honest, findings: { refusal: null, benchmarks } }
      }
      if (job.kind !== "items") return honest
      if (job.benchmark.repository === "shop/more" && job.items.from > 0)
        return { kind: "failure", job: job.id, asked: honest.asked, code: "OB754", because: "No item." }
      counts[job.benchmark.repository] = Math.max(
        counts[job.benchmark.repository] ?? 0,
        job.items.from + job.items.count,
      )
      return honest
    }, signer),
  )
  const view = await work(village, workers, id)
  expect(view.verdict).toMatchObject({ kind: "unproven", because: expect.stringContaining("only 100 items") as string })
  expect(view.leftOut).toEqual([{ name: "shop/more", because: expect.stringContaining("OB754") as string }])
  expect(counts).toEqual({ "shop/questions": 100, "shop/more": 16 })
})

test("within the brain that declares it, on items that follow from the log right after the push", async () => {
  const village = await makeVillage()
  const { id, module } = await pushCandidate(village, "new", () => true)
  const workers = three()
  const jobs: object[] = []
  const spying = workers.map(({ signer }) =>
    makeWorker((job, honest) => {
      jobs.push(job)
      return honest
    }, signer),
  )
  const { seed, checkpoint } = await work(village, spying, id)
  const { key } = openHubKey(village.hub.folder)
  // Nobody but the hub can make it before; whoever has it can work out the seed.
  expect(checkpoint).toMatch(/^open-brains\/log\n4\n.+\n\n— open-brains\/log .+\n$/)
  expect(seed).toBe(itemSeedOf(module.artifact, digestBytes(Buffer.from(checkpoint)), digestBytes))
  expect((await jsonOf<{ key: string }>(fetch(`${village.hub.url}/api/v1/`))).key).toBe(key)
  const brain = await jsonOf<{ artifact: string }>(fetch(`${village.hub.url}/api/v1/modules/shop/desk`))
  expect(jobs.at(-1)).toMatchObject({
    kind: "items",
    candidate: { repository: "acme/intent", artifact: module.artifact },
    baseline: { repository: "acme/intent", artifact: village.old.artifact },
    benchmark: { repository: "shop/questions", artifact: village.benchmark.artifact },
    within: {
      brain: { repository: "shop/desk", artifact: brain.artifact },
      module: { namespace: "acme", name: "intent" },
    },
    items: { seed },
  })
})
test("the next one is measured beside what the epoch began with too, and has to pay for trying again", async () => {
  const village = await makeVillage()
  const first = await pushCandidate(village, "new", (index) => index % 4 > 0)
  const same = three()
  await work(village, same, first.id)
  const anchors = new Set<string | undefined>()
  const workers = same.map(({ signer }) =>
    makeWorker((job, honest) => {
      anchors.add(job.anchor?.artifact)
      return honest
    }, signer),
  )
  const next = { previous: first.module.artifact, serial: 2 }
  const { id } = await pushCandidate(village, "newer", () => true, next)
  const view = await work(village, workers, id)
  expect(view).toMatchObject({ state: "accepted", attempt: 2, accepted: 1, anchor: village.old.artifact })
  expect([...anchors]).toEqual([village.old.artifact])
})

test("where nobody who builds on it says what they live by, its owners move the tag, and strangers do not", async () => {
  const village = await makeVillage({}, ["./mine.brain"])
  const { id } = await pushCandidate(village, "new", () => true)
  const view = await work(village, [], id)
  expect(view).toMatchObject({ state: "accepted", verdict: { kind: "not worse", items: 0 } })
  expect(view.verdict!.because).toMatch(/Nothing of acme\/intent is protected: .*shop\/desk.* declares/)
  const keys = [village.acme.key, openHubKey(village.hub.folder).key]
  const open = { type: TYPES.namespace, namespace: "acme", keys, threshold: 1, serial: 1 } as const
  await fine(await post(village.hub.url, "/namespaces", sealed(open, village.acme)))
  await fine(
    await pushModule(
      village.hub.url,
      "shop/desk",
      makeModule("desk 2", {
        ...{ kind: "brain", name: "desk", benchmarks: ["./mine.brain"] },
        uses: [{ name: "acme/intent", artifact: view.artifact as Digest }],
      }),
      village.shop,
    ),
  )
  const previous = view.artifact as Digest
  const stranger = { ...village, acme: makeSigner() }
  const proposed = await pushCandidate(stranger, "newer", () => true, { previous, serial: 2 })
  expect(await work(village, [], proposed.id)).toMatchObject({ state: "refused", verdict: { kind: "unprotected" } })
})
test("a benchmark that the push names, and that is not here, protects nothing: the push is told so", async () => {
  const village = await makeVillage({}, [])
  const { id } = await pushCandidate(village, "new", () => true, { target: "shop/absent" })
  expect(await work(village, [], id)).toMatchObject({ state: "refused", verdict: { kind: "unprotected" } })
})
test("brains of a namespace that was claimed just now have no say, nor those of the owners", async () => {
  const village = await makeVillage({ limits: { namespaceAgeMs: 1000 * 3600 } })
  const statement = { tag: "stable", previous: village.old.artifact, serial: 1 }
  const pushed = await pushModule(village.hub.url, "acme/intent", makeModule("new"), village.acme, statement)
  expect(pushed.status).toBe(200)
})
test("weights go by namespaces, and a namespace counts once", async () => {
  const village = await makeVillage({}, ["shop/questions", "shop/more"])
  const { hub, old, shop } = village
  await fine(await pushModule(hub.url, "shop/more", makeModule("more", { kind: "benchmark" }), shop))
  const using = (benchmarks: string[]) => ({
    kind: "brain" as const,
    uses: [{ name: "acme/intent", artifact: old.artifact }],
    benchmarks,
  })
  for (const name of ["one", "two", "three"]) {
    const signer = makeSigner()
    await fine(await claim(hub.url, name, signer))
    await fine(await pushModule(hub.url, `${name}/desk`, makeModule(name, using(["shop/more"])), signer))
  }
  await fine(await pushModule(hub.url, "shop/other", makeModule("other", using(["shop/questions"])), shop))
  const { id } = await pushCandidate(village, "new", () => true)
  const { benchmarks } = await work(village, three(), id)
  expect(benchmarks.map(({ name, weight }) => [name, weight])).toEqual([
    ["shop/more", 2 / 3],
    ["shop/questions", 1 / 3],
  ])
})

test("of many workers three are drawn for a job, none of them the candidate's own, and none twice", async () => {
  const village = await makeVillage()
  const own = makeWorker(undefined, village.acme)
  const workers = [own, ...Array.from({ length: 9 }, () => makeWorker())]
  const ask = async () => {
    const jobs: (number | undefined)[] = []
    for (const { signer } of workers) jobs.push((await lease(village.hub.url, signer))?.id)
    return jobs
  }
  await ask() // all of them are there now
  await pushCandidate(village, "new", () => true)
  const jobs = await ask()
  const [job, ...others] = [...new Set(jobs.filter((each) => each !== undefined))]
  expect(others).toEqual([])
  const having = workers.filter((_, i) => jobs[i] !== undefined).map(({ signer }) => signer.key)
  const secret = digestBytes(openHubKey(village.hub.folder).sign(Buffer.from("open-brains: who is drawn")))
  const keys = workers.slice(1).map(({ signer }) => signer.key)
  expect(having.toSorted()).toEqual([...drawnFor(secret, job!, keys, 3, digestBytes)].toSorted())
  expect(await ask()).toEqual(jobs) // the same lease, should its answer have been lost
})
test("whoever owns the namespace of a candidate does not measure it, though nobody else is there", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "new", () => true)
  const workers = [makeWorker(undefined, village.acme), makeWorker(), makeWorker()]
  expect(await work(village, workers, id)).toMatchObject({ jobs: { open: 1, done: 0 }, workers: { present: 2 } })
})
test("with too few workers it waits, and says so", async () => {
  const village = await makeVillage()
  const { id } = await pushCandidate(village, "new", () => true)
  const [one, two, third] = three()
  const view = await work(village, [one!, two!], id)
  expect(view).toMatchObject({ state: "checking", verdict: null, workers: { present: 2, needed: 3 } })
  expect(view.waitsFor).toMatch(/needs 3 more.*2 may do it/)
  expect(await work(village, [one!, two!, third!], id)).toMatchObject({ state: "accepted" })
})
test("a hub of one verifier takes the word of one", async () => {
  const village = await makeVillage({ verifiers: 1 })
  const { id } = await pushCandidate(village, "new", () => true)
  expect(await work(village, [makeWorker()], id)).toMatchObject({ state: "accepted", workers: { needed: 1 } })
  expect(await jsonOf(fetch(`${village.hub.url}/api/v1/`))).toMatchObject({ verifiers: 1 })
})
test("of two candidates of a module the second is overtaken when the first is accepted, else it has its turn", async () => {
  const village = await makeVillage()
  const bad = await pushCandidate(village, "bad", () => false)
  const good = await pushCandidate(village, "good", () => true)
  const late = await pushCandidate(village, "late", () => true)
  expect((await viewOf(village.hub.url, good.id)).waitsFor).toContain(`Candidate ${bad.id}`)
  const workers = three()
  expect(await work(village, workers, late.id)).toMatchObject({ state: "overtaken" })
  expect(await viewOf(village.hub.url, bad.id)).toMatchObject({ state: "refused" })
  expect(await viewOf(village.hub.url, good.id)).toMatchObject({ state: "accepted", attempt: 2 })
  expect((await stableOf(village)).artifact).toBe(good.module.artifact)
  const list = await jsonOf<{ candidate: number }[]>(fetch(`${village.hub.url}/api/v1/modules/acme/intent/candidates`))
  expect(list.map(({ candidate }) => candidate)).toEqual([late.id, good.id, bad.id])
})
test("OB741: more candidates of a module than wait together are not taken", async () => {
  const village = await makeVillage({ limits: { candidates: 1 } })
  await pushCandidate(village, "new", () => true)
  await expect(pushCandidate(village, "newer", () => true)).rejects.toThrow(/^429: .*OB741/)
})
test("metrics and workers tell of it, and the API describes itself", async () => {
  const village = await makeVillage()
  const { url } = village.hub
  const { id } = await pushCandidate(village, "new", () => true)
  await work(village, three(), id)
  await pushCandidate(village, "newer", () => true, {
    previous: (await stableOf(village)).artifact as never,
    serial: 2,
  })
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toMatch(/hub_gate_verdicts_total\{kind="better"\} 1/)
  expect(metrics).toMatch(/hub_gate_candidates\{state="(waiting|checking)"\} 1/)
  expect(metrics).toMatch(/hub_gate_workers 3/)
  const workers = await jsonOf<object[]>(fetch(`${url}/api/v1/workers`))
  expect(workers).toHaveLength(3)
  expect(workers[0]).toMatchObject({ isPresent: true, marks: 0 })
  const { paths } = await jsonOf<{ paths: object }>(fetch(`${url}/openapi.json`))
  for (const path of ["/work", "/jobs/{id}", "/candidates/{id}", "/workers", "/modules/{namespace}/{name}/candidates"])
    expect(Object.keys(paths)).toContain(`/api/v1${path}`)
  expect(await jsonOf(fetch(`${url}/api/v1/`))).toMatchObject({ verifiers: 3 })
})
