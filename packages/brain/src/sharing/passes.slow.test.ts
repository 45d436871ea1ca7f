import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { endHubs, startHub } from "../../../hub/src/testing/hub.ts"
import { writeAttestation } from "../benchmarks/attest.ts"
import { scoreOn, sealScore } from "../benchmarks/score.ts"
import { dataFolder, ENDLESS, generatorFolder, SWAPPED } from "../benchmarks/testing/folders.ts"
import { editModule } from "../edit.ts"
import { newKey, signerOf } from "../keys/keys.ts"
import { artifactOf } from "../store/artifact.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { newPerson } from "./testing/people.ts"

let [folder, desk, swapped, questions, generated]: readonly string[] = []
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-passes-"))
  ;[desk, swapped] = [join(folder, "desk"), join(folder, "swapped")]
  await teachDesk(folder)
  await editModule(desk, SWAPPED, swapped)
  questions = dataFolder(folder, "message,label\nwhere is my parcel,parcel\nrefund me please,refund\nsing a song,\n")
  generated = generatorFolder(folder, ENDLESS)
})
afterAll(() => rmSync(folder!, { recursive: true, force: true }))
beforeEach(async () => {
  newPerson().become()
  await newKey("me")
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await endHubs()
})
async function fine(...words: readonly string[]): Promise<string> {
  const { code, out, err } = await brain(words)
  expect(code, `${words.join(" ")}\n${out}\n${err}`).toBe(0)
  return out
}
const wishesAt = async (place: string): Promise<readonly string[]> =>
  (JSON.parse(await fine("wishes", "--from", place, "--json")) as { wishes: { name: string }[] }).wishes.map(
    ({ name }) => name,
  )

async function wishIsMet(place: string): Promise<void> {
  const { key } = signerOf("me")
  await fine("push", questions!, "acme/questions", "--to", place)
  await fine("push", generated!, "acme/generated", "--to", place)
  await fine("push", swapped!, "acme/desk", "--to", place)
  expect([...(await wishesAt(place))].sort()).toEqual(["acme/generated", "acme/questions"])
  const refused = await brain(["push", swapped!, "acme/desk", "--to", place, "--passes", "acme/questions"])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("error[OB783]") })
  expect([...(await wishesAt(place))].sort()).toEqual(["acme/generated", "acme/questions"])
  const out = await fine("push", desk!, "acme/desk", "--to", place, "--passes", "acme/questions")
  expect(out).toMatch(/passes +acme\/questions: \d\.\d{3} of 3 items, 0\.5 passes; signed/)
  expect(await wishesAt(place)).toEqual(["acme/generated"])
  await fine("push", desk!, "acme/desk", "--to", place, "--passes", generated!) // by its folder, and nothing else is new
  expect(await wishesAt(place)).toEqual([])
  const shown = async (name: string) => JSON.parse(await fine("show", name, "--from", place, "--json")) as object
  expect(await shown("acme/desk")).toMatchObject({ passedBy: [] })
  const { passes } = (await shown("acme/desk")) as { readonly passes: readonly { readonly name: string }[] }
  expect(passes.map(({ name }) => name).sort()).toEqual(["acme/generated", "acme/questions"])
  expect(await shown("acme/questions")).toMatchObject({ passes: [], passedBy: [{ name: "acme/desk", keys: [key] }] })
  expect(await fine("show", "acme/questions", "--from", place)).toMatch(/passed by +acme\/desk/)
}

test("a wish in a folder is met by a push that passes it", async () => {
  await wishIsMet(join(temporary(), "shelf"))
  expect(await fine("show", "acme/desk")).toMatch(/passes +acme\//)
})
test("a wish at a hub is met by a push that passes it", async () => {
  const { url } = await startHub()
  await fine("key", "claim", "acme", "--to", url)
  await wishIsMet(url)
})

test("a folder takes nobody's word for it: the statement is signed, of this benchmark, and reaches its bound", async () => {
  const shelf = join(temporary(), "shelf")
  await fine("push", questions!, "acme/questions", "--to", shelf)
  await fine("push", desk!, "acme/desk", "--to", shelf)
  const missing = await brain(["push", desk!, "acme/desk", "--to", shelf, "--passes", generated!])
  expect(missing).toMatchObject({ code: 1, err: expect.stringContaining("error[OB712]") })
  expect(await wishesAt(shelf)).toEqual(["acme/questions"])
})

test("a score is verified by running it again; one that was made up does not hold", async () => {
  const scored = await scoreOn(desk!, questions!)
  const { statement } = scored
  expect(statement.candidate).toBe((await artifactOf(desk!)).artifact.digest)
  const file = join(temporary(), "score.json")
  const signed = async (each: typeof scored) => {
    const leaves = { candidate: [], baseline: [] }
    await writeAttestation(file, [{ envelope: sealScore(each, [signerOf("me")]), leaves }])
    writeFileSync(`${file}.dsse`, sealScore(each, [signerOf("me")]))
    return brain(["verify", `${file}.dsse`, "--candidate", desk!, "--benchmark", questions!])
  }
  expect(await signed(scored)).toMatchObject({ code: 0, out: expect.stringContaining("a score of ") })
  const { better, equal } = statement.counts
  const more = { better: better + equal, equal: 0, worse: 0 }
  const better_ = { ...statement, counts: more, sum: 3 * 2 ** 32 }
  const made = better === 3 ? { ...statement, counts: { better: 2, equal: 1, worse: 0 }, sum: 2 ** 33 } : better_
  expect(await signed({ ...scored, statement: made })).toMatchObject({
    code: 1,
    out: expect.stringContaining("It says"),
  })
})
