import { expect, test } from "vitest"
import { checkTexts } from "./testing/library.ts"

const HEAD = `  about "A desk"
  licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 100 bytes
  use intent from "./desk"
`
/** A brain of one reply. */
const brain = (members: string, head = HEAD): string => `brain helpdesk {\n${head}${members}\n}\n`
/** The codes and the words that they point at. */
const found = (texts: Parameters<typeof checkTexts>[0]): readonly (readonly [string, string])[] =>
  checkTexts(texts).problems.map(({ code, span }) => [code, span!.source.slice(span!.start, span!.end)])

const ROUTE =
  'kind is intent of message\n  reply is route kind { when parcel: "On its way." when unsure: "A person will answer." otherwise: "About {kind}." }'

test("a brain that is right has no problem, and its composition is plain data", () => {
  const { problems, composition } = checkTexts(brain(ROUTE))
  expect(problems).toEqual([])
  expect(JSON.parse(JSON.stringify(composition))).toEqual(composition)
  expect(composition!.modules.map(({ name }) => name)).toEqual(["desk"])
})

test.each([
  ["a name that nothing has", 'reply is "{massage}"\n kind is intent of message', "OB601", '"{massage}"'],
  ["a value asked as a part", 'kind is intent of message\n reply is message of "x"', "OB602", "message"],
  ["a part named as a value", "kind is intent of message\n reply is intent", "OB602", "intent"],
  ["two values of one name", `${ROUTE}\n kind is intent of message`, "OB603", "kind"],
  [
    "too many inputs",
    `kind is intent of message and message\n reply is "{kind}"`,
    "OB606",
    "intent of message and message",
  ],
  ["an input that does not fit", `kind is intent of 3\n reply is "{kind} {message}"`, "OB607", "3"],
  ["a route by a text", 'reply is route message { when a: "b" }\n kind is intent of message', "OB608", "message"],
  [
    "no when for a label",
    'kind is intent of message\n reply is route kind { when parcel or refund: "a" when unsure: "b" }',
    "OB609",
    "kind",
  ],
  [
    "no when for unsure",
    'kind is intent of message\n reply is route kind { when parcel: "a" otherwise: "b" }',
    "OB609",
    "kind",
  ],
  [
    "a label that there never is",
    'kind is intent of message\n reply is route kind { when parsel: "a" when unsure: "b" otherwise: "c" }',
    "OB610",
    "parsel",
  ],
  [
    "a label that is called as unsure is, and that there never is",
    'kind is intent of message\n reply is route kind { when "unsure": "a" when unsure: "b" otherwise: "c" }',
    "OB610",
    '"unsure"',
  ],
  [
    "an alternative after a sure one",
    `kind is intent of message\n reply is first good { "a {kind}" "b" }`,
    "OB611",
    '"b"',
  ],
  [
    "values in a circle",
    'kind is intent of one\n one is "{two}{kind}"\n two is "{one}"\n reply is "{kind}{message}"',
    "OB613",
    "kind",
  ],
  ["an output without a value", "kind is intent of message", "OB618", "reply"],
  [
    "a text required and forbidden",
    `${ROUTE}\n forbid "way" in reply\n require "on its way" in reply`,
    "OB621",
    '"on its way"',
  ],
  ["a fixed answer that breaks a rule", `${ROUTE}\n forbid "WAY" in reply`, "OB621", '"WAY"'],
  ["a word of the language", `${ROUTE}\n when is "x"`, "OB624", "when"],
  ["a field of a text", `${ROUTE.replace("{kind}", "{kind}{x}")}\n x is a from message`, "OB626", "message"],
  ["a brace alone", 'kind is intent of message\n reply is "{kind"', "OB627", '"{kind"'],
  [
    "an and that could be two",
    `kind is intent of intent of message and message\n reply is "{kind}"`,
    "OB628",
    "intent",
  ],
])("%s", (_, members, code, at) => {
  expect(found(brain(members))).toContainEqual([code, at])
})

