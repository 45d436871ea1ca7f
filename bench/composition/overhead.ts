/** What a brain of five parts costs over calling its parts by hand. */

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Brain, compose, load } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { median, number } from "../shared/report.ts"

const FIVE = (net: string): string => `brain five {
  about "Five parts: one decides, two more are asked, and two beside them"
  licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives reply: text up to 2000 bytes
  use one from "${net}"
  use two from "${net}"
  use three from "${net}"
  use four from "${net}"
  use five from "${net}"
  kind is one of message
  second is two of message
  third is three of "again: {kind}"
  fourth is four of message
  fifth is five of "{second} {fourth}"
  reply is "{kind}: {third}, {fifth}"
}
`
const TEXTS = [
  "where is my parcel",
  "I want my money back",
  "do you have blue wire",
  "change my address",
  "why do cats purr",
]
const ROUNDS = 41
const CALLS = 200

export async function measureOverhead({ folder }: PartOptions): Promise<Part> {
  const net = join(repository, "examples/helpdesk/desk")
  const file = join(folder, "five.brain")
  writeFileSync(file, FIVE(net))
  const brain = await compose(file)
  const part = await load(net)
  const answerOf = (text: string): string => {
    const found = brain.ask(text)
    if (found instanceof Promise) throw new Error("a brain of nets answers at once")
    return found.outputs["reply"] as string
  }
  const isSame = TEXTS.every((text) => answerOf(text) === byHand(part, text))
  const perAnswer = (ask: (text: string) => unknown): number => {
    const start = performance.now()
    for (let i = 0; i < CALLS; i++) ask(TEXTS[i % TEXTS.length]!)
    return (1000 * (performance.now() - start)) / CALLS
  }
  const pairs = Array.from(
    { length: ROUNDS },
    () => [perAnswer(answerOf), perAnswer((text) => byHand(part, text))] as const,
  )
  const [whole, hand] = [median(pairs.slice(5).map(([a]) => a)), median(pairs.slice(5).map(([, b]) => b))]
  const overhead = median(pairs.slice(5).map(([a, b]) => a - b))
  await brain.close()
  return {
    isSame,
    measures: [
      {
        name: "five parts, over calling them by hand",
        value: overhead,
        unit: "µs",
        digits: 2,
        bars: { is: "at most", must: 10 },
      },
    ],
    sections: [
      {
        title: "A brain of five parts",
        notes: [
          `Five uses of one net of 30 KB, ${CALLS} answers a round, in turn with the same calls by hand, medians of ${ROUNDS - 5} rounds; the answers ${isSame ? "are the same" : "DIFFER"}.`,
        ],
        table: {
          heading: ["", "µs an answer"],
          rows: [
            ["the brain", number(whole, 2)],
            ["by hand", number(hand, 2)],
            ["over that", number(overhead, 2)],
          ],
        },
      },
    ],
  }
}

function byHand(part: Brain, text: string): string {
  const of = (each: string): string => part.ask(each).label ?? "unsure"
  const [kind, second, fourth] = [of(text), of(text), of(text)]
  return `${kind}: ${of(`again: ${kind}`)}, ${of(`${second} ${fourth}`)}`
}
