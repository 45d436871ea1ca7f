import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { canonicalJson, type JsonObject } from "@open-brains/core/base/json.ts"
import { parseEnvelope } from "@open-brains/core/commons/envelope.ts"
import { type AttestationStatement, statementOf } from "@open-brains/core/commons/statement.ts"
import {
  countsOf,
  firstUnlike,
  type ItemsJob,
  type ItemsResult,
  type JobResult,
  misfitOfItems,
  RUNNER,
  readJob,
} from "@open-brains/core/commons/work.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { sha256 } from "../benchmarks/attest.ts"
import { dataFolder, ENDLESS, generatorFolder, SWAPPED } from "../benchmarks/testing/folders.ts"
import { editModule } from "../edit.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import { needHub, openPlace } from "../registry/open.ts"
import { collect } from "../store/collect.ts"
import { openMine } from "../store/mine.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { openPauses } from "./pause.ts"
import { type FakeHub, startFakeHub } from "./testing/hub.ts"
import { type WorkEvent, type WorkOptions, workFor } from "./work.ts"

let folder: string
let [desk, swapped, generated, questions] = ["", "", "", ""]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-work-"))
  ;[desk, swapped] = [join(folder, "desk"), join(folder, "swapped")]
  await teachDesk(folder)
  await editModule(desk, SWAPPED, swapped)
  generated = generatorFolder(folder, ENDLESS)
  questions = dataFolder(folder, "message,label\nwhere is my parcel,parcel\nrefund me please,refund\n")
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let hub: FakeHub
let compared: { readonly id: number; readonly candidate: object; readonly baseline: object }
beforeEach(async () => {
  const home = temporary()
  vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"))
  vi.stubEnv("BRAIN_STORE", join(home, "store"))
  vi.stubEnv("BRAIN_HUB", "")
  await newKey("me")
  hub = await startFakeHub(join(home, "hub"))
  compared = { id: 7, candidate: await hub.put(swapped, "acme/intent"), baseline: await hub.put(desk, "acme/intent") }
})
afterEach(async () => {
  await hub.fake.stop()
  vi.unstubAllEnvs()
})

const SOON = () => openPauses(1, 1)
async function works(options: Partial<WorkOptions> = {}): Promise<readonly WorkEvent[]> {
  const place = await openPlace(hub.fake.address)
  const events: WorkEvent[] = []
  await workFor({
    hub: needHub(place, "have work"),
    registry: place.registry,
    signer: signerOf("me"),
    signal: new AbortController().signal,
    isOnce: true,
    idle: SOON(),
    away: SOON(),
    say: (event) => events.push(event),
    ...options,
  })
  return events
}
const onItems = async (more: object = {}) => ({
  ...{ kind: "items", ...compared, items: { seed: 5, from: 64, count: 16 } },
  benchmark: await hub.put(generated, "shop/questions"),
  ...more,
})
const said = (): readonly JobResult[] => hub.results.map(({ result }) => result)

/** Whether the hub, by the rules of the contract, can take it. */
function misfit(job: object, result: JobResult): string | undefined {
  const { attestations } = result as ItemsResult
  const statement = (text: string) => statementOf(parseEnvelope(new TextEncoder().encode(text))) as AttestationStatement
  const statements = {
    baseline: statement(attestations.baseline),
    ...(attestations.anchor === undefined ? {} : { anchor: statement(attestations.anchor) }),
  }
  return misfitOfItems(readJob(job as JsonObject) as ItemsJob, result as ItemsResult, statements, RUNNER, sha256)
}

test("a job is fetched, run and signed as the contract has it; two workers say the same", async () => {
  const job = await onItems({ anchor: compared.candidate })
  hub.jobs.push(job)
  expect((await works()).map(({ event }) => event)).toEqual(["begun", "job", "done"])
  await newKey("other")
  vi.stubEnv("BRAIN_STORE", join(temporary(), "store"))
  hub.jobs.push(job)
  await works({ signer: signerOf("other") })
  const [mine, theirs] = said() as [ItemsResult, ItemsResult]
  expect([misfit(job, mine), misfit(job, theirs)]).toEqual([undefined, undefined])
  expect(firstUnlike(mine, theirs)).toBe(-1)
  expect(countsOf(mine.differences.baseline).worse).toBeGreaterThan(4)
  expect(countsOf(mine.differences.anchor!).equal).toBe(16)
  expect(hub.results.map(({ by }) => by)).toEqual([signerOf("me").key, signerOf("other").key])
  expect(new Set(hub.nonces).size).toBe(4)
})

