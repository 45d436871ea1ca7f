/** A small world at a hub: a module that a brain of others uses, a benchmark, and workers who say what a script has them say. */
import { randomBytes } from "node:crypto"
import type { Digest } from "@open-brains/core/base/digest.ts"
import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { type PushStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { answered } from "@open-brains/core/commons/testing/jobs.ts"
import {
  type CheckResult,
  digestOfJob,
  type Findings,
  type ItemsJob,
  type ItemsResult,
  type Job,
  type JobResult,
  type Leased,
  sealResult,
} from "@open-brains/core/commons/work.ts"
import { digestBytes } from "../hash.ts"
import type { Hub } from "../hub.ts"
import { openHubKey } from "../keys.ts"
import {
  claim,
  fine,
  jsonOf,
  makeModule,
  makeSigner,
  post,
  pushModule,
  restartHub,
  sealed,
  startHub,
  type TestModule,
} from "./hub.ts"

export interface Village {
  readonly hub: Pick<Hub, "url"> & { readonly folder: string }
  readonly acme: Signer
  readonly shop: Signer
  readonly old: TestModule
  readonly benchmark: TestModule
  /** Of each artifact whether it is right about an item. */
  readonly skills: Map<Digest, Skill>
}
export type Skill = (index: number, seed: number) => boolean

/** acme/intent is stable, and shop/desk builds on it and lives by shop/questions. */
export async function makeVillage(
  options: Parameters<typeof startHub>[0] = {},
  declares = ["shop/questions"],
  [acme, shop] = [makeSigner(), makeSigner()],
): Promise<Village> {
  return settleVillage(await startHub(options), declares, [acme, shop])
}
/** The same at a hub that runs already. */
export async function settleVillage(
  hub: Village["hub"],
  declares = ["shop/questions"],
  [acme, shop] = [makeSigner(), makeSigner()],
): Promise<Village> {
  await fine(await claim(hub.url, "acme", acme))
  await fine(await claim(hub.url, "shop", shop))
  const old = makeModule("old")
  await fine(await pushModule(hub.url, "acme/intent", old, acme, { tag: "stable" }))
  const benchmark = makeModule("questions", { kind: "benchmark", name: "questions" })
  await fine(await pushModule(hub.url, "shop/questions", benchmark, shop, { tag: "stable" }))
  const brain = makeModule("desk", {
    kind: "brain",
    name: "desk",
    uses: [{ name: "acme/intent", artifact: old.artifact }],
    benchmarks: declares,
  })
  await fine(await pushModule(hub.url, "shop/desk", brain, shop, { tag: "stable" }))
  return { hub, acme, shop, old, benchmark, skills: new Map([[old.artifact, half]]) }
}
export const half: Skill = (index) => index % 2 === 0

/** Now and then better, as often worse. */
export const churning: Skill = (index) => (index % 400 === 1 ? true : index % 400 === 2 ? false : half(index, 0))

/** A push that has to pass the gate; the number of its candidate. */
export async function pushCandidate(
  { hub, acme, old, skills }: Village,
  content: string,
  skill: Skill,
  rest: Partial<PushStatement> = {},
): Promise<{ readonly id: number; readonly module: TestModule }> {
  const module = makeModule(content)
  skills.set(module.artifact, skill)
  const statement = { tag: "stable", previous: old.artifact, serial: 1, ...rest }
  const response = await pushModule(hub.url, "acme/intent", module, acme, statement)
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`)
  return { id: (await jsonOf<{ readonly candidate: number }>(response)).candidate, module }
}

/** What a worker says to a job; nothing where it vanishes. */
export type Script = (job: Job, honest: JobResult) => JobResult | undefined
export interface TestWorker {
  readonly signer: Signer
  readonly script: Script
}
export const HONEST: Script = (_, honest) => honest
export const makeWorker = (script: Script = HONEST, signer = makeSigner()): TestWorker => ({ signer, script })
/** The hub's own, which runs the item about which others differ. */
export const refereeOf = ({ hub }: Village): TestWorker => makeWorker(HONEST, openHubKey(hub.folder))

export async function askForWork(
  url: string,
  signer: Signer,
  changes: { readonly hub?: string; readonly at?: number; readonly nonce?: string } = {},
): Promise<Response> {
  const { key } = await jsonOf<{ readonly key: Signer["key"] }>(fetch(`${url}/api/v1/`))
  const nonce = randomBytes(16).toString("hex")
  const request = { type: TYPES.work, hub: key, at: Date.now(), nonce, ...changes }
  return post(url, "/work", sealed(request as Parameters<typeof sealed>[0], signer))
}
export async function lease(url: string, signer: Signer): Promise<Job | undefined> {
  const response = await fine(await askForWork(url, signer))
  return response.status === 204 ? undefined : (await jsonOf<Leased>(response)).job
}
export const give = (url: string, job: Job, result: JobResult, signer: Signer): Promise<Response> =>
  post(url, `/jobs/${job.id}`, sealResult(result, signer))

const FINE: Findings["benchmarks"][number] = { refusal: null, itemCount: null }
export function honestly(
  skills: Village["skills"],
  job: Job,
  signer: Signer,
  findings: Partial<Findings> = {},
): JobResult {
  if (job.kind === "items") return answerItems(skills, job, signer)
  const benchmarks = job.benchmarks.map(() => FINE)
  const result: CheckResult = {
    kind: "check",
    job: job.id,
    asked: digestOfJob(job, digestBytes),
    findings: { refusal: null, benchmarks, ...findings },
  }
  return result
}
export function answerItems(
  skills: Village["skills"],
  job: ItemsJob,
  signer: Signer,
  lie: (index: number) => boolean = () => false,
): ItemsResult {
  const { seed, from, count } = job.items
  const said = (artifact: Digest, isTwisted = false): readonly string[] =>
    Array.from({ length: count }, (_, i) => {
      const isRight = skills.get(artifact)!(from + i, seed)
      return isRight !== (isTwisted && lie(from + i)) ? `right ${from + i}` : `wrong ${from + i}`
    })
  const answers = {
    candidate: said(job.candidate.artifact, true),
    baseline: said(job.baseline.artifact),
    ...(job.anchor ? { anchor: said(job.anchor.artifact) } : {}),
  }
  return answered(job, answers, (answer) => (answer.startsWith("right") ? 2 ** 32 : 0), signer)
}
/** Says the opposite of the candidate on some items. */
export const lying = (village: Village, lie: (index: number) => boolean): TestWorker => {
  const signer = makeSigner()
  return makeWorker(
    (job, honest) => (job.kind === "items" ? answerItems(village.skills, job, signer, lie) : honest),
    signer,
  )
}

export const viewOf = (
  url: string,
  id: number,
): Promise<CandidateView & { readonly seed: number; readonly checkpoint: string }> =>
  jsonOf(fetch(`${url}/api/v1/candidates/${id}`).then(fine))

/** What is told of it once its turn has come: the hub looks at what was pushed in its own time. */
export async function begunView(url: string, id: number): ReturnType<typeof viewOf> {
  for (let i = 0; i < 500; i++) {
    const view = await viewOf(url, id)
    if (view.state !== "waiting") return view
    await new Promise((wake) => setTimeout(wake, 10))
  }
  throw new Error(`candidate ${id} does not begin`)
}

/** Each in turn asks and answers, until the candidate is decided or nobody gets anything any more. */
export async function work(
  { hub, skills }: Pick<Village, "hub" | "skills">,
  workers: readonly TestWorker[],
  id: number,
): Promise<Awaited<ReturnType<typeof viewOf>>> {
  const gone = new Set<TestWorker>()
  for (let idle = 0; idle < 3; ) {
    const view = await viewOf(hub.url, id)
    if (view.verdict !== null || view.state === "overtaken") return view
    let isBusy = false
    for (const worker of workers) {
      if (gone.has(worker)) continue
      const response = await askForWork(hub.url, worker.signer)
      if (response.status !== 200) continue
      const { job } = await jsonOf<Leased>(response)
      const result = worker.script(job, honestly(skills, job, worker.signer))
      isBusy = true
      if (result === undefined) gone.add(worker)
      else await fine(await give(hub.url, job, result, worker.signer))
    }
    idle = isBusy ? 0 : idle + 1
  }
  return viewOf(hub.url, id)
}
export const reopen = async (village: Village): Promise<Village> => ({
  ...village,
  hub: await restartHub(village.hub.folder),
})