test("what is not used is told of by name", () => {
  expect(found(brain('reply is "{message}"'))).toEqual([["OB605", "intent"]])
  expect(found(brain(`${ROUTE}\n spare is "a {message}"`))).toEqual([["OB605", "spare"]])
})

test("mistakes in one member hide none in the next", () => {
  expect(found(brain('kind is intent intent\n reply is route kind { when parcel "a" }\n forbid 3 in reply'))).toEqual([
    ["OB106", "intent"],
    ["OB105", '"a"'],
    ["OB105", "3"],
  ])
})

test("a part that may be absent or late needs something that answers in its place", () => {
  const head = `${HEAD}  use writer from "./none" optional\n`
  expect(found(brain('kind is intent of message\n reply is writer of "{message} {kind}"', head))).toEqual([
    ["OB612", "reply"],
  ])
  expect(
    found(brain('kind is intent of message\n reply is first good { writer of message "It is {kind}." }', head)),
  ).toEqual([])
})

test("a template is checked with each set of its values, and told of once", () => {
  const template = `brain greeter {
  about "Greets" licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 150 bytes
  parameter greeting: text up to 20 bytes
  parameter judge: module that takes text up to 100 bytes and gives label { parcel refund stock }
  kind is judge of message
  reply is "{greeting}: {message} {kind}"
}
`
  const main = (values: string): string =>
    `${template}brain main {\n about "x" licence "CC0-1.0"\n takes message: text up to 100 bytes\n gives reply: text up to 150 bytes\n use desk from "./desk"\n use greet from greeter with { ${values} }\n reply is greet of message\n}`
  expect(found(main('greeting "Hello" judge desk'))).toEqual([])
  expect(found(main('greeting "Hello"'))).toEqual([["OB620", "greeter"]])
  expect(found(main("greeting 3 judge desk"))).toEqual([["OB620", "3"]])
  expect(found(main('greetin "Hello" judge desk'))).toEqual([
    ["OB620", "greetin"],
    ["OB620", "greeter"],
  ])
  expect(found(main('greeting "Hello Hello Hello Hello" judge desk'))).toEqual([["OB620", '"Hello Hello Hello Hello"']])
})

test("a brain that uses itself, and files that include each other, end", () => {
  const self = `brain loop {\n about "x" licence "CC0-1.0"\n takes message: text up to 9 bytes\n gives reply: text up to 9 bytes\n use again from loop\n reply is again of message\n}`
  expect(found(self)).toEqual([["OB614", "loop"]])
  const text = (other: string): string => `include "${other}"\n${brain(ROUTE)}`
  expect(found({ "main.brain": text("b.brain"), "b.brain": 'include "main.brain"' }).map(([code]) => code)).toContain(
    "OB614",
  )
})

test("budgets: the sum of what is loaded, the dearest way, and who is to blame", () => {
  const code = `code slow {
  about "x" licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 50 bytes
  runs "slow.js" as javascript
  limits { latency 20 ms memory 8 MB }
}
`
  const main = (budget: string): string =>
    code +
    brain(
      `kind is intent of message\n reply is route kind { when parcel: first good { slow of message "a" } when refund: first good { slow of message "b" } when unsure: "c" otherwise: "d" }\n budget { ${budget} }`,
    )
  expect(found(main("latency 21 ms memory 9 MB"))).toEqual([])
  expect(found(main("latency 20 ms"))).toEqual([["OB622", "latency 20 ms"]])
  expect(checkTexts(main("latency 5 ms")).problems[0]!.seen).toContain("`slow`")
  expect(found(main("memory 8 MB"))).toHaveLength(1)
  expect(found(main("flash 100 KB"))).toEqual([])
})

