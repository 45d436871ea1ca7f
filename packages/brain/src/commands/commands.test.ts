import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { widthOf } from "../layout.ts"
import { readModule, writeModule } from "../store/folder.ts"
import { brain, fileWith, temporary } from "../testing/command.ts"
import { CSV, teachDesk } from "../testing/lesson.ts"
import { shortfall } from "./ask.ts"

let folder: string
let desk: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-commands-"))
  desk = join(folder, "desk")
  await teachDesk(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The module in a new folder, or in place of what is there. */
function copyDesk(parent = temporary()): string {
  const into = join(parent, "desk")
  rmSync(into, { recursive: true, force: true })
  cpSync(desk, into, { recursive: true })
  return into
}
const expectNarrow = (text: string): void =>
  expect(text.split("\n").filter((line) => !line.includes(tmpdir()) && widthOf(line) > 100)).toEqual([])

test("teach writes a module and says how good it became", async () => {
  const into = join(temporary(), "desk")
  const { code, out, err, isHeld, progress } = await brain(["teach", fileWith(CSV), "--into", into, "--base", "none"])
  expect([code, err, isHeld]).toEqual([0, "", true])
  expect(out).toMatch(/^Taught .*desk: 2 labels, \d+ KB of weights\.$/m)
  expect(out).toMatch(/^On 12 examples, each held out in its turn: scratch \d+\.\d % at \d\.\d{3} bits\.$/m)
  expect(out).toMatch(/^Tested on 3 examples that it had not seen:$/m)
  expect(out).toContain(`Ask it:  ./brain ask ${into} "a message"`)
  expect(progress.at(-1)).toMatch(/step (\d+) of \1/)
  expectNarrow(out)
  expect((await readModule(into)).manifest).toMatchObject({ name: "desk", gives: { labels: ["parcel", "refund"] } })
})

test("teach --json prints one object, and progress stays away from standard output", async () => {
  const into = join(temporary(), "My Desk 2")
  const words = ["teach", fileWith(CSV), "--into", into, "--base", "none", "--seed", "7", "--about", "Mine", "--json"]
  const { code, out } = await brain([...words, "--licence", "MIT"])
  const { manifest, digest } = await readModule(into)
  expect(manifest).toMatchObject({ name: "my-desk-2", about: "Mine", licence: "MIT", built: { seed: 7 } })
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    into,
    digest,
    labels: ["parcel", "refund"],
    kept: "scratch",
    report: { examples: 3 },
    remarks: { duplicates: 0, conflicts: [], cut: 0 },
  })
})

test("teach takes examples of a module along, and a file of its own to test on", async () => {
  const more = fileWith("text,label\nwhere is my invoice,invoice\nsend an invoice,invoice\ninvoice please,invoice\n")
  const tests = fileWith("text,label\nthe invoice is missing,invoice\n")
  const into = join(temporary(), "more")
  const words = ["teach", desk, more, "--into", into, "--base", "none", "--test", tests, "--json"]
  const { code, out } = await brain(words)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ labels: ["invoice", "parcel", "refund"], report: { examples: 4 } })
})

test("teach begins from a base, and rebuild asks for that very base", async () => {
  const into = join(temporary(), "more")
  const words = ["teach", fileWith(CSV), "--into", into, "--json"]
  const taught = JSON.parse((await brain([...words, "--base", desk])).out)
  expect(taught.trials.map(({ name }: { name: string }) => name)).toEqual(["base", "base, smaller steps", "scratch"])
  expect(taught.heldOut).toBe(2)
  const { manifest } = await readModule(into)
  expect(manifest.built.base?.name).toBe(taught.kept === "base" ? "desk" : undefined)
})

