import { expect, test } from "vitest"
import type { CheckedModule } from "../composition/composition.ts"
import { checkTexts } from "../composition/testing/library.ts"
import { type Inputs, type OpenBrain, openComposition } from "./composed.ts"
import type { Clock } from "./evaluate.ts"
import type { Answered, LabelValue, Part, Value } from "./part.ts"

/** A clock that goes on when it is told. */
function fakeClock(): Clock & { pass(ms: number): void } {
  let now = 0
  const calls: { readonly at: number; readonly call: () => void }[] = []
  return {
    now: () => now,
    after(ms, call) {
      const entry = { at: now + ms, call }
      calls.push(entry)
      return () => void calls.splice(calls.indexOf(entry), 1)
    },
    pass(ms) {
      now += ms
      for (const { at, call } of [...calls]) if (at <= now) call()
    },
  }
}

const HEAD = `  about "A desk"
  licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 400 bytes
  use intent from "./desk"
`
const CODE = (name: string, limits = "latency 50 ms"): string => `code ${name} {
  about "x"
  licence "CC0-1.0"
  takes message: text up to 400 bytes
  gives reply: text up to 100 bytes
  runs "${name}.js" as javascript
  limits { ${limits} }
}
`
const brain = (members: string, head = HEAD, before = ""): string => `${before}brain helpdesk {\n${head}${members}\n}\n`

/** A net that says of a text what it holds: a label by its name, else unsure. */
const LABELS = ["parcel", "refund", "stock"]
function netPart(): Part {
  return {
    ask: ([text]) => {
      const logits = Int16Array.from(LABELS, (label) => ((text as string).includes(label) ? 2560 : -256))
      const label = LABELS.find((each) => (text as string).includes(each))
      return [{ label, guess: label ?? LABELS[0]!, probability: 0.5, logits, needed: 1024 }]
    },
  }
}

interface Fakes {
  readonly parts?: Readonly<Record<string, (inputs: readonly Value[]) => Answered | Promise<Answered>>>
  readonly clock?: Clock
  readonly opened?: string[]
}
async function open(text: string, { parts = {}, clock = fakeClock(), opened = [] }: Fakes = {}): Promise<OpenBrain> {
  const { composition, problems } = checkTexts(text)
  expect(problems.map(({ seen }) => seen)).toEqual([])
  return openComposition(composition!, {
    clock,
    open(module: CheckedModule): Part {
      opened.push(module.name)
      return module.kind === "net" ? netPart() : { ask: parts[module.name] ?? (() => ({ nothing: "it failed" })) }
    },
  })
}
const reply = async (opened: OpenBrain, inputs: Inputs): Promise<unknown> => (await opened.ask(inputs)).outputs["reply"]

const ROUTE =
  'kind is intent of message\n reply is route kind { when parcel: "On its way." when unsure: "A person will answer." otherwise: "About {kind}." }'

test("a route goes by the label, otherwise stands for the rest, and unsure has its own branch", async () => {
  const desk = await open(brain(ROUTE))
  expect(desk.ask("my parcel").valueOf()).toMatchObject({ outputs: { reply: "On its way." } }) // at once, without a promise
  expect(await reply(desk, "a refund")).toBe("About refund.")
  expect(await reply(desk, { message: "cats" })).toBe("A person will answer.")
})

test("a part that no answer needs is not asked", async () => {
  let asked = 0
  const count = (): Answered => {
    asked++
    return ["said"]
  }
  const text = brain(
    'kind is intent of message\n said is first good { slow of message "none" }\n reply is route kind { when parcel: said when unsure: "u" otherwise: "{said}{said}" }',
    HEAD,
    CODE("slow"),
  )
  const desk = await open(text, { parts: { slow: count } })
  expect(await reply(desk, "cats")).toBe("u")
  expect(asked).toBe(0)
  expect(await reply(desk, "stock")).toBe("saidsaid")
  expect(asked).toBe(1) // and what is needed twice is asked once
})

test("first good: what failed or is unsure makes way, with reasons when nothing is left", async () => {
  const text = brain(
    'a is first good { bad of message good of message "last" }\n kind is intent of message\n reply is "{a} {kind}"',
    HEAD,
    CODE("bad") + CODE("good"),
  )
  const answers = async (good: Answered) => reply(await open(text, { parts: { good: () => good } }), "parcel")
  expect(await answers(["fine"])).toBe("fine parcel")
  expect(await answers({ nothing: "no" })).toBe("last parcel")
})

test("a late part is nothing after its time, and parts that are asked together run together", async () => {
  const clock = fakeClock()
  const waits: ((answer: Answered) => void)[] = []
  const later = (): Promise<Answered> => new Promise((resolve) => waits.push(resolve))
  const text = brain(
    'one is first good { slow of message within 20 ms "late" }\n two is first good { other of message within 20 ms "late too" }\n kind is intent of message\n reply is "{one} {two} {kind}"',
    HEAD,
    CODE("slow") + CODE("other"),
  )
  const desk = await open(text, { parts: { slow: later, other: later }, clock })
  const answer = reply(desk, "parcel")
  expect(waits.length).toBe(2) // both were asked before either answered
  waits[0]!(["in time"])
  await new Promise((resolve) => setTimeout(resolve, 0))
  clock.pass(20)
  expect(await answer).toBe("in time late too parcel")
})