test("what was fetched is in the store without a tag, and is not fetched again", async () => {
  hub.jobs.push(await onItems(), await onItems({ id: 8 }))
  await works()
  expect(said().map(({ kind }) => kind)).toEqual(["items", "items"])
  expect(await (await openMine()).tags("acme/intent")).toEqual([])
  const asked = hub.fake.asked.length
  hub.jobs.push(await onItems({ id: 9 }))
  const since = hub.fake.asked.length
  expect(since).toBeGreaterThan(asked)
  await works()
  expect(hub.fake.asked.slice(since).filter((each) => each.includes("/blobs/"))).toEqual([])
})

test("of a store that is the worker's own, what was taken goes again once it is much", async () => {
  const jobs = [await onItems(), await onItems({ id: 8 }), await onItems({ id: 9 }), await onItems({ id: 10 })]
  const fetches = async (room: NonNullable<WorkOptions["room"]>, ...of: readonly number[]): Promise<number> => {
    const before = hub.fake.asked.length
    hub.jobs.push(...of.map((i) => jobs[i]!))
    await works({ room })
    return hub.fake.asked.slice(before).filter((each) => /^GET .*\/blobs\//.test(each)).length
  }
  const much = { bytes: 2 ** 40, youngMs: 0 }
  const whole = await fetches(much, 0)
  expect(whole).toBeGreaterThan(0)
  expect(await fetches(much, 1)).toBe(0) // it is there yet
  await collect(await openMine(), { youngMs: 0 })
  expect(await fetches({ bytes: 1, youngMs: 0 }, 2, 3)).toBe(2 * whole)
})

/** A brain of another namespace that is locked to the desk, with all that it needs. */
async function helpdesk(more = "", module = "acme/intent") {
  await brain(["push", desk, "acme/intent:stable"])
  const path = join(temporary(), "help")
  mkdirSync(path)
  writeFileSync(
    join(path, "module.brain"),
    `brain help {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n${more} use intent from "${module}"\n kind is intent of message\n}\n`,
  )
  expect(await brain(["lock", path])).toMatchObject({ code: 0 })
  const brainPlace = await hub.put(path, "shop/help")
  rmSync(path, { recursive: true })
  return { brain: brainPlace, module: { namespace: "acme", name: "intent" } }
}
test("both are run in the place of a module of somebody's brain", async () => {
  const within = await helpdesk()
  vi.stubEnv("BRAIN_STORE", join(temporary(), "store"))
  const job = await onItems({ within })
  hub.jobs.push(job)
  await works()
  const [result] = said() as [ItemsResult]
  expect(misfit(job, result)).toBeUndefined()
  expect(countsOf(result.differences.baseline).worse).toBeGreaterThan(4)
})

test("a check says which benchmarks can ask, and how many items they have", async () => {
  const images = join(temporary(), "numbers")
  mkdirSync(images)
  writeFileSync(
    join(images, "module.brain"),
    'benchmark counts {\n about "x" licence "CC0-1.0"\n takes count: number\n gives kind: label { parcel refund }\n data "q.csv"\n metric accuracy\n bound at least 0.5\n}\n',
  )
  writeFileSync(join(images, "q.csv"), "count,label\n1,parcel\n")
  const offered = [
    await hub.put(generated, "shop/generated"),
    await hub.put(questions, "shop/questions"),
    await hub.put(images, "shop/numbers"),
    compared.baseline,
  ]
  const benchmarks = [
    ...offered.map((benchmark) => ({ benchmark })),
    { benchmark: offered[0], within: await helpdesk() },
  ]
  hub.jobs.push({ kind: "check", ...compared, isSimpler: false, benchmarks })
  await works()
  expect(said()).toMatchObject([
    {
      findings: {
        refusal: null,
        benchmarks: [
          { refusal: null, itemCount: null },
          { refusal: null, itemCount: 2 },
          { refusal: "OB752", itemCount: null },
          { refusal: "OB751", itemCount: null },
          { refusal: null, itemCount: null },
        ],
      },
    },
  ])
  expect(JSON.stringify(said())).not.toContain(process.env["BRAIN_STORE"]!)
})

test("a check refuses what is no simpler, and what does not fit", async () => {
  const other = join(temporary(), "other")
  await editModule(desk, [{ edit: "labels", called: [["refund", "money"]] }], other)
  const check = { kind: "check", ...compared, benchmarks: [] }
  hub.jobs.push(
    { ...check, isSimpler: true },
    { ...check, isSimpler: true, candidate: await hub.put(other, "acme/intent") },
  )
  await works()
  expect(said()).toMatchObject(["OB756", "OB755"].map((refusal) => ({ findings: { refusal } })))
})

test("a benchmark that asks more than there is, or gives no item, is a result, not a dead worker", async () => {
  const silent = generatorFolder(
    temporary(),
    "function answer(seed, index) { return index < 70 ? { input: 'x', expected: 'parcel' } : null }\n",
  )
  hub.jobs.push(
    await onItems({ benchmark: await hub.put(questions, "shop/questions") }),
    await onItems({ benchmark: await hub.put(silent, "shop/silent") }),
    await onItems({ benchmark: compared.baseline }),
    await onItems(),
  )
  await works()
  expect(said()).toMatchObject([
    { kind: "failure", code: "OB766", because: expect.stringContaining("items 64 to 79 of shop/questions") },
    { kind: "failure", code: "OB754" },
    { kind: "failure", code: "OB751" },
    { kind: "items" },
  ])
})

test("files that make no module, and more than a worker takes, are results", async () => {
  const made = join(temporary(), "broken")
  await editModule(desk, SWAPPED, made)
  const manifestOf = (digest: string) => JSON.parse(Buffer.from(hub.fake.manifests.get(digest)!).toString()) as Manifest
  const planted = (change: (manifest: Manifest) => void, digest: string) => {
    const manifest = manifestOf(digest)
    change(manifest)
    const bytes = new TextEncoder().encode(canonicalJson(manifest))
    hub.fake.manifests.set(sha256(bytes), bytes)
    return { repository: "acme/intent", artifact: sha256(bytes) }
  }
  const { artifact } = compared.baseline as { artifact: string }
  const garbage = new TextEncoder().encode("nothing")
  hub.fake.blobs.set(sha256(garbage), garbage)
  const unreadable = planted(({ layers }) => {
    layers[0] = { ...layers[0]!, digest: sha256(garbage), size: garbage.length }
  }, artifact)
  const vast = planted(({ layers }) => {
    layers[0] = { ...layers[0]!, digest: sha256(new Uint8Array([1])), size: 2 ** 30 }
  }, artifact)
  hub.jobs.push(await onItems({ candidate: unreadable }), await onItems({ candidate: vast }), await onItems())
  await works()
  expect(said()).toMatchObject([
    { kind: "failure", code: "OB725" },
    { kind: "failure", code: "OB765" },
    { kind: "items" },
  ])
})
interface Manifest extends JsonObject {
  readonly layers: { digest: string; size: number; mediaType: string }[] & JsonObject[]
}

test("a hub that gives other bytes, or has not what it asks about, gets no result, and the worker goes on", async () => {
  const job = await onItems()
  const { artifact } = compared.candidate as { artifact: string }
  const manifest = JSON.parse(Buffer.from(hub.fake.manifests.get(artifact)!).toString()) as Manifest
  const { digest } = manifest.layers.at(-1)!
  const whole = hub.fake.blobs.get(digest)!
  hub.fake.blobs.set(digest, whole.with(9, whole[9]! ^ 1))
  hub.jobs.push(job, { ...job, benchmark: { repository: "shop/none", artifact: sha256(whole) } })
  expect((await works()).filter(({ event }) => event === "dropped")).toHaveLength(2)
  expect(said()).toEqual([])
  hub.fake.blobs.set(digest, whole)
  hub.jobs.push(job)
  await works()
  expect(said()).toMatchObject([{ kind: "items" }])
})

test("what is no job, or asks for too many items, is waited out, not run", async () => {
  const job = await onItems()
  hub.jobs.push("nothing", { ...job, items: { seed: 1, from: 0, count: 1_000_000 } }, { ...job, kind: "rm -rf" }, job)
  const events = await works()
  expect(events.filter(({ event }) => event === "away")).toHaveLength(3)
  expect(said()).toMatchObject([{ kind: "items" }])
})

test("a hub that is away is waited for, longer each time; one that refuses the worker ends it", async () => {
  let asked = 0
  hub.says = (_, path) => (path === "/api/v1/work" && asked++ < 3 ? { status: 503 } : undefined)
  hub.jobs.push(await onItems())
  const waits: number[] = []
  const pauses = openPauses(1, 4, () => 0)
  const away = {
    reset: pauses.reset,
    next() {
      waits.push(pauses.next())
      return 1
    },
  }
  await works({ away })
  expect(waits).toEqual([1, 2, 4])
  expect(said()).toHaveLength(1)
  hub.says = (_, path) =>
    path === "/api/v1/work"
      ? { status: 403, json: { code: "OB744", seen: "You were wrong once.", hint: "Nobody asks you." } }
      : undefined
  await expect(works()).rejects.toThrow("You were wrong once.")
})

test("with nothing to do it asks a few times a minute at most", () => {
  const pauses = openPauses(250, 15_000, () => 0.5)
  let waited = 0
  let requests = 0
  for (; waited < 10 * 60_000; requests++) waited += pauses.next()
  expect(requests).toBeLessThan(70)
})

test("a result that the hub does not hear is sent again until it does", async () => {
  let dropped = 0
  hub.says = (_, path) => (path === "/api/v1/jobs/7" && dropped++ === 0 ? ({ status: -1 } as never) : undefined)
  hub.jobs.push(await onItems())
  const trick = hub.fake.trick!
  hub.fake.trick = (request, response, path) => {
    if (path !== "/api/v1/jobs/7" || dropped++ > 0) return trick(request, response, path)
    request.socket.destroy()
    return true
  }
  hub.says = undefined
  await works()
  expect(said()).toHaveLength(1)
  expect(dropped).toBe(2)
})

test("it ends between two items, and says nothing of the job", async () => {
  hub.jobs.push(await onItems())
  const stop = new AbortController()
  const events = await works({ signal: stop.signal, onItem: (done) => done === 3 && stop.abort() })
  expect(events.at(-1)).toMatchObject({ event: "dropped", because: "it was ended; the lease runs out by itself" })
  expect(said()).toEqual([])
  expect(hub.fake.asked.filter((each) => each === "POST /api/v1/work")).toHaveLength(1)
})

test("a job that takes longer than its lease is left", async () => {
  hub.leaseMs = 0
  hub.jobs.push(await onItems({ items: { seed: 1, from: 0, count: 1024 } }))
  const slow = (): void => {
    for (const end = performance.now() + 5; performance.now() < end; );
  }
  const events = await works({ onItem: slow })
  expect(events.at(-1)).toMatchObject({ event: "dropped", because: "it took longer than the lease" })
})

test("the command prints a line a job, JSON too, and a referee signs with the key of its hub", async () => {
  hub.jobs.push(await onItems(), { kind: "check", ...compared, isSimpler: false, benchmarks: [] })
  const plain = await brain(["work", "--hub", hub.fake.address, "--once"])
  expect(plain).toMatchObject({ code: 0, err: "", isHeld: true })
  expect(plain.out).toMatch(
    /^Working for .*\njob 7 {2}acme\/intent .* shop\/questions items 64–79 .* worse\njob 7 .* it fits; 0 of 0 benchmarks can ask it\n2 jobs done\.$/,
  )
  hub.jobs.push(await onItems(), await onItems())
  const json = await brain(["work", "--hub", hub.fake.address, "--jobs", "1", "--json"])
  expect(json.out.split("\n").map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(["begun", "done"])
  const home = temporary()
  writeFileSync(join(home, "hub.key"), readFileSync(hub.key.path), { mode: 0o600 })
  expect(await brain(["work", "--hub", hub.fake.address, "--referee", home, "--once"])).toMatchObject({ code: 0 })
  expect(hub.results.at(-1)!.by).toBe(hub.key.key)
  writeFileSync(join(home, "hub.key"), readFileSync(signerOf("me").path))
  const wrong = await brain(["work", "--hub", hub.fake.address, "--referee", home, "--once"])
  expect(wrong.err).toContain("error[OB767]")
  appendFileSync(join(home, "hub.key"), "x")
  rmSync(join(home, "hub.key"))
  expect((await brain(["work", "--hub", hub.fake.address, "--referee", home])).err).toContain("error[OB723]")
})
