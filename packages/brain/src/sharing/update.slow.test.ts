import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { endHubs, startHub } from "../../../hub/src/testing/hub.ts"
import { dataFolder, ENDLESS, generatorFolder, SWAPPED } from "../benchmarks/testing/folders.ts"
import { editModule } from "../edit.ts"
import { newKey } from "../keys/keys.ts"
import { artifactOf } from "../store/artifact.ts"
import { openMine } from "../store/mine.ts"
import { codesOf } from "../store/testing/artifacts.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { add } from "./add.ts"
import { push } from "./push.ts"
import { newPerson, type Person } from "./testing/people.ts"
import { type Updated, type UpdateOptions, update } from "./update.ts"

let desks: string
beforeAll(async () => {
  desks = mkdtempSync(join(tmpdir(), "brain-update-"))
  await teachDesk(desks)
  await editModule(at("desk"), [{ edit: "scale", name: "bias", by: 1 }], at("alike"))
  await editModule(at("desk"), SWAPPED, at("swapped"))
  const renamed = [["parcel", "post"]] as const
  await editModule(at("desk"), [{ edit: "labels", called: renamed }], at("renamed"))
})
afterAll(() => rmSync(desks, { recursive: true, force: true }))
const at = (name: string): string => join(desks, name)

let [ann, bob]: readonly Person[] = []
let [stick, home, letters]: readonly string[] = []
beforeEach(async () => {
  ann = newPerson()
  bob = newPerson()
  home = temporary()
  stick = join(temporary(), "stick")
  letters = join(home, "letters.brain")
  ann.become()
  await newKey("me")
  await give("desk", "acme/desk")
  await give("desk", "acme/other")
  await give("desk", "acme/desk:beta")
  bob.become()
  for (const name of ["acme/desk", "acme/desk:beta", "acme/other"]) await add(name, { from: stick! })
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await endHubs()
})
const give = (folder: string, name: string) => push(at(folder), name, { to: stick! })
const QUESTIONS =
  "message,label\nwhere is my parcel,parcel\nrefund me please,refund\nmy parcel is late,parcel\nmoney back please,refund\n"
/** Bob's brain, of one part or of two, with a suite of four questions that nobody else sees. */
async function lettersWith(uses: string, more = ""): Promise<void> {
  const [name, second] = [...uses.matchAll(/use (\w+)/g)].map(([, each]) => each!)
  const also = second ? `gives also: label { parcel refund }\n also is ${second} of message` : ""
  writeFileSync(
    letters!,
    `brain letters {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n ${uses}\n kind is ${name} of message\n ${also}\n ${more}\n}\n`,
  )
  mkdirSync(join(home!, "letters.tests"))
  dataFolder(join(home!, "letters.tests"), QUESTIONS)
  expect(await brain(["lock", letters!])).toMatchObject({ err: "", code: 0 })
}
const lockText = (): string => readFileSync(join(home!, "letters.lock"), "utf8")
const digestOf = async (folder: string): Promise<string> => (await artifactOf(at(folder))).artifact.digest
async function annGives(folder: string, name = "acme/desk"): Promise<void> {
  ann!.become()
  await give(folder, name)
  bob!.become()
}
const updated = (options: UpdateOptions = {}): Promise<Updated> => update(letters!, { from: stick!, ...options })
const became = ({ modules }: Updated) => modules.map(({ source, is }) => [source, is])

const DESK = 'use desk from "acme/desk"'

test("what answers alike is taken: the lock names it, and nothing else in it changes", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  const before = lockText()
  expect(became(await updated())).toEqual([
    ["acme/desk", "same"],
    ["acme/other", "same"],
  ])
  await annGives("alike")
  const found = await updated()
  expect(became(found)).toEqual([
    ["acme/other", "same"],
    ["acme/desk", "taken"],
  ])
  expect(found.suites).toEqual([join(home!, "letters.tests", "questions")])
  expect(found.modules[1]!.trial).toMatchObject({ accepted: true, items: 4, better: 0, broken: [] })
  const [line] = before.split("\n").filter((each) => each.includes('"acme/desk"'))
  expect(lockText()).toBe(before.replace(line!, line!.replace(await digestOf("desk"), await digestOf("alike"))))
  expect(became(await updated()).map(([, is]) => is)).toEqual(["same", "same"])
  expect(await brain(["check", letters!])).toMatchObject({ code: 0 })
})

