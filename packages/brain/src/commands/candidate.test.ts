import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { newKey } from "../keys/keys.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { type FakeHub, startFakeHub } from "../working/testing/hub.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-candidate-"))
  await teachDesk(desks)
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))

let hub: FakeHub
beforeEach(async () => {
  const home = temporary()
  vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"))
  vi.stubEnv("BRAIN_STORE", join(home, "store"))
  await newKey("me")
  hub = await startFakeHub(join(home, "hub"))
  vi.stubEnv("BRAIN_HUB", hub.fake.address)
})
afterEach(async () => {
  await hub.fake.stop()
  vi.unstubAllEnvs()
})

const WAITING: CandidateView = {
  ...{ candidate: 1, module: "acme/intent", tag: "stable", target: "shop/messages", isSimpler: false },
  ...{ artifact: digest("new"), baseline: digest("old"), anchor: digest("old"), attempt: 2, accepted: 1 },
  ...{ state: "checking", waitsFor: "Two workers are missing.", verdict: null, benchmarks: [], needed: null },
  leftOut: [{ name: "shop/images", because: "It asks for an image." }],
  workers: { present: 1, needed: 3 },
  jobs: { open: 1, done: 0 },
}
const RUNNING: CandidateView = {
  ...WAITING,
  ...{ state: "running", waitsFor: null, needed: { noHarm: 4, gain: 6, harm: 5 } },
  benchmarks: [
    {
      ...{ name: "shop/messages", artifact: digest("b"), weight: 1, margin: 0.005, items: 64 },
      ...{ better: 3, equal: 60, worse: 1, mean: 1 / 32, evidence: { noHarm: 1, gain: 0.5, harm: -2 } },
    },
  ],
}
const decided = (state: "accepted" | "refused" | "overtaken"): CandidateView => ({
  ...RUNNING,
  state,
  verdict: { kind: state === "accepted" ? "better" : "harmful", because: "So it is.", benchmark: null, items: 64 },
})

test("it shows benchmarks, evidence, who is there, and what it waits for", async () => {
  hub.views.push(WAITING)
  const waiting = await brain(["candidate", "1"])
  expect(waiting).toMatchObject({ code: 0, err: "" })
  expect(waiting.out).toMatch(/^candidate 1 {2}acme\/intent:stable, /)
  expect(waiting.out).toContain("try 2 of its epoch, 1 accepted before; to be better at shop/messages")
  expect(waiting.out).toContain("left out: shop/images: It asks for an image.")
  expect(waiting.out).toContain("1 worker there, 3 needed; 0 jobs done, 1 open")
  expect(waiting.out).toMatch(/checking\. Two workers are missing\.$/)
  hub.views.splice(0, 1, RUNNING)
  expect((await brain(["candidate", "1"])).out).toMatch(/shop\/messages +64 +3 +60 +1 +\+3\.13 +0\.5 /)
  expect(JSON.parse((await brain(["candidate", "1", "--json"])).out)).toEqual(RUNNING)
})

test("it waits until the hub has decided, and the exit code says what for", async () => {
  for (const [state, code] of [
    ["accepted", 0],
    ["refused", 1],
    ["overtaken", 1],
  ] as const) {
    hub.views.splice(0, 9, WAITING, RUNNING, decided(state))
    const { code: found, out, progress, stopped } = await brain(["candidate", "1", "--wait"])
    expect(found).toBe(code)
    expect(out).toContain(`${state}: `)
    expect(stopped).toContain("The hub goes on; see how it went: brain candidate 1 --from http://")
    expect(progress).toEqual([
      "checking: Two workers are missing.",
      expect.stringMatching(/^64 items {2}shop\/messages ██░{6} /),
    ])
  }
})

test("those of a module are listed; a hub that does not know it says so", async () => {
  hub.views.push(decided("accepted"), WAITING)
  const { code, out } = await brain(["candidate", "acme/intent"])
  expect([code, out.split("\n").length]).toEqual([0, 2])
  expect(out).toMatch(/^ +1 .* accepted: better after 64 items\. So it is\./)
  hub.views.splice(0, 9, WAITING, WAITING, decided("refused"))
  expect(await brain(["candidate", "acme/intent", "--wait"])).toMatchObject({
    code: 1,
    out: expect.stringContaining("refused: harmful after 64 items."), // the newest, once it is decided
  })
  hub.says = () => ({ status: 404, json: { code: "OB737", seen: "Nothing is there.", hint: "Look elsewhere." } })
  hub.says = (_, path) =>
    path === "/api/v1"
      ? undefined
      : { status: 404, json: { code: "OB737", seen: "Nothing is there.", hint: "Look elsewhere." } }
  expect((await brain(["candidate", "9"])).err).toContain("Nothing is there.")
})

test("what a hub says that is no view, or moves the cursor, is not printed", async () => {
  hub.views.push({ ...RUNNING, module: "acme/intent\u001b[2J" })
  const { code, out, err } = await brain(["candidate", "1"])
  expect([code, out]).toEqual([1, ""])
  expect(err).toContain("error[OB743]")
  expect(err).not.toContain("\u001b")
})

test("a push that has to pass the gate is told by its number, and --wait ends with the verdict", async () => {
  hub.says = (method, path) =>
    path === "/api/v1/pushes"
      ? { status: 202, json: { candidate: 1, index: 1 } }
      : path.endsWith("/tags") && method === "GET"
        ? { status: 200, json: { tags: [] } }
        : undefined
  const desk = join(desks, "desk")
  const told = await brain(["push", desk, "acme/intent:stable"])
  expect(told).toMatchObject({ code: 0, err: "" })
  expect(told.out).toContain(`See how it goes: brain candidate 1 --from ${hub.fake.address}`)
  hub.views.push(RUNNING, decided("refused"))
  const waited = await brain(["push", desk, "acme/intent:stable", "--wait"])
  expect(waited.code).toBe(1)
  expect(waited.out).toMatch(/refused: harmful after 64 items\. So it is\.$/)
  const json = await brain(["push", desk, "acme/intent:stable", "--wait", "--json"])
  expect(JSON.parse(json.out)).toMatchObject({ is: "candidate", candidate: "1", view: { state: "refused" } })
})

test("a push that is sent once more, as after Ctrl-C, is told by the candidate that it is", async () => {
  const again = { code: "OB734", seen: "This very push was sent before.", hint: "Wait.", state: { candidate: 1 } }
  hub.says = (method, path) =>
    path === "/api/v1/pushes"
      ? { status: 409, json: again }
      : path.endsWith("/tags") && method === "GET"
        ? { status: 200, json: { tags: [] } }
        : undefined
  hub.views.push(RUNNING, decided("accepted"))
  const waited = await brain(["push", join(desks, "desk"), "acme/intent:stable", "--wait"])
  expect(waited).toMatchObject({ code: 0, err: "" })
  expect(waited.out).toMatch(/the push is candidate 1, [\s\S]*accepted: better after 64 items/)
  // Where it is none, what the hub says is told.
  const says = hub.says
  hub.says = (method, path) => (path.startsWith("/api/v1/candidates/") ? { status: 404, json: {} } : says(method, path))
  const refused = await brain(["push", join(desks, "desk"), "acme/intent:stable"])
  expect(refused.err).toContain("error[OB734]")
})
