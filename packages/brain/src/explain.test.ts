import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Brain, type Explanation, explain, load, teach } from "open-brains"
import { afterAll, beforeAll, expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { printExplanationPage } from "./explanation_page.ts"
import { printExplanation, signed } from "./explanation_text.ts"
import { widthOf } from "./layout.ts"
import { temporary } from "./testing/command.ts"
import { MESSAGES, teachDesk } from "./testing/lesson.ts"

const intent = join(repository, "modules/intent")
let folder: string
let desk: Brain
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-explain-"))
  await teachDesk(folder)
  desk = await load(join(folder, "desk"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const TEXTS = [
  ...MESSAGES.map(({ text }) => text),
  ...[
    "",
    " ?! ",
    "Où est mon colis",
    "我的包裹在哪里",
    "📦 my PARCEL 📦",
    "a \ud800 half",
    "where is my parcel ".repeat(70),
    "<script>alert(1)</script>",
  ],
]
const sumsOf = (
  { labels, bias, rounding }: Explanation,
  parts: readonly { readonly contributions: readonly number[] }[],
) => labels.map((_, i) => parts.reduce((sum, { contributions }) => sum + contributions[i]!, bias[i]! + rounding[i]!))

test("rows, and words too, sum with bias and rounding to the logits; the first is of the answer, and is its evidence", async () => {
  for (const brain of [desk, await load(intent)])
    for (const text of TEXTS) {
      const found = explain(brain, text)
      const logits = found.labels.map(({ logit }) => logit)
      expect(sumsOf(found, found.rows)).toEqual(logits)
      if (found.words.length > 0) expect(sumsOf(found, found.words)).toEqual(logits)
      const { label, guess, evidence, probability, bytesCut } = brain.ask(text)
      expect(found).toMatchObject({ text, label, guess, evidence, probability, bytesCut })
      expect(found.labels[0]).toEqual({ label: guess, logit: evidence * 256 })
      expect(found.labels[1]!.label).toBe(brain.ranking(2)[1]!.label)
    }
})
test("where words count three times, the sums are those of the answer, and each word is named where it stands, once", async () => {
  const recipe = { epochs: 2, buckets: 256, dims: 8, wordTimes: 3 }
  const { brain } = await teach({ examples: MESSAGES, into: join(temporary(), "x"), name: "x", recipe })
  for (const text of TEXTS) {
    const found = explain(brain, text)
    expect(sumsOf(found, found.rows)).toEqual(found.labels.map(({ logit }) => logit))
    if (found.words.length > 0) expect(sumsOf(found, found.words)).toEqual(found.labels.map(({ logit }) => logit))
  }
  const grams = explain(brain, "my parcel, my").rows.flatMap((row) => row.grams)
  const starts = (gram: string) => grams.find(({ text }) => text === gram)!.places.map(({ start }) => start)
  expect([starts("my"), starts("parcel"), starts("my parcel")]).toEqual([[0, 11], [3], [0]])
})
test("another label is asked about beside the answer; one that there is not is refused", () => {
  const found = explain(desk, "where is my parcel", { label: "refund" })
  expect(found.labels.map(({ label }) => label)).toEqual(["refund", "parcel"])
  expect(explain(desk, "where is my parcel", { label: "parcel" })).toEqual(explain(desk, "where is my parcel"))
  expect(() => explain(desk, "hi", { label: "refnud" })).toThrow(
    "error[OB541]: The module has no label `refnud`.\nhint: Did you mean `refund`?",
  )
})
test("places are those of the text as it was written, whatever its script", () => {
  const text = "📦 Où’s my PARCEL, 包裹?"
  const { words, rows } = explain(desk, text)
  expect(words.map((word) => word.text)).toEqual(["📦", "Où’s", "my", "PARCEL", "包", "裹"])
  for (const { start, end, text: word } of words) expect(text.slice(start, end)).toBe(word)
  const grams = new Map(rows.flatMap((row) => row.grams.map((gram) => [gram.text, gram] as const)))
  const where = (gram: string): readonly string[] =>
    grams.get(gram)!.places.map(({ start, end }) => text.slice(start, end))
  expect(where("parcel")).toEqual(["PARCEL"])
  expect(where("<où")).toEqual(["Où"])
  expect(where("my parcel")).toEqual(["my PARCEL"])
  expect(where("裹 $")).toEqual(["裹"])
  expect(
    explain(desk, "my my my")
      .rows.flatMap((row) => row.grams)
      .find((gram) => gram.text === "my")!.places.length,
  ).toBe(3)
})
test("the nearest examples are such as were learnt from, with their labels; a text that was taught is nearest to itself", () => {
  const learnt = new Map(MESSAGES.filter(({ split }) => split === "train").map(({ text, label }) => [text, label]))
  for (const { text } of MESSAGES) {
    const { nearest } = explain(desk, text, { examples: 3 })
    expect(nearest!.length).toBe(3)
    for (const each of nearest!) expect(learnt.get(each.text)).toBe(each.label)
    expect(nearest!.every(({ similarity }, i) => i === 0 || similarity <= nearest![i - 1]!.similarity)).toBe(true)
    if (learnt.has(text)) expect(nearest![0]).toMatchObject({ text, similarity: 1 })
  }
})
test("a module that does not carry its examples shows none, and says so", async () => {
  const found = explain(await load(intent), "where is my parcel")
  expect(found.nearest).toBeUndefined()
  expect(printExplanation(found, false, (_, text) => text).at(-1)).toContain("does not carry the examples")
  expect(printExplanationPage(found, "intent")).toContain("does not carry the examples")
})
test("what was held out to choose on is shown where it was learnt from in the end, what was held out to test never", async () => {
  const shown = async (relearn: boolean): Promise<readonly string[]> => {
    const recipe = { epochs: 2, buckets: 256, dims: 8, relearn }
    const { brain } = await teach({ examples: MESSAGES, into: join(temporary(), "x"), name: "x", recipe })
    return explain(brain, "my parcel is late", { examples: 99 })
      .nearest!.map(({ text }) => text)
      .sort()
  }
  const of = (...splits: readonly string[]): readonly string[] =>
    MESSAGES.flatMap(({ split, text }) => (splits.includes(split) ? [text] : [])).sort()
  expect([await shown(false), await shown(true)]).toEqual([of("train"), of("train", "validation")])
})

test("an explanation as lines is narrow, its colours change nothing, and no text moves the cursor", async () => {
  const texts = [...TEXTS, "clear \x1b[2J\u202e the scr\u202e\u200een\r\nnow", "x".repeat(400)]
  const recipe = { epochs: 2, buckets: 8, dims: 8 } // so few that every row has many n-grams
  const { brain: crowded } = await teach({ examples: MESSAGES, into: join(temporary(), "x"), name: "x", recipe })
  for (const brain of [desk, crowded])
    for (const text of texts)
      for (const isWhole of [false, true]) {
        const lines = printExplanation(explain(brain, text), isWhole, (_, shown) => shown)
        const painted = printExplanation(explain(brain, text), isWhole, (colour, shown) => `{${colour}}${shown}{}`)
        expect(painted.join("\n").replace(/\{\w*\}/g, "")).toBe(lines.join("\n"))
        if (!isWhole) expect(lines.filter((line) => widthOf(line) > 100)).toEqual([])
        expect(lines.join("")).not.toMatch(/[\p{Cc}\u202e]/u)
      }
})
test("units are shown as bits", () => {
  expect([0, 1, -1, 2, 256, -384].map(signed)).toEqual(["0.00", "0.00", "0.00", "+0.01", "+1.00", "-1.50"])
})

test("in the page every text is inert: the question, labels, n-grams and examples", async () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`
  const examples = MESSAGES.map(({ text, label, split }) => ({
    text: `${text} ${evil}`,
    label: label && `${label} ${evil}`,
    split,
  }))
  const recipe = { epochs: 2, buckets: 256, dims: 8 }
  const { brain } = await teach({ examples, into: join(temporary(), "x"), name: "x", recipe })
  const page = printExplanationPage(explain(brain, `where ${evil}`), evil)
  expect(page.match(/<(?!\/)(\w+)/g)!.filter((tag) => /script|img/.test(tag))).toEqual([])
  const tag = /<!doctype html>|<\/?[a-z\d]+(?: [\w-]+="[^"<>]*")*>/g // nothing but whole ones, and no attribute that is not quoted
  expect(page.replace(/<style>.*<\/style>/s, "").replace(tag, "")).not.toMatch(/[<>]/)
  expect(page).toContain("&#60;script&#62;")
  expect(page).toContain("&#38;amp;")
})
test("the page holds all of it, colours what spoke, and points nowhere", () => {
  const found = explain(desk, "where is my parcel")
  const page = printExplanationPage(found, "desk")
  for (const row of found.rows)
    for (const gram of row.grams)
      expect(page).toContain(`<bdi>${gram.text.replaceAll("<", "&#60;").replaceAll(">", "&#62;")}</bdi>`)
  expect(page.match(/<tr class/g)!.length).toBe(found.rows.length)
  expect(page).toMatch(
    /<span class="word for" style="--share:60%" title="\+\d+\.\d\d bits for parcel\n-?\+?\d+\.\d\d bits for refund">parcel<\/span>/,
  )
  expect(page).not.toMatch(/https?:|src=|href=|url\(|@import/)
  expect(page).toContain("default-src 'none'")
  expect(printExplanationPage(explain(desk, "where is my parcel"), "desk")).toBe(page)
})
