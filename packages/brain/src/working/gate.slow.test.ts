import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { CandidateView } from "@open-brains/core/commons/candidate.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { ENDLESS, generatorFolder, SWAPPED } from "../benchmarks/testing/folders.ts"
import { editModule } from "../edit.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import type { Hub } from "../registry/hub.ts"
import { needHub, openPlace } from "../registry/open.ts"
import { artifactOf } from "../store/artifact.ts"
import { brain } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { openPauses } from "./pause.ts"
import { lying } from "./testing/liar.ts"
import { workFor } from "./work.ts"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const OWNERS = ["acme", "shop"] as const
const WORKERS = ["one", "two", "three", "four"] as const

let folder: string
let [good, bad, alike] = ["", "", ""]
let hub: ChildProcess
let url: string
const stub = (): void => {
  vi.stubEnv("XDG_CONFIG_HOME", join(folder, "config"))
  vi.stubEnv("BRAIN_STORE", join(folder, "store"))
  vi.stubEnv("BRAIN_HUB", url ?? "")
}
const does = async (...words: readonly string[]): Promise<string> => {
  const { code, out, err } = await brain(words)
  expect([code, err], `${words.join(" ")}\n${out}`).toEqual([0, ""])
  return out
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-gate-"))
  ;[good, bad, alike] = [join(folder, "desk"), join(folder, "bad"), join(folder, "alike")]
  stub()
  hub = spawn(process.execPath, [MAIN, "hub", "--folder", join(folder, "hub"), "--port", "0", "--json"])
  const lines = createInterface({ input: hub.stdout! })
  url = await new Promise<string>((done) =>
    lines.once("line", (line) => done((JSON.parse(line) as { url: string }).url)),
  )
  stub()
  await teachDesk(folder)
  await editModule(good, SWAPPED, bad)
  await editModule(good, [{ edit: "scale", name: "bias", by: 1 }], alike)
  for (const name of [...OWNERS, ...WORKERS]) await newKey(name)
  for (const name of OWNERS) await does("key", "claim", name, "--key", name, "--to", url)
  await does("push", bad, "acme/intent:stable", "--key", "acme")
  await does("push", generatorFolder(folder, ENDLESS), "shop/messages:stable", "--key", "shop")
  const help = join(folder, "help")
  mkdirSync(help)
  writeFileSync(
    join(help, "module.brain"),
    'brain help {\n about "x" licence "CC0-1.0"\n benchmark "shop/messages"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use intent from "acme/intent"\n kind is intent of message\n}\n',
  )
  await does("lock", help)
  await does("push", help, "shop/help:stable", "--key", "shop")
}, 60_000)
afterEach(stub)
afterAll(async () => {
  hub.kill("SIGTERM")
  await new Promise((done) => hub.once("exit", done))
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

/** Workers of these names, until `during` has ended. */
async function withWorkers<T>(
  names: readonly string[],
  during: () => Promise<T>,
  wrap: (hub: Hub, signer: Signer, name: string) => Hub = (hub) => hub,
): Promise<T> {
  const stop = new AbortController()
  const { registry, ...place } = await openPlace(url)
  const working = names.map((name) =>
    workFor({
      hub: wrap(needHub({ registry, ...place }, "have work"), signerOf(name), name),
      registry,
      signer: signerOf(name),
      signal: stop.signal,
      idle: openPauses(20, 200),
      away: openPauses(20, 200),
    }).catch((error: Error) => error),
  )
  try {
    return await during()
  } finally {
    stop.abort()
    await Promise.all(working)
  }
}
const stable = async (): Promise<string | undefined> => {
  const { registry } = await openPlace(url)
  return (await registry.resolve("acme/intent", "stable"))?.digest
}
const pushes = async (path: string) => {
  const { code, out } = await brain(["push", path, "acme/intent:stable", "--key", "acme", "--wait", "--json"])
  return { code, view: (JSON.parse(out) as { view: CandidateView }).view }
}

test("three workers show that a candidate is better, and the tag moves; one that is worse is refused", async () => {
  const told = await brain(["push", good, "acme/intent:stable", "--key", "acme"])
  expect(told.out).toMatch(/the push is candidate \d+.*\nSee how it goes: brain candidate \d+ --from http/)
  const id = /candidate (\d+)/.exec(told.out)![1]!
  const before = JSON.parse(await does("candidate", id, "--json")) as CandidateView
  expect(["waiting", "checking"]).toContain(before.state)
  const out = await withWorkers(WORKERS.slice(0, 3), () => does("candidate", id, "--wait"))
  expect(out).toMatch(/shop\/messages.*\n.*needed: .*\naccepted: better after \d+ items/)
  expect(await stable()).toBe((await artifactOf(good)).artifact.digest)

  const { code, view } = await withWorkers(WORKERS.slice(0, 3), () => pushes(bad))
  expect([code, view.state, view.verdict?.kind]).toEqual([1, "refused", "harmful"])
  expect(view.verdict?.benchmark).toBe("shop/messages")
  expect(await stable()).toBe((await artifactOf(good)).artifact.digest)
  expect((await brain(["candidate", "acme/intent"])).out).toMatch(/refused: harmful.*\n.*accepted: better/)
}, 120_000)

test("a worker that makes up an answer is caught, marked and replaced, and the candidate passes all the same", async () => {
  const items: number[] = []
  let said = ""
  hub.stderr!.on("data", (part) => {
    said += `${part}`
  })
  const { code, view } = await withWorkers(
    WORKERS,
    () => pushes(alike),
    (hub, signer, name) => (name === "two" ? lying(hub, signer, (item) => items.push(item)) : hub),
  )
  expect([code, view.state, view.verdict?.kind]).toEqual([0, "accepted", "not worse"])
  const workers = (await (await fetch(`${url}/api/v1/workers`)).json()) as { key: string; marks: number }[]
  const marks = new Map(workers.map(({ key, marks }) => [key, marks]))
  expect(items.length).toBeGreaterThan(0)
  expect(said).toMatch(new RegExp(`^referee: job .* shop/messages item ${items[0]} .* 1 equal`, "m"))
  expect(WORKERS.map((name) => marks.get(signerOf(name).key))).toEqual([0, 1, 0, 0])
  const { registry, ...place } = await openPlace(url)
  await expect(
    workFor({
      hub: needHub({ registry, ...place }, "have work"),
      registry,
      signer: signerOf("two"),
      signal: new AbortController().signal,
    }),
  ).rejects.toThrow("was found to be wrong")
}, 120_000)

test("`brain work` ends by itself on Ctrl-C", async () => {
  const child = spawn(process.execPath, [MAIN, "work", "--hub", url, "--key", "one"], {
    env: process.env,
    stdio: ["ignore", "pipe", "inherit"],
  })
  let out = ""
  child.stdout.once("data", () => child.kill("SIGINT"))
  child.stdout.on("data", (part) => {
    out += `${part}`
  })
  expect(await new Promise((done) => child.once("exit", done))).toBe(0)
  expect(out).toMatch(/0 jobs done\.\n$/)
})