test("what breaks an item is refused, with what was asked and what both say; lock and store stay as they were", async () => {
  await lettersWith(DESK)
  const before = lockText()
  await annGives("swapped")
  const { modules } = await updated()
  expect(modules).toMatchObject([{ source: "acme/desk", is: "refused", to: await digestOf("swapped") }])
  const { trial } = modules[0]!
  expect(trial!.broken.length).toBeGreaterThan(0)
  expect(trial!.broken[0]).toMatchObject({ inputs: [expect.any(String)], expected: expect.any(String) })
  expect(trial!.broken[0]!.old).not.toBe(trial!.broken[0]!.new)
  expect(lockText()).toBe(before)
  const mine = await openMine()
  expect((await mine.resolve("acme/desk", "edge"))!.digest).toBe(await digestOf("desk"))
  expect([...(await mine.tags("acme/desk"))].sort()).toEqual(["beta", "edge"])
})

test("ports that do not fit are a reason, and the next module is tried all the same", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  await annGives("renamed")
  await annGives("alike", "acme/other")
  const { modules } = await updated()
  expect(modules).toMatchObject([
    { source: "acme/desk", is: "refused", problem: { code: expect.stringMatching(/^OB/) } },
    { source: "acme/other", is: "taken" },
  ])
  expect(lockText()).toContain(await digestOf("desk"))
  expect(lockText()).toContain(await digestOf("alike"))
})

test("a trial run says what would be, and changes nothing; named modules are tried alone", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  await annGives("alike")
  await annGives("alike", "acme/other")
  const before = lockText()
  expect(became(await updated({ isDryRun: true, modules: ["acme/other"] }))).toEqual([["acme/other", "taken"]])
  expect(lockText()).toBe(before)
  expect((await (await openMine()).resolve("acme/other", "edge"))!.digest).toBe(await digestOf("desk"))
  expect(became(await updated({ modules: ["acme/desk"] }))).toEqual([["acme/desk", "taken"]])
  expect(became(await updated())).toEqual([
    ["acme/desk", "same"],
    ["acme/other", "taken"],
  ])
})

test("each tag is a name of its own, wherever in the brain's files it stands", async () => {
  writeFileSync(
    join(home!, "inner.brain"),
    'brain inner {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use desk from "acme/desk:beta"\n kind is desk of message\n}\n',
  )
  await lettersWith(`use inner from "./inner.brain" use desk from "acme/desk"`)
  await annGives("swapped")
  await annGives("swapped", "acme/desk:beta")
  const { modules } = await updated()
  // The suite asks for what the inner one says.
  expect(modules.map(({ source, is }) => [source, is])).toEqual([
    ["acme/desk", "taken"],
    ["acme/desk:beta", "refused"],
  ])
})

test("what a brain names and what --on names are asked too; a generator stands for itself by 1000 items", async () => {
  generatorFolder(home!, ENDLESS)
  await lettersWith(DESK, 'benchmark "./generated"')
  const extra = dataFolder(temporary(), QUESTIONS)
  await annGives("alike")
  const { suites, modules } = await updated({ on: [extra] })
  expect(suites).toEqual([join(home!, "generated"), join(home!, "letters.tests", "questions"), extra])
  expect(modules[0]!.trial).toMatchObject({ accepted: true, items: 1000 + 4 + 4 })
})

test("what the gate accepts is taken though single items break", async () => {
  const wrongAtTimes = ENDLESS.replace("expected: isParcel", "expected: isParcel === index % 50 > 0")
  generatorFolder(home!, wrongAtTimes)
  ann!.become()
  await give("swapped", "acme/desk")
  bob!.become()
  await add("acme/desk", { from: stick! })
  await lettersWith(DESK)
  rmSync(join(home!, "letters.tests"), { recursive: true })
  await annGives("desk")
  const { modules } = await updated({ on: [join(home!, "generated")] })
  expect(modules[0]).toMatchObject({ is: "taken", trial: { verdict: { kind: "better" } } })
  expect(modules[0]!.trial!.broken.length).toBeGreaterThan(0)
})

test("a brain without a lock: OB780; a module that it does not pin: OB781; nothing to judge by: OB782", async () => {
  await lettersWith(DESK)
  expect(await codesOf(updated({ modules: ["acme/dusk"] }))).toBe("OB781")
  rmSync(join(home!, "letters.tests"), { recursive: true })
  await annGives("alike")
  expect(await codesOf(updated())).toBe("OB782")
  rmSync(join(home!, "letters.lock"))
  expect(await codesOf(updated())).toBe("OB780")
})

test("a lock that somebody else writes meanwhile is theirs", async () => {
  await lettersWith(DESK)
  await annGives("alike")
  const other = lockText().replace(await digestOf("desk"), await digestOf("swapped"))
  const onItem = (_: string, done: number): void =>
    void (done === 4 && writeFileSync(join(home!, "letters.lock"), other))
  const { modules } = await updated({ onItem })
  expect(modules).toMatchObject([
    { is: "refused", trial: { because: expect.stringContaining("was changed meanwhile") } },
  ])
  expect(lockText()).toBe(other)
})

