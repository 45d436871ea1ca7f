import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { newKey } from "../keys/keys.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { newPerson } from "./testing/people.ts"

/** What somebody runs into on the first day. */
let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-newcomer-"))
  await teachDesk(desks)
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))
beforeEach(async () => {
  newPerson().become()
  await newKey("me")
})
afterEach(() => vi.unstubAllEnvs())
const pushed = (name = "acme/desk", ...words: readonly string[]) => brain(["push", join(desks, "desk"), name, ...words])

test("a push without a place goes nowhere, and says so", async () => {
  const { code, out } = await pushed()
  expect(code).toBe(0)
  expect(out).toContain("nowhere: it is in your store alone")
  expect(out).toMatch(/Nobody else has it yet: name a place, --to FOLDER/)
  expect((await pushed("acme/desk", "--to", join(temporary(), "shelf"))).out).not.toContain("Nobody else")
})

test("a module of the store is asked, tested, explained and drawn by its name", async () => {
  await pushed()
  for (const name of ["acme/desk", "acme/desk:edge"])
    expect((await brain(["ask", name, "where is my parcel"])).out).toMatch(/^parcel /)
  expect(await brain(["test", "acme/desk"])).toMatchObject({ code: 0, err: "" })
  expect((await brain(["explain", "acme/desk", "where is my parcel"])).out).toContain("parcel")
  expect((await brain(["explain", "acme/desk", "--stage", "graph"])).code).toBe(0)
  const shop = join(temporary(), "shop.brain")
  const text =
    'brain shop {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use desk from "acme/desk"\n kind is desk of message\n}\n'
  writeFileSync(shop, text)
  expect((await brain(["lock", shop])).err).toBe("")
  expect((await brain(["push", shop, "acme/shop"])).err).toBe("")
  expect((await brain(["trace", "acme/shop", "where is my parcel"])).out).toContain("parcel")
  expect((await brain(["graph", "acme/shop"])).code).toBe(0)
  // Where it was unpacked to is nobody's business.
  const why = await brain(["why", shop, "desk"])
  expect(why.out).toMatch(/net, sha256:[0-9a-f]{12}….*:1$/)
})

test("a name that the store lacks is told with the command that takes it; a path with a typo stays a path", async () => {
  const { code, err } = await brain(["ask", "acme/desk", "where is my parcel"])
  expect(code).toBe(1)
  expect(err).toContain("error[OB616]: There is no module `acme/desk` in your store.")
  expect(err).toContain("brain add acme/desk")
  expect((await brain(["ask", join(desks, "dsk"), "x"])).err).toContain("error[OB150]")
})

test("what was added is told by what it is good for", async () => {
  const shelf = join(temporary(), "shelf")
  const parcels = join(repository, "examples/benchmarks/parcels")
  expect((await brain(["push", parcels, "acme/parcels", "--to", shelf])).err).toBe("")
  expect((await brain(["add", "acme/parcels", "--from", shelf])).out).toMatch(
    /Let a brain live by it: benchmark "acme\/parcels"\nMeasure by it: brain compare OLD NEW --on acme\/parcels$/,
  )
  await pushed("acme/desk", "--to", shelf)
  expect((await brain(["add", "acme/desk", "--from", shelf])).out).toMatch(
    /Ask it: brain ask acme\/desk "a message"\nUse it in a brain: use NAME from "acme\/desk"$/,
  )
})

test("an empty store, and a name that frees no room yet, say why", async () => {
  expect((await brain(["list"])).out).toMatch(
    /^There is nothing in your store yet: .*\nTake a module: brain add NAME --from PLACE$/,
  )
  await pushed()
  expect((await brain(["rm", "acme/desk"])).out).toMatch(/\nNo room is freed now: /)
})

test.each([["candidate", "3"], ["search", "x"], ["work"], ["key", "claim", "acme"]])(
  "without BRAIN_HUB, `%s %s` asks for a hub, not for a folder",
  async (...words) => {
    const { code, err } = await brain(words.filter((word) => word !== undefined))
    expect(code).toBe(1)
    expect(err).toContain("error[OB728]: No hub is named.")
    expect(err).not.toContain("FOLDER")
    expect(err).toContain("set BRAIN_HUB")
  },
)
