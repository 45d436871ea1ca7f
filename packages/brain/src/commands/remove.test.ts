import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { add } from "../sharing/add.ts"
import { newPerson } from "../sharing/testing/people.ts"
import { collect } from "../store/collect.ts"
import { openMine } from "../store/mine.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-remove-"))
  await teachDesk(desks)
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))
afterEach(() => vi.unstubAllEnvs())

let shop: string
/** A brain in the store that is locked to a module of it. */
beforeEach(async () => {
  newPerson().become()
  shop = join(temporary(), "shop")
  mkdirSync(shop)
  writeFileSync(
    join(shop, "module.brain"),
    'brain shop {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use desk from "acme/desk"\n kind is desk of message\n}\n',
  )
  await brain(["key", "new"])
  expect((await brain(["push", join(desks, "desk"), "acme/desk"])).err).toBe("")
  expect((await brain(["lock", shop])).err).toBe("")
  expect((await brain(["push", shop, "acme/shop"])).err).toBe("")
})
const LATER = { youngMs: 1, nowMs: Date.now() + 1e9 }

test("what a brain in the store is locked to is not taken away: OB773; with --force its name is, and the brain runs on", async () => {
  const { err, code } = await brain(["rm", "acme/desk"])
  expect(err).toContain("error[OB773]: acme/shop:edge in your store uses acme/desk")
  expect(code).toBe(1)
  expect((await brain(["rm", "acme/desk", "--force"])).out).toContain("1 name taken away: acme/desk:edge.")
  await collect(await openMine(), LATER)
  expect((await brain(["ask", shop, "where is my parcel"])).out).toContain("parcel")
  expect((await brain(["rm", "acme/shop"])).err).toBe("")
  await collect(await openMine(), LATER)
  expect((await brain(["ask", shop, "where is my parcel"])).err).toMatch(/error\[OB(?:616|712)\]/)
})

test("a tag beside another one, and a module that nothing uses, go as before", async () => {
  await brain(["push", join(desks, "desk"), "acme/desk:beta"])
  expect((await brain(["rm", "acme/desk:beta"])).err).toBe("")
  expect((await brain(["rm", "acme/desk:edge"])).err).toContain("error[OB773]")
  expect((await brain(["rm", "acme/shop"])).err).toBe("")
  expect((await brain(["rm", "acme/desk"])).err).toBe("")
})

test("what came along with a brain stays as long as the brain does", async () => {
  const stick = join(temporary(), "stick")
  expect((await brain(["push", shop, "acme/shop", "--to", stick])).err).toBe("")
  newPerson().become()
  const { uses } = await add("acme/shop", { from: stick })
  expect(uses.length).toBe(1)
  const mine = await openMine()
  await collect(mine, LATER)
  const copy = join(temporary(), "copy")
  expect((await brain(["pull", "acme/shop", "--from", mine.folder, "--into", copy])).err).toBe("")
  expect((await brain(["ask", copy, "where is my parcel"])).out).toContain("parcel")
})