test("nobody's signature, or one of a stranger, refuses the module, not the others", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  const stranger = newPerson()
  stranger.become()
  await newKey("me")
  await give("alike", "acme/desk")
  await annGives("alike", "acme/other")
  const { modules } = await updated()
  expect(modules).toMatchObject([
    { source: "acme/desk", is: "refused", problem: { code: "OB726" } },
    { source: "acme/other", is: "taken" },
  ])
})

test("interrupted in a trial it can be run again, and meanwhile nothing changed", async () => {
  await lettersWith(DESK)
  await annGives("alike")
  const before = lockText()
  const onItem = (): void => {
    throw new Error("the machine went off")
  }
  await expect(updated({ onItem })).rejects.toThrow("went off")
  expect(lockText()).toBe(before)
  expect((await (await openMine()).resolve("acme/desk", "edge"))!.digest).toBe(await digestOf("desk"))
  expect(became(await updated())).toEqual([["acme/desk", "taken"]])
})

test("private suites stay at home: a push of the brain takes none of them", async () => {
  await lettersWith(DESK)
  const { files } = await artifactOf(letters!)
  expect([...files.keys()].sort()).toEqual(["brain.lock", "module.brain"])
})

test("the command asks on a terminal, tells what became of each, and exits with 1 when one was refused", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  await annGives("swapped")
  await annGives("alike", "acme/other")
  const no = await brain(["update", letters!, "--from", stick!], { isTerminal: true, input: "n\n" })
  expect(no).toMatchObject({ code: 0, out: expect.stringContaining("not tried") })
  const { code, out, progress } = await brain(["update", letters!, "--from", stick!])
  expect(code).toBe(1)
  expect(out).toMatch(/acme\/desk {2}refused\n .*got worse/)
  expect(out).toMatch(/letters\.tests\/questions: "[a-z ]+" is \w+; the old says \w+, the new \w+/)
  expect(out).toMatch(/acme\/other {2}taken\n {2}Of 4 items none got worse/)
  expect(progress.some((line) => line.startsWith("Trying acme/desk: "))).toBe(true)
  const again = await brain(["update", letters!, "acme/other", "--from", stick!, "--json"])
  expect(again.code).toBe(0)
  expect(JSON.parse(again.out)).toMatchObject({ modules: [{ source: "acme/other", is: "same" }] })
})

test("a hub is a place like any other, and the one that BRAIN_HUB names is the usual one", async () => {
  await lettersWith(DESK)
  const { url } = await startHub()
  ann!.become()
  expect((await brain(["key", "claim", "acme", "--to", url])).code).toBe(0)
  await push(at("alike"), "acme/desk", { to: url })
  bob!.become()
  vi.stubEnv("BRAIN_HUB", url)
  expect(became(await update(letters!))).toEqual([["acme/desk", "taken"]])
  expect(lockText()).toContain(await digestOf("alike"))
})

test("brain why takes names of the store, and tells of its files by that name", async () => {
  await lettersWith(DESK)
  await newKey("me")
  await push(letters!, "bob/letters", { to: stick! })
  const { code, out } = await brain(["why", "bob/letters", "kind"])
  expect(code).toBe(0)
  expect(out).toContain("bob/letters/module.brain:6")
  expect(await brain(["why", "bob/lettres", "kind"])).toMatchObject({ code: 1, err: expect.stringContaining("OB616") })
  const net = await brain(["why", "acme/desk", "kind"])
  expect(net.err).toContain("acme/desk holds no brain")
})

test("a private suite may be a file of rows: its columns are the inputs of the brain, and what it should say", async () => {
  await lettersWith(`${DESK} use other from "acme/other"`)
  rmSync(join(home!, "letters.tests", "questions"), { recursive: true })
  const file = join(home!, "letters.tests", "mine.csv")
  writeFileSync(file, "message,also\nwhere is my parcel,parcel\nrefund me please,refund\n")
  await annGives("swapped", "acme/other") // `also` is what it says
  await annGives("swapped") // `kind`, which the file does not ask for
  const { suites, modules } = await updated()
  expect(suites).toEqual([file])
  expect(modules.map(({ source, is }) => [source, is])).toEqual([
    ["acme/desk", "taken"],
    ["acme/other", "refused"],
  ])
  writeFileSync(file, "message,wrong\nx,y\n")
  expect(await codesOf(updated())).toBe("OB753")
})
