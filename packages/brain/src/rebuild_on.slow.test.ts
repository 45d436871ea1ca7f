import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { dataFolder } from "./benchmarks/testing/folders.ts"
import { fetchingFrom } from "./data/fetch.ts"
import { newKey } from "./keys/keys.ts"
import { rebuildOn } from "./rebuild_on.ts"
import { newPerson } from "./sharing/testing/people.ts"
import { readModule } from "./store/folder.ts"
import { brain, temporary } from "./testing/command.ts"
import { CSV } from "./testing/lesson.ts"

// The nets are small, and from scratch.
vi.mock("./services.ts", () => ({ firstParty: () => undefined, defaultBase: () => undefined }))

let home: string
beforeEach(async () => {
  home = temporary()
  newPerson().become()
  await newKey("me")
  dataSet("shop", CSV)
  expect((await brain(["teach", at("shop"), "--into", at("desk"), "--base", "none"])).err).toBe("")
})
afterEach(() => vi.unstubAllEnvs())
const at = (name: string): string => join(home, name)
/** A data set called shop, of these messages. */
function dataSet(folder: string, csv: string, name = "shop"): void {
  mkdirSync(at(folder))
  writeFileSync(at(`${folder}/messages.csv`), csv)
  writeFileSync(
    at(`${folder}/module.brain`),
    `dataset ${name} {\n about "Messages"\n licence "CC0-1.0"\n attribution "A. Person"\n file "messages.csv" {\n bytes ${csv.length}\n digest ${digest(csv)}\n url "http://127.0.0.1:1/messages.csv"\n }\n read "messages.csv" as csv\n}\n`,
  )
}
const MORE = `${CSV}did my parcel leave,parcel,train\npay me back the money,refund,train\n`
interface Rebuilt {
  readonly name: string
  readonly brain?: string
  readonly into?: string
  readonly is: string
  readonly problem?: { readonly code: string }
  readonly trial?: { readonly broken: readonly unknown[] }
}
async function rebuilt(
  ...words: readonly string[]
): Promise<{ readonly code: number; readonly all: readonly Rebuilt[] }> {
  const { code, out, err } = await brain(["rebuild", ...words, "--json"])
  expect(err).toBe("")
  return { code, all: (JSON.parse(out) as { readonly rebuilt: readonly Rebuilt[] }).rebuilt }
}

test("other data by the same recipe give a net that says so, and is compared on what they hold out", async () => {
  dataSet("newer", MORE)
  const { code, all } = await rebuilt(at("desk"), "--data", at("newer"), "--into", at("next"))
  expect(all).toMatchObject([{ name: at("desk"), into: at("next"), trial: { items: expect.any(Number) } }])
  expect(code).toBe(all[0]!.is === "accepted" ? 0 : 1)
  const [old, next] = [await readModule(at("desk")), await readModule(at("next"))]
  expect(next.parts["recipe.json"]).toEqual(old.parts["recipe.json"])
  expect(next.manifest.built.data).toMatchObject([{ name: "shop" }])
  expect(next.manifest.built.data[0]!.digest).not.toBe(old.manifest.built.data[0]!.digest)
  expect(next.manifest.built).toMatchObject({ seed: old.manifest.built.seed })
  expect(next.parts["weights.safetensors"]).not.toEqual(old.parts["weights.safetensors"])
  // The same data give the same bits, by the way that a lesson takes.
  expect(await brain(["rebuild", at("next"), "--data", at("newer")])).toMatchObject({ code: 0 })
  await rebuilt(at("desk"), "--data", at("newer"), "--into", at("again"))
  expect((await readModule(at("again"))).digest).toBe(next.digest)
  expect((await rebuilt(at("desk"), "--data", at("shop"), "--into", at("same"))).all).toMatchObject([
    { is: "same data" },
  ])
})