test("teach names columns otherwise, and reads TSV and JSONL", async () => {
  const rows = ["where is it\tparcel", "it is lost\tparcel", "money back\trefund", "pay me\trefund"]
  const tsv = fileWith(`frage\tart\n${rows.join("\n")}\n`, "a.tsv")
  const object = (row: string): string => JSON.stringify({ frage: row.split("\t")[0], art: row.split("\t")[1] })
  const jsonl = fileWith(rows.map(object).join("\n"), "a.jsonl")
  const digests = await Promise.all(
    [tsv, jsonl].map(async (path) => {
      const into = join(temporary(), "desk")
      const words = ["teach", path, "--into", into, "--text", "frage", "--label", "art", "--base", "none", "--json"]
      const { code, out, err } = await brain(words)
      expect([code, err]).toEqual([0, ""])
      return JSON.parse(out).digest
    }),
  )
  expect(digests[0]).toBe(digests[1])
})

test("ask answers a text for people and for programs", async () => {
  const { code, out } = await brain(["ask", desk, "where", "is my parcel"])
  expect([code, out]).toEqual([0, expect.stringMatching(/^parcel {2}\d+\.\d % {2}then refund \d+\.\d %$/)])
  const asked = JSON.parse((await brain(["ask", desk, "where is my parcel", "--json", "--top", "1"])).out)
  expect(asked).toMatchObject({
    text: "where is my parcel",
    label: "parcel",
    guess: "parcel",
    ranking: [{ label: "parcel" }],
  })
  expect(asked.ranking).toHaveLength(1)
  expect(asked.bytesCut).toBeUndefined()
})

test("ask reads lines, and lines of JSON, whose other members it gives back", async () => {
  const input = 'where is my parcel\r\n\n{"text": "refund me please", "id": 7}\nmoney back'
  const { out } = await brain(["ask", desk], { input })
  const lines = out.split("\n")
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^parcel/)
  expect(JSON.parse(lines[1]!)).toMatchObject({ id: 7, text: "refund me please", guess: "refund" })
  const { out: json } = await brain(["ask", desk, "--json"], { input: "where is my parcel\nmoney back\n" })
  expect(json.split("\n").map((line) => JSON.parse(line).guess)).toEqual(["parcel", "refund"])
})

test("ask says how many bytes it did not read", async () => {
  const long = "where is my parcel ".repeat(60)
  expect((await brain(["ask", desk, long])).out).toContain(`  (the last ${long.length - 1024} bytes were not read)`)
  expect(JSON.parse((await brain(["ask", desk, long, "--json"])).out).bytesCut).toBe(long.length - 1024)
  expect((await brain(["ask", desk, "x".repeat(1025)])).out).toContain("  (the last 1 byte was not read)")
})

test("ask answers what is no language of its own", async () => {
  const texts = ["我的包裹在哪里", "أين طردي", "📦❓", "\u0000\u001b[2J", " ", "", "\ud800"]
  for (const text of texts) {
    const { code, out } = await brain(["ask", desk, text, "--json"])
    expect([code, ["parcel", "refund"].includes(JSON.parse(out).guess)]).toEqual([0, true])
  }
})

test("ask refuses a line of JSON without a text, and says which line", async () => {
  for (const line of ['{"texts": "hi"}', "{", '{"text": 1}']) {
    const { code, err, out } = await brain(["ask", desk], { input: `hello\n${line}\n` })
    expect([code, out.split("\n").length]).toEqual([1, 1])
    expect(err).toContain(`error[OB504]: Line 2 of the input is no JSON object with a \`text\`: ${line}`)
    expect(err).toContain('hint: Write one object a line, such as {"text": "where is my parcel"}.')
  }
})

