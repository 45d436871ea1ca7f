import { expect, test } from "vitest"
import { type Difference, differences } from "./differences.ts"
import { checkTexts, NETS } from "./testing/library.ts"

const brain = (members: string, name = "helpdesk"): string => `brain ${name} {
  about "A desk" licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 200 bytes
  ${members}
}
`
type Texts = Parameters<typeof checkTexts>[0]
const composed = (texts: Texts, nets = NETS) => {
  const { composition, problems } = checkTexts(texts, nets)
  expect(problems).toEqual([])
  return composition!
}
const changed = (before: Texts, after: Texts, nets = NETS): readonly Difference[] =>
  differences(composed(before), composed(after, nets))

const VALUES =
  'kind is intent of message reply is route kind { when parcel: "a" when unsure: "b" otherwise: "c {kind}" }'
const BEFORE = brain(`use intent from "./desk" ${VALUES} forbid "x" in reply budget { latency 5 ms }`)

test("layout, comments and the order of members and branches do not count", () => {
  const after = brain(`budget { latency 5000 us } # a note
  forbid "x" in reply
  reply is route kind { when unsure: "b" when parcel: "a" otherwise: "c {kind}" }
  kind is intent of message
  use intent from "./desk"`)
  expect(changed(BEFORE, after)).toEqual([])
})

test("nor do the file of a definition and the name of a parameter", () => {
  const template = (name: string): string =>
    brain(
      `parameter ${name}: text up to 20 bytes use intent from "./desk" k is intent of message reply is "{${name}} {k}"`,
      "hello",
    )
  const main = (name: string): string => brain(`use hi from hello with { ${name} "Hi" } reply is hi of message`)
  const after = { "main.brain": `include "parts.brain"\n${main("word")}`, "parts.brain": template("word") }
  expect(changed(template("greeting") + main("greeting"), after)).toEqual([])
  const other = `${template("greeting")}${main("greeting").replace('"Hi"', '"Ho"')}`
  expect(changed(other, after)).toEqual([
    { path: ["hi"], what: "value", name: "reply", before: '"Ho {k}"', after: '"Hi {k}"' },
  ])
})

test("values, rules, budgets, ports and uses do, each with what was and what is", () => {
  const after = brain(`use intent from "./desk" use words from "./words"
  ${VALUES.replace('"b"', '"who {second}"')} second is words of message budget { latency 6 ms }`).replace(
    "up to 200",
    "up to 300",
  )
  expect(changed(BEFORE, after).map(({ what, name, before, after: now }) => [what, name, before, now])).toEqual([
    ["gives", "reply", "text up to 200 bytes (1)", "text up to 300 bytes (1)"],
    [
      "value",
      "reply",
      'route kind { when parcel: "a" when unsure: "b" otherwise: "c {kind}" }',
      'route kind { when parcel: "a" when unsure: "who {second}" otherwise: "c {kind}" }',
    ],
    ["value", "second", undefined, "words of message"],
    ["rule", 'forbid "x" in reply', 'forbid "x" in reply', undefined],
    ["budget", "latency", "5 ms", "6 ms"],
    ["use", "words", undefined, "net words sha256:000000000000…"],
  ])
})

test("a module of another digest is another", () => {
  const nets = { ...NETS, desk: { ...NETS["desk"]!, digest: `sha256:${"1".repeat(64)}` } }
  expect(changed(BEFORE, BEFORE, nets)).toEqual([
    {
      path: [],
      what: "module",
      name: "intent",
      before: "net desk sha256:000000000000…",
      after: "net desk sha256:111111111111…",
    },
  ])
})