test("one recipe alone is tried, on the base that the old net was learnt on from, and its seed", async () => {
  expect((await brain(["teach", at("shop"), "--into", at("onward"), "--base", at("desk")])).err).toBe("")
  const old = await readModule(at("onward"))
  expect(old.manifest.built.base?.digest).toBe((await readModule(at("desk"))).digest)
  dataSet("newer", MORE)
  const phases = new Set<string>()
  const onTeach = () => (now: { readonly phase: string }) => void phases.add(now.phase)
  await rebuildOn([at("onward")], { data: at("newer"), into: at("next"), fetching: fetchingFrom(), onTeach })
  expect(phases).toContain("trying base, part 1 of 5")
  expect([...phases].filter((each) => /scratch|smaller/.test(each))).toEqual([])
  const next = await readModule(at("next"))
  expect(next.parts["recipe.json"]).toEqual(old.parts["recipe.json"])
  expect(next.manifest.built.base).toEqual(old.manifest.built.base)
})

test("data that turn labels around are refused, with what broke; the old net stays", async () => {
  const turned = CSV.replaceAll(",parcel,", ",PARCEL,")
    .replaceAll(",refund,", ",parcel,")
    .replaceAll(",PARCEL,", ",refund,")
  dataSet("turned", turned)
  const suite = dataFolder(home, "message,label\nwhere is my parcel,parcel\nrefund me please,refund\n")
  const before = readFileSync(at("desk/module.brain"))
  const { code, all } = await rebuilt(at("desk"), "--data", at("turned"), "--into", at("next"), "--on", suite)
  expect(code).toBe(1)
  expect(all).toMatchObject([{ is: "refused", trial: { accepted: false } }])
  expect(all[0]!.trial!.broken).toContainEqual(
    expect.objectContaining({ inputs: ["where is my parcel"], expected: "parcel" }),
  )
  expect(readFileSync(at("desk/module.brain"))).toEqual(before)
})

test("what depends on a data set is rebuilt: in the store, and within the brains that are named, by their own suites", async () => {
  const fine = async (...words: readonly string[]): Promise<void> => {
    const { code, err } = await brain(words)
    expect(code, err).toBe(0)
  }
  await fine("teach", at("shop/messages.csv"), "--into", at("apart"), "--base", "none")
  await fine("push", at("desk"), "me/desk", "--to", at("shelf"))
  await fine("push", at("apart"), "me/apart", "--to", at("shelf"))
  dataSet("newer", MORE)
  const store = await rebuilt("--data", at("newer"), "--into", at("candidates"))
  expect(store.all).toMatchObject([{ name: "me/desk:edge", into: join(home, "candidates", "me-desk-edge") }])
  writeFileSync(
    at("help.brain"),
    'brain help {\n about "x" licence "CC0-1.0"\n takes message: text up to 200 bytes\n gives kind: label { parcel refund }\n gives also: label { parcel refund }\n use desk from "me/desk"\n use other from "./apart"\n kind is desk of message\n also is other of message\n}\n',
  )
  mkdirSync(at("help.tests"))
  dataFolder(at("help.tests"), "message,label\nwhere is my parcel,parcel\nrefund me please,refund\n")
  const within = await rebuilt(at("help.brain"), "--data", at("newer"), "--into", at("within"))
  expect(within.all).toMatchObject([{ name: "me/desk", brain: at("help.brain"), trial: { items: 2 } }])
})

test("OB784: nothing that learnt from it, a net that was edited, and one that would be written over", async () => {
  dataSet("other", MORE, "other")
  const codes = async (...words: readonly string[]) => {
    const { out, err } = await brain(["rebuild", ...words, "--json"])
    return err === ""
      ? (JSON.parse(out) as { rebuilt: readonly Rebuilt[] }).rebuilt[0]!.problem?.code
      : /OB\d+/.exec(err)![0]
  }
  expect(await codes("--data", at("other"), "--into", at("next"))).toBe("OB784")
  expect(await codes(at("desk"), "--data", at("other"), "--into", at("desk"))).toBe("OB784")
  await brain(["edit", at("desk"), "--scale", "bias", "1", "--into", at("edited")])
  expect(await codes(at("edited"), "--data", at("other"), "--into", at("next"))).toBe("OB784")
})

test("words that do not go together are told", async () => {
  for (const words of [["--into", "x", "desk"], ["desk", "--on", "b"], [], ["one", "two"]])
    expect((await brain(["rebuild", ...words])).code, words.join(" ")).toBe(2)
})
