import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { editModule } from "../edit.ts"
import { teachModule } from "../teach.ts"
import { brain, temporary } from "../testing/command.ts"
import { MESSAGES, teachDesk } from "../testing/lesson.ts"
import { judge } from "./judge.ts"
import { dataFolder, ENDLESS, generatorFolder, SWAPPED } from "./testing/folders.ts"

let folder: string
let [desk, swapped, same, weak, generated, questions] = ["", "", "", "", "", ""]
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-compare-"))
  const at = (name: string): string => join(folder, name)
  ;[desk, swapped, same, weak] = [at("desk"), at("swapped"), at("same"), at("weak")]
  await teachDesk(folder)
  await editModule(desk, SWAPPED, swapped)
  await editModule(desk, [{ edit: "scale", name: "bias", by: 1 }], same)
  const few = MESSAGES.filter(({ split, label }, i) => split !== "train" || label === undefined || i === 0 || i === 4)
  await teachModule({ examples: few, into: weak, name: "weak", recipe: { epochs: 1, buckets: 16, dims: 2 } })
  cpSync(desk, at("copy"), { recursive: true })
  generated = generatorFolder(folder, ENDLESS)
  questions = dataFolder(
    folder,
    "message,label\nwhere is my parcel,parcel\nrefund me please,refund\nmy parcel is late,parcel\n",
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test("one artifact passes at once, and nothing is asked", async () => {
  const { verdict, comparison } = await judge(desk, join(folder, "copy"), [generated])
  expect(verdict).toMatchObject({ kind: "not worse", accepted: true, items: 0 })
  expect(comparison).toBeUndefined()
})

test("another artifact that answers alike passes after 256 items of each, or all that there are", async () => {
  const { verdict, comparison } = await judge(desk, same, [generated, questions])
  expect(verdict).toMatchObject({ kind: "not worse", accepted: true, items: 256 + 3 })
  expect(comparison!.fingerprints.candidate).toBe(comparison!.fingerprints.incumbent)
})

test("a net with its labels swapped is refused as harmful, soon", async () => {
  const { verdict } = await judge(desk, swapped, [generated])
  expect(verdict).toMatchObject({ kind: "harmful", accepted: false, benchmark: generated })
  expect(verdict.items).toBeLessThanOrEqual(48)
})

test("what mends a damaged net is accepted as better", async () => {
  const { verdict, comparison } = await judge(swapped, desk, [generated])
  expect(verdict).toMatchObject({ kind: "better", accepted: true })
  const [{ counts, count }] = comparison!.ran as [(typeof comparison & object)["ran"][number]]
  expect(counts.better + counts.equal + counts.worse).toBe(count)
  expect(counts.better).toBeGreaterThan(counts.worse)
})

test("the same comparison gives the same items, answers and evidence", async () => {
  const [one, other] = [
    await judge(desk, weak, [generated], { seed: 5 }),
    await judge(desk, weak, [generated], { seed: 5 }),
  ]
  const plain = ({ comparison, verdict }: typeof one) => ({
    verdict,
    standing: comparison!.standing,
    ran: comparison!.ran.map(({ benchmark: _, ...rest }) => rest),
  })
  expect(plain(other)).toEqual(plain(one))
})

test("data that do not suffice prove nothing", async () => {
  const { verdict } = await judge(swapped, desk, [questions])
  expect(verdict).toMatchObject({ kind: "unproven", accepted: false, items: 3 })
  expect(verdict.because).toContain("has only 3 items")
})

test("a suite is a folder on disk: a brain is judged by it as it stands in another's place", async () => {
  const help = join(folder, "help.brain")
  writeFileSync(
    help,
    'brain help {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n use intent from "./desk"\n kind is intent of message\n}\n',
  )
  const within = { brain: help, use: "intent" }
  expect((await judge(desk, swapped, [generated], { within })).verdict.kind).toBe("harmful")
  expect((await judge(desk, same, [generated], { within })).verdict.accepted).toBe(true)
  await expect(judge(desk, same, [generated], { within: { brain: help, use: "mood" } })).rejects.toThrow("error[OB758]")
})

test("brain compare prints what came out, as JSON too, and its exit code says whether it is accepted", async () => {
  const refused = await brain(["compare", desk, swapped, "--on", generated])
  expect(refused.code).toBe(1)
  expect(refused.out).toContain("refused: harmful after")
  expect(refused.progress.length).toBeGreaterThan(0)
  const { code, out } = await brain(["compare", desk, same, "--on", generated, "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    verdict: { kind: "not worse", accepted: true },
    benchmarks: [{ items: 256 }],
  })
  expect((await brain(["compare", desk, same, "--on", generated, "--in", "x.brain"])).code).toBe(2)
})

test("what is smaller and not worse passes as simpler; what is not smaller is refused before it is run", async () => {
  const large = join(temporary(), "large")
  await teachModule({ examples: MESSAGES, into: large, name: "large", recipe: { epochs: 8, buckets: 4096, dims: 8 } })
  const { code, out } = await brain(["compare", large, desk, "--on", generated, "--simpler", "--json"])
  const { saved, verdict } = JSON.parse(out) as {
    readonly saved: readonly { readonly what: string; readonly candidate: number; readonly incumbent: number }[]
    readonly verdict: { readonly kind: string; readonly accepted: boolean }
  }
  expect(saved.map(({ what }) => what)).toEqual(["bytes", "operations", "memoryBytes"])
  expect(saved[0]!.candidate).toBeLessThan(0.95 * saved[0]!.incumbent)
  expect(verdict).toMatchObject({ accepted: true })
  expect(code).toBe(0)
  const refused = await brain(["compare", desk, large, "--on", generated, "--simpler"])
  expect(refused.err).toContain("error[OB756]")
  expect(refused.progress).toEqual([])
})
