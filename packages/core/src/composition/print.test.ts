import { expect, test } from "vitest"
import type { CheckedBrain } from "./composition.ts"
import { isDefinition, printer } from "./print.ts"
import { checkTexts } from "./testing/library.ts"

const HEAD = `about "A desk" licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 2000 bytes`
const JUDGE = `code mend {
  about "x" licence "CC0-1.0" takes a: text up to 2000 bytes gives b: text up to 60 bytes
  runs "m.js" as javascript limits { latency 1 ms }
}
code split {
  about "x" licence "CC0-1.0" takes a: text up to 100 bytes takes more: number gives b: text up to 60 bytes gives c: number
  runs "m.js" as javascript limits { latency 1 ms }
}
`
const last = (source: string): CheckedBrain => {
  const { problems, composition } = checkTexts(source)
  expect(problems).toEqual([])
  return composition!.brains.at(-1)!
}
/** The values of a brain as they are printed. */
const printed = (brain: CheckedBrain, sorted = false): readonly string[] => {
  const words = printer(brain, { sorted })
  return brain.values.map((value) => `${value.name} is ${words.expression(value.node, isDefinition(words, value))}`)
}

const SOURCES: readonly (readonly [string, string])[] = [
  [
    "routes, mixes and fallbacks",
    `use intent from "./desk"
  use words from "./words"
  kind is mix { intent of message words of message weight 0.50390625 }
  reply is route kind {
    when unsure: first good { mend of "a" within 250 us mend of message within 2 s "none {{of}} {kind}" }
    when parcel or refund: "On its \\"way\\"\\u{a}."
    otherwise: "About {kind}: {message}."
  }`,
  ],
  [
    "repeats, fields and chains",
    `use intent from "./desk"
  draft is repeat up to 3 times { start with "{message}" then first good { mend of mend of draft "y" } until intent of message is parcel or unsure }
  both is split of message and -0.000001
  text_of is b from both
  count is c from both
  reply is first good { text_of "{count}" within 3 ms "{draft} {message}" }`,
  ],
]

test.each(SOURCES)("what is printed is read as the same nodes: %s", (_, members) => {
  const whole = (body: string): string => `${JUDGE}brain helpdesk {\n  ${HEAD}\n  ${body}\n}\n`
  const brain = last(whole(members))
  const uses = members.split("\n").filter((line) => line.trim().startsWith("use"))
  const again = last(whole([...uses, ...printed(brain)].join("\n  ")))
  expect(again.nodes).toEqual(brain.nodes)
  expect(again).toEqual(brain)
  expect(printed(again)).toEqual(printed(brain))
})

test("an expression stands on one line where it fits, else an element a line", () => {
  const [name, members] = SOURCES[0]!
  expect(name).toBe("routes, mixes and fallbacks")
  const brain = last(`${JUDGE}brain helpdesk {\n  ${HEAD}\n  ${members}\n}\n`)
  expect(printed(brain).join("\n")).toBe(`kind is mix { intent of message words of message weight 0.50390625 }
reply is route kind {
  when unsure: first good {
    mend of "a" within 250 us
    mend of message within 2 s
    "none {{of}} {kind}"
  }
  when parcel or refund: "On its \\"way\\"\\u{a}."
  otherwise: "About {kind}: {message}."
}`)
  expect(printed(brain, true)[1]!.split("\n")[1]).toBe('  when parcel or refund: "On its \\"way\\"\\u{a}."')
})

test("of two names of one value the first by the alphabet is said", () => {
  const members = 'use intent from "./desk"\n kind is again\n again is intent of message\n reply is "{kind}"'
  expect(printed(last(`brain helpdesk {\n  ${HEAD}\n  ${members}\n}\n`))).toEqual([
    "kind is again",
    "again is intent of message",
    'reply is "{again}"',
  ])
})

test("the values of parameters stand where the parameters stood", () => {
  const source = `brain hello {
  ${HEAD}
  parameter greeting: text up to 20 bytes is "{Hi}"
  use intent from "./desk"
  kind is intent of message
  reply is "{greeting}, {kind}"
}
`
  expect(printed(last(source))[1]).toBe('reply is "{{Hi}}, {kind}"')
})
