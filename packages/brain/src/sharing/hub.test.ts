import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { endHubs, startHub } from "../../../hub/src/testing/hub.ts"
import { SWAPPED } from "../benchmarks/testing/folders.ts"
import { editModule } from "../edit.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import { readTrust } from "../keys/trust.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { newPerson, type Person } from "./testing/people.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-hub-"))
  await teachDesk(desks)
  await editModule(join(desks, "desk"), SWAPPED, join(desks, "other"))
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))

let [ann, bob, eve]: readonly Person[] = []
let [url, file] = ["", ""]
/** A key of a person, who is then at work. */
async function at(person: Person | undefined): Promise<PublicKey> {
  person!.become()
  vi.stubEnv("BRAIN_HUB", url)
  return signerOf(undefined).key
}
beforeEach(async () => {
  ;({ url } = await startHub())
  file = join(temporary(), "statement.json")
  ;[ann, bob, eve] = [newPerson(), newPerson(), newPerson()]
  for (const each of [eve, bob, ann]) {
    each!.become()
    await newKey("me")
  }
  await at(ann)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await endHubs()
})
const desk = (): string => join(desks, "desk")
const other = (): string => join(desks, "other")
async function done(...words: string[]): Promise<string> {
  const { code, out, err } = await brain(words)
  expect([words, code, err]).toEqual([words, 0, ""])
  return out
}
async function refusedWith(code: string, ...words: string[]): Promise<string> {
  const { err } = await brain(words)
  expect([words, /^error\[(\w+)\]/.exec(err)?.[1]]).toEqual([words, code])
  return err
}
const owner = async (): Promise<unknown> => (await fetch(`${url}/api/v1/namespaces/acme`)).json()
const tagged = async (name = "desk"): Promise<readonly { readonly tag: string; readonly serial: number }[]> =>
  (await (await fetch(`${url}/api/v1/modules/acme/${name}/tags`)).json()) as []

test("keys and threshold of a namespace change by a statement of the next number, signed by those that it had", async () => {
  const first = await at(ann)
  await done("key", "claim", "acme")
  await done("key", "new", "second")
  const second = signerOf("second").key
  const out = await done("key", "claim", "acme", "--key", "me", "--with", "me", "--with", second, "--threshold", "2")
  expect(out).toContain(`2 of ${first}, ${second} speak for acme from now on`)
  expect(await owner()).toEqual({ namespace: "acme", keys: [first, second], threshold: 2, serial: 1 })
  expect(readTrust().keys.get("acme")).toEqual([first, second])
  // One of two is too few, also to take the other one out.
  await refusedWith("OB733", "key", "claim", "acme", "--key", "second")
  const hint = await refusedWith("OB733", "push", desk(), "acme/desk", "--key", "me")
  expect(hint).toContain("--unsigned FILE")
  await done("push", desk(), "acme/desk", "--key", "me", "--key", "second")
  expect(await tagged()).toMatchObject([{ tag: "edge", serial: 1 }])
  expect(await done("push", desk(), "acme/desk", "--key", "me", "--key", "second")).toContain("nothing changed")
  await done("key", "claim", "acme", "--key", "me", "--key", "second", "--with", "second", "--threshold", "1")
  expect(await owner()).toMatchObject({ keys: [second], threshold: 1, serial: 2 })
  expect(readTrust().keys.get("acme")).toEqual([second]) // a key that went is not trusted any more
})

test("a key that was stolen after it went, a stranger's, and an old claim are refused", async () => {
  const first = await at(ann)
  await done("key", "claim", "acme", "--unsigned", file)
  await done("key", "sign", file)
  await done("key", "send", file)
  expect(await owner()).toMatchObject({ keys: [first], serial: 0 })
  await done("key", "new", "second")
  const second = signerOf("second").key
  await done("key", "claim", "acme", "--key", "me", "--with", "second")
  // The old claim again, as whoever recorded it would.
  await refusedWith("OB732", "key", "send", file)
  // Whoever has the old key now.
  await refusedWith("OB733", "key", "claim", "acme", "--key", "me")
  await done("key", "trust", "acme", first)
  await refusedWith("OB733", "push", desk(), "acme/desk", "--key", "me")
  await at(eve)
  await refusedWith("OB733", "key", "claim", "acme")
  expect(await owner()).toMatchObject({ keys: [second], serial: 1 })
  await refusedWith("OB775", "key", "claim", "evil", "--threshold", "2")
})
test("keys that lie on different machines sign one file, a claim or a push, which is sent once enough have", async () => {
  const theirs = await at(bob)
  const mine = await at(ann)
  await done("key", "claim", "acme")
  await done("key", "claim", "acme", "--with", "me", "--with", theirs, "--threshold", "2")
  await done("push", desk(), "acme/desk", "--unsigned", file)
  expect(await tagged().catch(() => [])).not.toMatchObject([{ serial: 1 }])
  await refusedWith("OB774", "key", "send", file)
  expect(await done("key", "sign", file)).toContain("acme/desk:edge stands for sha256:")
  await refusedWith("OB733", "key", "send", file)
  await at(bob)
  await done("key", "sign", file)
  await done("key", "sign", file) // twice is once
  expect(await done("key", "send", file)).toContain("acme/desk:edge stands for")
  expect(await tagged()).toMatchObject([{ tag: "edge", serial: 1 }])
  await refusedWith("OB734", "key", "send", file) // an old push never fits again
  // Whoever takes it sees both.
  await at(eve)
  const added = JSON.parse(await done("add", "acme/desk", "--json"))
  expect(added.signed.keys).toEqual([mine, theirs])
  // And the claim that gives it back to one.
  await at(ann)
  await done("key", "claim", "acme", "--with", theirs, "--threshold", "1", "--unsigned", file)
  await done("key", "sign", file)
  await at(bob)
  await done("key", "sign", file)
  await done("key", "send", file)
  expect(await owner()).toMatchObject({ keys: [theirs], threshold: 1, serial: 2 })
})