test("a mix weighs the logits of its experts, in whole numbers, and says who spoke for what", async () => {
  const head = HEAD.replace("gives reply: text up to 400 bytes", "gives reply: label of intent").replace(
    "use intent",
    'use other from "./words"\n  use intent',
  )
  const text = brain("reply is mix { intent of message other of message weight 0.5 }", head)
  const desk = await open(text)
  const value = (await reply(desk, "refund")) as LabelValue
  expect(value.label).toBe("refund")
  expect([...value.logits!]).toEqual([-384, 3840, -384]) // (256 · l + 128 · l) / 256
  expect(value.needed).toBe(1536)
  expect(((await reply(desk, "cats")) as LabelValue).label).toBeUndefined()
  const { steps } = await desk.trace("refund")
  expect(steps.find(({ part }) => part === "mix")!.says).toEqual([
    { expert: 0, bits: 11 },
    { expert: 1, bits: 5.5 },
  ])
})

test("a repeat ends at its condition or its bound", async () => {
  const text = brain(
    'draft is repeat up to 3 times { start with "{message}" then first good { longer of draft "x" } until intent of draft is parcel or stock }\n reply is "{draft}"',
    HEAD,
    CODE("longer"),
  )
  const step = ([draft]: readonly Value[]): Answered => [
    `${draft as string}${(draft as string).length >= 4 ? "parcel" : "."}`,
  ]
  const desk = await open(text, { parts: { longer: step } })
  expect(await reply(desk, "ab")).toBe("ab..parcel")
  expect(await reply(desk, "parcel")).toBe("parcel")
  const endless = await open(text, { parts: { longer: ([draft]) => [`${draft as string}.`] } })
  expect(await reply(endless, "")).toBe("...")
})

test("an answer that breaks a rule is nothing, and the next alternative answers", async () => {
  const text = brain(
    'kind is intent of message\n reply is route kind { when parcel: first good { writer of message "We look." } when unsure: "none" otherwise: "Yours, {kind}" }\n forbid "SECRET" in reply',
    HEAD,
    CODE("writer"),
  )
  const answers = async (said: string) => reply(await open(text, { parts: { writer: () => [said] } }), "parcel")
  expect(await answers("hello")).toBe("hello")
  expect(await answers("the secret is 7")).toBe("We look.")
})

test("a module is loaded once; a state is of its use, unless uses share it by name", async () => {
  const uses = (shared: string): string =>
    brain(
      `use one from counter ${shared}\n use two from counter ${shared}\n a is first good { one of message "-" }\n b is first good { two of "{a}" "-" }\n again is intent of message\n kind is intent of b\n reply is "{a}{b}{kind}{again}"`,
      HEAD,
      CODE("counter"),
    )
  const openCounter = async (text: string): Promise<[unknown, readonly string[]]> => {
    const opened: string[] = []
    const { composition } = checkTexts(text)
    const desk = await openComposition(composition!, {
      clock: fakeClock(),
      open(module) {
        opened.push(module.name)
        let count = 0
        return module.kind === "net" ? netPart() : { ask: () => [`${++count}`] }
      },
    })
    return [await reply(desk, "cats"), opened]
  }
  const apart = await openCounter(uses(""))
  expect(apart[0]).toBe("11unsureunsure")
  expect(apart[1].filter((name) => name === "desk")).toEqual(["desk"])
  expect((await openCounter(uses("shared as tally")))[0]).toBe("12unsureunsure")
})

test("what is nothing makes nothing of what needs it; an optional part that is absent is nothing", async () => {
  const head = `${HEAD}  use writer from "./none" optional\n`
  const desk = await open(
    brain(
      'kind is intent of message\n reply is first good { "{said}" "It is {kind}." }\n said is writer of message',
      head,
    ),
  )
  expect(await reply(desk, "stock")).toBe("It is stock.")
})

test("inputs that are not what a brain takes are refused by name, and long texts are cut and counted", async () => {
  const desk = await open(brain(ROUTE))
  expect(() => desk.ask(3)).toThrow("`message` was given 3 where text up to 100 bytes is wanted.")
  expect(() => desk.ask({ massage: "x" })).toThrow("takes no `massage`")
  expect(() => desk.ask({})).toThrow("There is no `message`")
  const long = `parcel${"é".repeat(60)}`
  expect(desk.ask(long)).toMatchObject({ bytesCut: 26 })
  const echo = await open(brain('kind is intent of message\n reply is "{message}{kind}"'))
  expect(await reply(echo, long)).toBe(`parcel${"é".repeat(47)}parcel`)
})

test("a nested brain answers as a module does, and its steps are traced below it", async () => {
  const inner = brain(ROUTE).replace("brain helpdesk", "brain inner")
  const outer = brain('said is inner of message\n kind is intent of message\n reply is "{said} {kind}"').replace(
    "400 bytes",
    "409 bytes",
  )
  const desk = await open(inner + outer)
  expect(await reply(desk, "parcel")).toBe("On its way. parcel")
  const { steps } = await desk.trace("parcel")
  expect(steps.map(({ brain: of, part, depth }) => [of, part, depth])).toEqual([
    ["helpdesk", "inner", 0],
    ["inner", "intent", 1],
    ["helpdesk", "intent", 0],
  ])
})

test("uses of one template have each their own values, though it is checked once", async () => {
  const greeter = `brain greeter {
  about "x"
  licence "CC0-1.0"
  takes message: text up to 100 bytes
  gives reply: text up to 160 bytes
  parameter times: number from 0 to 9
  parameter word: text up to 20 bytes is "Hi"
  reply is "{word} {message} {times}"
}
`
  const head = HEAD.replace(
    "  use intent",
    '  use one from greeter with { times 1 }\n  use two from greeter with { word "Ho" times 2 }\n  use intent',
  )
  const desk = await open(
    brain(
      'a is one of message\n b is two of message\n kind is intent of a\n reply is "{a}, {b}: {kind}"',
      head,
      greeter,
    ),
  )
  expect(await reply(desk, "cats")).toBe("Hi cats 1, Ho cats 2: unsure")
})
