import { expect, test } from "vitest"
import { formatBrains } from "./format.ts"
import { parseBrains } from "./parse.ts"

const UGLY = `# what it is
include   "a.brain"
include "b.brain"
brain  helpdesk{ about "A desk" # said aloud
licence "CC0-1.0"


  takes message:text up to 100 bytes
  # the reply
  gives reply : text up to 100 bytes
  kind is intent of message   # a label
  reply is route kind { when parcel or refund :  "a"
     # nobody knows
     when unsure: first good { writer of message within 1 s "b" } otherwise: mix { a of message weight 0.5 b of message } }
  budget {latency 2 ms}
  # the end
}
# after all
`
const NEAT = `# what it is
include "a.brain"
include "b.brain"

brain helpdesk {
  about "A desk"  # said aloud
  licence "CC0-1.0"

  takes message: text up to 100 bytes
  # the reply
  gives reply: text up to 100 bytes
  kind is intent of message  # a label
  reply is route kind {
    when parcel or refund: "a"
    # nobody knows
    when unsure: first good { writer of message within 1 s "b" }
    otherwise: mix { a of message weight 0.5 b of message }
  }
  budget { latency 2 ms }
  # the end
}
# after all
`
test("a file is written as everybody writes it, comments and all", () => {
  expect(formatBrains(UGLY, "x.brain")).toBe(NEAT)
})
test("what was formatted is formatted to itself, and says the same", () => {
  expect(formatBrains(NEAT, "x.brain")).toBe(NEAT)
  const meaning = (source: string): unknown =>
    JSON.parse(JSON.stringify(parseBrains(source, "x").syntax.definitions), (key, value) =>
      key === "start" || key === "end" ? undefined : value,
    )
  expect(meaning(NEAT)).toEqual(meaning(UGLY))
})
test("comments in the strangest places stay, and the text keeps its meaning", () => {
  const tokens = NEAT.replace(/#[^\n]*/g, "").match(/"[^"]*"|[^\s"]+/g)!
  for (let seed = 1; seed <= 60; seed++) {
    let state = seed
    const random = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return state / 2 ** 32
    }
    const source = tokens
      .map((token, i) => token + (random() < 0.2 ? ` # note ${i}\n` : random() < 0.3 ? "\n" : " "))
      .join("")
    const once = formatBrains(source, "x.brain")
    expect(formatBrains(once, "x.brain"), `seed ${seed}`).toBe(once)
    expect(once.match(/# note \d+/g) ?? []).toEqual(source.match(/# note \d+/g) ?? [])
    expect(once.replace(/#[^\n]*/g, "").match(/"[^"]*"|[^\s":{}]+|[:{}]/g)).toEqual(
      source.replace(/#[^\n]*/g, "").match(/"[^"]*"|[^\s":{}]+|[:{}]/g),
    )
  }
})