test("a repeat has a bound, and its value so far", () => {
  const judge =
    'code mend {\n about "x" licence "CC0-1.0"\n takes a: text up to 100 bytes\n gives b: text up to 60 bytes\n runs "m.js" as javascript\n limits { latency 1 ms }\n}\n'
  const members = (then: string): string =>
    `draft is repeat up to 3 times { start with "{message}" then first good { mend of draft "${then}" } until intent of draft is parcel or unsure }\n reply is "{draft}"`
  expect(found(judge + brain(members("y")))).toEqual([])
  expect(found(judge + brain(members("y".repeat(120))))).toEqual([
    ["OB607", "draft"],
    ["OB607", "reply"],
  ])
  expect(
    found(
      brain(
        'reply is first good { repeat up to 3 times { start with "x" then "y" until intent of message is parcel } }',
      ),
    ),
  ).toEqual([["OB625", "repeat"]])
})

test.each([
  ["text up to 9 bytes", '"A person will answer."'],
  ["label { a b }", "unsure"],
  ["number from 1 to 5", "1"],
])("an output that may be nothing is mended by a value of its own type: %s", (type, value) => {
  const part = `code part {\n about "x"\n licence "CC0-1.0"\n takes x: text up to 9 bytes\n gives y: ${type}\n runs "x.js" as javascript\n limits { latency 1 ms }\n}\n`
  const { problems } = checkTexts(
    `${part}brain b {\n about "x"\n licence "CC0-1.0"\n takes x: text up to 9 bytes\n gives y: ${type}\n use part from part\n y is part of x\n}\n`,
  )
  expect(problems).toMatchObject([{ code: "OB612", hint: expect.stringContaining(`first good { … ${value} }`) }])
})

test("what may break a rule is not always good: something may follow it, but for a fixed text", () => {
  const answer = (first: string, rule = ""): readonly (readonly [string, string])[] =>
    found(brain(`kind is intent of message\n reply is first good { ${first} "A person will answer." }\n${rule}`))
  const rule = 'forbid "refund" in reply'
  expect(answer('"About {kind}."', rule)).toEqual([])
  expect(answer('"About {kind}."')).toEqual([["OB611", '"A person will answer."']])
  expect(answer('"{kind}" "By mail."', rule)).toEqual([["OB611", '"A person will answer."']])
})

test("the file that code runs must be there", () => {
  const part = (file: string): string =>
    `code part {\n about "x"\n licence "CC0-1.0"\n takes x: text up to 200 bytes\n gives y: text up to 9 bytes\n runs "${file}" as javascript\n limits { latency 1 ms }\n}\n`
  const use = brain('kind is intent of message\n reply is first good { part of message "{kind}" }')
  expect(found(part("x.js") + use)).toEqual([])
  expect(found(part("lost.js") + use)).toEqual([["OB629", "part"]])
})

test("what is missing is said as it can be written down", () => {
  const { problems } = checkTexts('brain b {\n reply is "x"\n}\n')
  const { hint } = problems.find(({ code }) => code === "OB108")!
  const added = hint.replace("Add before this brace: ", "")
  expect(found(`brain b {\n reply is "x"\n${added}\n}\n`)).toEqual([["OB605", "message"]])
})

test("a budget of what the hint says is kept", () => {
  const desk = { desk: { labels: ["parcel"], memoryBytes: 4_341_234, flashBytes: 999_999, latencyMs: 0.012_341 } }
  const whole = (budget: string) =>
    checkTexts(brain(`${ROUTE.replaceAll(/ otherwise: ".*?"/g, "")}\n budget { ${budget} }`), desk).problems
  const hints = whole("latency 1 us memory 1 KB flash 1 KB").map(({ hint }) => /^Allow (.*?),/.exec(hint)![1])
  expect(hints).toEqual(["12.4 us", "4.35 MB", "1000 KB"])
  expect(whole(`latency ${hints[0]} memory ${hints[1]} flash ${hints[2]}`)).toEqual([])
})

test("a label where a text is given goes into braces", () => {
  const { problems } = checkTexts(brain("reply is intent of message"))
  expect(problems).toMatchObject([{ code: "OB607", hint: expect.stringContaining('"{kind}"') }])
})