test("test scores what was held out, or a file", async () => {
  const { code, out } = await brain(["test", desk])
  expect([code, out]).toEqual([0, expect.stringContaining("Tested on 3 examples that it had not seen:")])
  expectNarrow(out)
  const one = fileWith("text,label\nwhere is my parcel now,refund\n")
  expect((await brain(["test", desk, one])).out.split("\n")).toEqual([
    "Tested on 1 example that it had not seen:",
    "  accuracy         0.0 %   of those that have a label",
    expect.stringMatching(/^ {2}bits an answer {3}\d\.\d\d$/),
    "  answered         0.0 % right, 100.0 % wrong, else unsure",
    "  taken for another:",
    "    refund → parcel  1×  “where is my parcel now”",
  ])
  const report = JSON.parse((await brain(["test", desk, "--json"])).out)
  expect(report).toMatchObject({ examples: 3, withThreshold: { refused: expect.any(Number) } })
  const none = await brain(["test", desk, fileWith("text,label\nwhat,\n")])
  expect(none.out).toContain("accuracy         –")
})

test("test leaves out what the module has learnt from, and names labels that it does not know", async () => {
  const rows = ["where is my parcel,parcel", "my parcel is late,parcel", "the parcel is gone,parcel", "dark,light"]
  const file = fileWith(`text,label\n${rows.join("\n")}\n`)
  const { code, out } = await brain(["test", desk, file])
  expect([code, out.split("\n").slice(0, 3)]).toEqual([
    0,
    [
      "2 of the 4 examples were left out: the module has learnt from them.",
      "1 row has a label that it does not know: light.",
      "Tested on 2 examples that it had not seen:",
    ],
  ])
  expect(JSON.parse((await brain(["test", desk, file, "--json"])).out)).toMatchObject({
    examples: 2,
    leftOut: 2,
    unknownLabels: [{ label: "light", examples: 1 }],
  })
  const known = fileWith("text,label\nwhere is my parcel,refund\n")
  const all = await brain(["test", desk, known])
  expect([all.code, all.err]).toEqual([
    1,
    `error[OB513]: ${desk} has learnt from every text of ${known}.\nhint: Give a file of others, or test it on the 3 examples that it held out: brain test ${desk}.`,
  ])
})

test("test claims nothing about what a module has seen that does not carry its examples", async () => {
  const into = copyDesk()
  const { manifest, parts } = await readModule(into)
  const { "examples.jsonl": _, ...rest } = parts
  await writeModule(into, manifest, rest)
  const { code, out } = await brain(["test", into, fileWith("text,label\nwhere is my parcel,parcel\n")])
  expect([code, out.split("\n")[0]]).toEqual([0, "Tested on 1 example:"])
})

test("teach says which examples it replaces, and refuses to lose a label", async () => {
  const parent = temporary()
  const into = copyDesk(parent)
  const few = fileWith("text,label\nwhere is it,parcel\nmoney,refund\n")
  const note = `It replaced a module that carried 15 examples; to add to them: brain teach ${into} ${few} --into ${into}`
  const words = ["--into", into, "--base", "none"]
  expect((await brain(["teach", fileWith(CSV), ...words])).err).toBe("")
  expect((await brain(["teach", into, few, ...words])).err).toBe("")
  copyDesk(parent)
  expect(await brain(["teach", few, ...words])).toMatchObject({ code: 0, err: note })
  copyDesk(parent)
  const json = await brain(["teach", few, ...words, "--json"])
  expect(JSON.parse(json.out).replaced).toEqual({ examples: 15, labels: ["parcel", "refund"] })

  copyDesk(parent)
  const { digest } = await readModule(into)
  const other = fileWith("text,label\nwhere is it,parcel\nsend it,invoice\n")
  const refused = await brain(["teach", other, ...words])
  expect([refused.code, refused.err]).toEqual([
    1,
    `error[OB517]: ${into} knows 1 label that the new examples lack: refund.\nhint: To add to its 15 examples: brain teach ${into} ${other} --into ${into} – to have the new ones alone: add --replace.`,
  ])
  expect((await readModule(into)).digest).toBe(digest)
  expect((await brain(["teach", other, ...words, "--replace"])).code).toBe(0)
  expect((await readModule(into)).manifest.gives.labels).toEqual(["invoice", "parcel"])
})