test("a file that was changed after it was signed, or is none, is not signed: OB774, OB704, OB705", async () => {
  await done("key", "claim", "acme", "--unsigned", file)
  await done("key", "sign", file)
  const text = readFileSync(file, "utf8")
  const { payload } = JSON.parse(text) as { payload: string }
  const altered = Buffer.from(Buffer.from(payload, "base64").toString().replaceAll("acme", "evil")).toString("base64")
  writeFileSync(file, text.replace(payload, altered))
  await refusedWith("OB774", "key", "sign", file)
  await refusedWith("OB774", "key", "send", file)
  writeFileSync(file, text.replace(payload, Buffer.from("{}").toString("base64")))
  await refusedWith("OB705", "key", "sign", file)
  writeFileSync(file, "{}")
  await refusedWith("OB704", "key", "sign", file)
  writeFileSync(file, " ".repeat(2 ** 20 + 1))
  await refusedWith("OB774", "key", "sign", file)
  expect((await brain(["push", desk(), "acme/desk", "--unsigned", file, "--key", "me"])).code).toBe(2)
})

test("on a terminal it asks before it signs", async () => {
  await done("key", "claim", "acme", "--unsigned", file)
  const before = readFileSync(file, "utf8")
  const { out } = await brain(["key", "sign", file], { isTerminal: true, input: "n\n" })
  expect(out).toContain("speaks for acme from now on")
  expect(out).toContain("Nothing was signed.")
  expect(readFileSync(file, "utf8")).toBe(before)
})

async function shopAt(name: string, use: string): Promise<string> {
  const folder = join(temporary(), name)
  mkdirSync(folder)
  writeFileSync(
    join(folder, "module.brain"),
    `brain ${name} {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use desk from "${use}"\n kind is desk of message\n}\n`,
  )
  await done("lock", folder)
  return folder
}

test("what a brain uses goes along where it is the same owner's, each signed; else it is said who is to push it: OB776", async () => {
  vi.stubEnv("BRAIN_HUB", "")
  await done("push", desk(), "acme/desk")
  const inner = await shopAt("inner", "acme/desk")
  await done("push", inner, "acme/inner")
  const outer = await shopAt("outer", "acme/inner")
  await at(ann)
  await done("key", "claim", "acme")
  const err = await refusedWith("OB776", "push", outer, "acme/outer")
  expect(err).toContain("acme/desk, acme/inner are yours there: push again with --with-uses.")
  const out = await done("push", outer, "acme/outer", "--with-uses")
  expect(out).toContain("acme/desk:edge")
  expect(await tagged("inner")).toMatchObject([{ tag: "edge", serial: 1 }])
  await at(bob)
  await done("add", "acme/outer")
  // A newer one of the same name: what is pinned comes beside it, and the tag stays.
  await at(ann)
  await done("push", other(), "acme/desk")
  vi.stubEnv("BRAIN_HUB", "")
  const net = join(temporary(), "third")
  await editModule(desk(), [{ edit: "scale", name: "bias", by: 1 }], net)
  await done("push", net, "acme/desk")
  const next = await shopAt("next", "acme/desk")
  await at(ann)
  await done("push", next, "acme/next", "--with-uses")
  expect((await tagged()).map(({ tag }) => tag)).toEqual(["edge", expect.stringMatching(/^pinned-[0-9a-f]{12}$/)])
  // Another's: it cannot be sent in their name.
  const shelf = join(temporary(), "shelf")
  await at(bob)
  await done("push", other(), "bob/desk", "--to", shelf)
  await at(ann)
  await done("add", "bob/desk", "--from", shelf)
  const theirs = await shopAt("theirs", "bob/desk")
  expect(await refusedWith("OB776", "push", theirs, "acme/theirs", "--with-uses")).toContain(
    "Ask bob to push bob/desk to",
  )
})
