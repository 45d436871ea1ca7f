import { expect, test } from "vitest"
import { formatBrains } from "./format.ts"
import { parseBrains } from "./parse.ts"
import { checkTexts } from "./testing/library.ts"

const PARCELS = `benchmark parcel-questions {
  about "What customers ask about parcels"
  licence "CC0-1.0"
  takes message: text up to 200 bytes
  gives kind: label { parcel refund }
  data "questions.csv"
  metric accuracy
  bound at least 0.9
  cost 1 ms
}
`
const BRAIN = `brain helpdesk {
  about "Says what a message is about"
  licence "CC0-1.0"
  takes message: text up to 200 bytes
  gives kind: label { parcel refund stock }
  benchmark "./parcels"
  benchmark "acme/refund-questions"
  use desk from "./desk"
  kind is desk of message
}
`
const codesOf = (texts: Readonly<Record<string, string>>): readonly string[] =>
  checkTexts(texts).problems.map(({ code }) => code)
const declared = (text: string) => {
  const { syntax, problems } = parseBrains(text, "a.brain")
  const [definition] = syntax.definitions
  return { declaration: definition?.kind === "module" ? definition.declaration : undefined, problems }
}

test("a benchmark says what it asks, what is right, and what passes it", () => {
  expect(declared(PARCELS).declaration).toEqual({
    kind: "benchmark",
    name: "parcel-questions",
    about: "What customers ask about parcels",
    licence: "CC0-1.0",
    takes: [{ name: "message", type: { type: "text", bytesMax: 200 } }],
    gives: [{ name: "kind", type: { type: "label", labels: ["parcel", "refund"] } }],
    items: { from: "data", file: "questions.csv" },
    metric: "accuracy",
    bound: 0.9,
    costMs: 1,
    benchmarks: [],
  })
  expect(formatBrains(PARCELS, "a.brain")).toBe(PARCELS)
})

test("a generator is code with limits", () => {
  const text = PARCELS.replace(
    'data "questions.csv"',
    'generates "questions.js" as javascript with limits { latency 50 ms memory 16 MB }',
  )
  expect(declared(text).declaration).toMatchObject({
    items: {
      from: "generator",
      file: "questions.js",
      language: "javascript",
      limits: { latencyMs: 50, memoryBytes: 16_000_000 },
    },
  })
  expect(formatBrains(text, "a.brain")).toBe(text)
})

test.each([
  ["has no items", ['  data "questions.csv"\n', ""]],
  ["has two sources of items", ["  metric", '  generates "q.js" as javascript\n  metric']],
  ["scores two outputs", ["  metric", "  gives other: label { a }\n  metric"]],
  ["scores a number", ["label { parcel refund }", "number"]],
  ["asks with a vector", ["text up to 200 bytes", "vector of 3 numbers"]],
  ["measures the bits of a text", ["label { parcel refund }\n", "text up to 9 bytes\n"]],
])("a benchmark that %s is refused", (_, [from, to]) => {
  expect(declared(PARCELS.replace(from!, to!)).problems.map(({ code }) => code)).toEqual(["OB750"])
})

test("a brain names what it lives by, and the composition says so", () => {
  const { composition, problems } = checkTexts({ "main.brain": BRAIN, "parcels/module.brain": PARCELS })
  expect(problems).toEqual([])
  expect(composition!.brains.at(-1)!.benchmarks).toEqual(["./parcels", "acme/refund-questions"])
  expect(formatBrains(BRAIN, "main.brain")).toBe(BRAIN)
})

test("a benchmark that cannot ask the brain, or expects what it never answers, does not fit", () => {
  const wide = PARCELS.replace("200 bytes", "201 bytes")
  const strange = PARCELS.replace("{ parcel refund }", "{ parcel weather }")
  const text = PARCELS.replace("label { parcel refund }", "text up to 20 bytes").replace("accuracy", "exact")
  for (const each of [wide, strange, text])
    expect(codesOf({ "main.brain": BRAIN, "parcels/module.brain": each })).toEqual(["OB752"])
})

test("a benchmark that is not there, is none, or is asked is told of", () => {
  expect(codesOf({ "main.brain": BRAIN })).toEqual(["OB751"])
  expect(
    codesOf({
      "main.brain": BRAIN,
      "parcels/module.brain": BRAIN.replace(/ {2}benchmark.*\n/g, "").replace("./desk", "../desk"),
    }),
  ).toEqual(["OB751"])
  const used = BRAIN.replace(/ {2}benchmark.*\n/g, "").replace('"./desk"', "parcel-questions")
  expect(codesOf({ "main.brain": `${PARCELS}\n${used}` })).toEqual(["OB751"])
  expect(
    codesOf({ "main.brain": BRAIN.replace("acme/refund-questions", "./parcels"), "parcels/module.brain": PARCELS }),
  ).toEqual(["OB603"])
})