test("a module whose part was damaged is mended by teaching it again", async () => {
  const into = copyDesk()
  writeFileSync(join(into, "graph.json"), "{}")
  expect((await brain(["ask", into, "hi"])).err).toContain("error[OB153]")
  expect((await brain(["teach", fileWith(CSV), "--into", into, "--base", "none"])).code).toBe(0)
  expect((await brain(["ask", into, "hi"])).code).toBe(0)
})

test("ask says how much evidence an unsure answer lacks", async () => {
  const into = copyDesk()
  const { manifest, parts } = await readModule(into)
  await writeModule(into, { ...manifest, unsureBelow: 8000 }, parts)
  const words = ["ask", into, "where is my parcel"]
  expect((await brain(words)).out).toMatch(/^unsure {2}-?\d+\.\d of 31\.3 bits of evidence; closest: parcel \d+\.\d %/)
  expect(JSON.parse((await brain([...words, "--json"])).out)).toMatchObject({ label: null, needed: 31.25 })
  expect(shortfall(2.996, 3)).toBe("2.996 of 3.000 bits of evidence")
})

test("test without examples says what to give", async () => {
  const into = join(temporary(), "tiny")
  await brain(["teach", fileWith("text,label\nhi,a\nyou,b\n"), "--into", into, "--base", "none"])
  const { code, err } = await brain(["test", into])
  expect([code, err]).toEqual([
    1,
    `error[OB513]: ${into} carries no test examples.\nhint: Give a file of them: brain test ${into} FILE.`,
  ])
})

test("show tells what a module takes, gives and is made of", async () => {
  const { code, out } = await brain(["show", desk])
  expect([code, out.split("\n")[0]]).toEqual([0, "desk  Tells apart 2 kinds of message"])
  expect(out).toContain("gives    label: one of 2 labels, or unsure below")
  expect(out).toMatch(/weight {3}table +i8\[256, 8\] +2048 bytes/)
  expectNarrow(out)
  const shown = JSON.parse((await brain(["show", desk, "--json"])).out)
  expect(shown).toMatchObject({ name: "desk", digest: (await readModule(desk)).digest, kind: "net" })
})

test("rebuild gives the same bits, and exit code 1 when it does not", async () => {
  const { code, out } = await brain(["rebuild", desk])
  expect([code, out.split("\n").at(-1)]).toEqual([0, "Built again, bit for bit."])
  expect(out).toMatch(/^same {2}weights\.safetensors {2,}sha256:/m)
  expectNarrow(out)
  expect(JSON.parse((await brain(["rebuild", desk, "--json"])).out)).toMatchObject({ isSame: true })

  const other = copyDesk()
  const { manifest, parts } = await readModule(other)
  const { seed, ...built } = manifest.built
  await writeModule(other, { ...manifest, built: { ...built, seed: seed + 1 } }, parts)
  const differs = await brain(["rebuild", other])
  expect([differs.code, differs.out.split("\n").at(-1)]).toEqual([1, "The build does not give what the module names."])
  expect(differs.out).toMatch(/^differs {2}weights\.safetensors\n {2}named {2}sha256:\w+\n {2}built {2}sha256:\w+$/m)
  expectNarrow(differs.out)
  expect((await brain(["rebuild", other, "--json"])).code).toBe(1)
})

test("nothing is left beside a module that was taught over another", async () => {
  const parent = temporary()
  const into = join(parent, "desk")
  for (const seed of ["1", "2"]) await brain(["teach", fileWith(CSV), "--into", into, "--base", "none", "--seed", seed])
  expect(readdirSync(parent)).toEqual(["desk"])
  writeFileSync(join(parent, "desk", "notes.txt"), "mine")
  await brain(["teach", fileWith(CSV), "--into", into, "--base", "none"])
  expect(readdirSync(into)).toContain("notes.txt")
})
