import fc from "fast-check"
import { expect, test } from "vitest"
import { digest } from "../base/digest.ts"
import { Refusal } from "../base/problem.ts"
import { type DataSetManifest, ENCODINGS, READERS, type Reader, type Reading } from "./manifest.ts"
import { parseModule, printManifest } from "./text.ts"

const SEED = Number(process.env["SEED"] ?? Date.now() % 2 ** 31)

const QUESTIONS: DataSetManifest = {
  kind: "dataset",
  name: "questions",
  about: "What a question asks for",
  licence: "CC0-1.0",
  attribution: "A. Person 2024",
  source: "https://example.org/",
  files: [
    { name: "a.csv", bytes: 10, digest: digest("a"), urls: ["https://example.org/a.csv"], mirror: "q/a.csv" },
    { name: "labels.txt", bytes: 5, digest: digest("b"), urls: [] },
  ],
  readings: [
    {
      file: "a.csv",
      reader: "csv",
      text: "question",
      label: "kind",
      without: [
        [3, 3],
        [5, 9],
      ],
      split: "train",
    },
    { file: "a.csv", reader: "lines", encoding: "latin1", labels: "labels.txt" },
  ],
  renamed: [["0", "description"]],
  none: "other",
  holdOut: { validation: { percent: 10, seed: 1 }, test: { percent: 20, seed: 2 } },
}
const TEXT = printManifest(QUESTIONS)

const codesOf = (source: string): readonly string[] => {
  try {
    parseModule(source, "module.brain")
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}

test("a data set is read aloud", () => {
  expect(TEXT.replace(/sha256:[0-9a-f]{64}/g, "sha256:…")).toBe(`dataset questions {
  about "What a question asks for"
  licence "CC0-1.0"
  attribution "A. Person 2024"
  source "https://example.org/"
  file "a.csv" {
    bytes 10
    digest sha256:…
    url "https://example.org/a.csv"
    mirror "q/a.csv"
  }
  file "labels.txt" {
    bytes 5
    digest sha256:…
  }
  read "a.csv" as csv { text "question" label "kind" without line 3 without lines 5 to 9 split train }
  read "a.csv" as lines { in latin1 labels "labels.txt" }
  call "0" description
  none is "other"
  hold out 10 percent for validation by seed 1
  hold out 20 percent for test by seed 2
}
`)
})

const line = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.trim() !== "" && !/\p{Cc}/u.test(text))
const address = fc.webUrl().filter((url) => /^https?:\/\/[^\s/?#@]+(?:[/?#][\x21-\x7e]*)?$/.test(url))
const fileName = fc.constantFrom("a.csv", "b.json", "c.txt")
const column = fc.oneof(line, fc.integer({ min: 1, max: 9 }))
const reading = (files: readonly string[]): fc.Arbitrary<Reading> =>
  fc
    .record({
      file: fc.constantFrom(...files),
      reader: fc.constantFrom(...(Object.keys(READERS) as Reader[])),
      encoding: fc.option(fc.constantFrom(...ENCODINGS), { nil: undefined }),
      split: fc.option(fc.constantFrom("train" as const, "validation" as const, "test" as const), { nil: undefined }),
      text: column,
      label: column,
      member: line,
      labels: fc.constantFrom(...files),
    })
    .map(({ text, label, member, labels, encoding, split, ...rest }): Reading => {
      const takes: readonly string[] = READERS[rest.reader]
      const isPlaced = rest.reader !== "jsonl" && typeof text === "number" && typeof label === "number"
      return {
        ...rest,
        ...(encoding ? { encoding } : {}),
        ...(split ? { split } : {}),
        ...(takes.includes("text") ? (isPlaced ? { text, label } : { text: `${text}`, label: `${label}` }) : {}),
        ...(takes.includes("member") ? { member } : {}),
        ...(takes.includes("labels") ? { labels } : {}),
      }
    })
const held = fc.option(fc.record({ percent: fc.integer({ min: 1, max: 90 }), seed: fc.nat() }), { nil: undefined })
const manifests: fc.Arbitrary<DataSetManifest> = fc.uniqueArray(fileName, { minLength: 1 }).chain((names) =>
  fc
    .record({
      about: line,
      attribution: line,
      files: fc.tuple(
        ...names.map((name) =>
          fc.record({
            name: fc.constant(name),
            bytes: fc.integer({ min: 1, max: 2 ** 30 }),
            digest: fc.nat().map((n) => digest(`${n}`)),
            urls: fc.array(address, { maxLength: 2 }),
          }),
        ),
      ),
      readings: fc.array(reading(names), { minLength: 1, maxLength: 4 }),
      renamed: fc.uniqueArray(fc.tuple(line, line), { selector: ([from]) => from, maxLength: 3 }),
      validation: held,
      test: held,
    })
    .map(({ validation, test, ...rest }) => ({
      kind: "dataset" as const,
      name: "questions",
      licence: "MIT",
      ...rest,
      holdOut: { ...(validation ? { validation } : {}), ...(test ? { test } : {}) },
    })),
)

test(`what is printed is read as it was, and printed again the same (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(manifests, (manifest) => {
      const text = printManifest(manifest)
      expect(parseModule(text, "module.brain")).toEqual(manifest)
      expect(printManifest(parseModule(text, "module.brain"))).toBe(text)
    }),
    { seed: SEED, numRuns: 200 },
  )
})

test.each([
  ["a file that is not there", 'labels "labels.txt"', 'labels "label.txt"', ["OB123"]],
  ["a file twice", 'file "labels.txt"', 'file "A.csv"', ["OB123", "OB123"]],
  ["a reader nobody knows", "as csv", "as excel", ["OB105"]],
  ["lines without labels", 'labels "labels.txt"', "", ["OB121"]],
  ["a name and a place", 'text "question"', "text 1", ["OB121"]],
  ["what a reader cannot use", 'label "kind"', 'label "kind" member "x"', ["OB121"]],
  ["a path out of the mirror", "q/a.csv", "../a.csv", ["OB122"]],
  ["a path from the root", "q/a.csv", "/q/a.csv", ["OB122"]],
  ["an address of a file", "https://example.org/a.csv", "file:///a.csv", ["OB122"]],
  ["a name in an address", "https://example.org/a.csv", "https://me@example.org/a.csv", ["OB122"]],
  ["a split twice", "for test", "for validation", ["OB107"]],
  ["nearly everything held out", "20 percent", "91 percent", ["OB111"]],
  ["lines that end before they begin", "lines 5 to 9", "lines 5 to 4", ["OB111"]],
  ["a split nobody knows", "split train", "split dev", ["OB105"]],
  ["no file", 'file "labels.txt" {', 'part "labels.txt" {', ["OB106", "OB123"]],
])("%s: told where it is", (_, from, to, codes) => {
  expect(TEXT).toContain(from)
  expect(codesOf(TEXT.replace(from, to))).toEqual(codes)
})

test(`a stranger's text gives a manifest or a Refusal, and what is read is printed (SEED=${SEED})`, () => {
  const pieces = fc.constantFrom(...(TEXT.match(/sha256:[0-9a-f]+|"[^"]*"|\w+|\s+|[^\w\s]/g) ?? []))
  const edits = fc.array(fc.tuple(fc.nat(TEXT.length), fc.nat(30), fc.oneof(fc.string(), pieces)), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(edits, (all) => {
      const source = all.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), TEXT)
      if (codesOf(source).length === 0) printManifest(parseModule(source, "module.brain"))
    }),
    { seed: SEED, numRuns: 500 },
  )
})
