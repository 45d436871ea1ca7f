/** Part explain: the contributions of n-grams sum to the logits that were answered, to the unit; and what it costs to know. */
import { join } from "node:path"
import { type Brain, type Explanation, explain, load } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import { published, splitsOf } from "../intent/brain.testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { mean, median, number, quantile, say } from "../shared/report.ts"

export async function measureExplanations({ isQuick }: PartOptions): Promise<Part> {
  const split = isQuick ? "validation" : "test"
  const messages = splitsOf(await published("clinc150"))[split].map(({ text }) => text)
  const start = performance.now()
  const brain = await load(join(repository, "modules/intent"))
  const loaded = performance.now()
  explain(brain, messages[0]!)
  const opened = performance.now()

  say(`explaining ${messages.length} messages`)
  for (const text of messages.slice(0, 1000)) explain(brain, text) // warm-up
  const [microseconds, rounding, rows]: [number[], number[], number[]] = [[], [], []]
  let [differing, cut, processor] = [0, 0, 0]
  for (const text of messages) {
    const [before, use] = [performance.now(), process.cpuUsage()]
    const found = explain(brain, text)
    microseconds.push((performance.now() - before) * 1000)
    const { user, system } = process.cpuUsage(use)
    processor += user + system
    if (!isExact(brain, found)) differing++
    if (found.isCut.some(Boolean)) cut++
    rounding.push(...found.rounding.map((units) => Math.abs(units) / 256))
    rows.push(found.rows.length)
  }

  return {
    measures: [
      {
        name: `explanations that do not sum to the logit, of ${messages.length} messages`,
        value: differing,
        unit: "messages",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
      { name: "an explanation, median", value: median(microseconds), unit: "µs", digits: 0 },
      { name: "an explanation, processor time, mean", value: processor / messages.length, unit: "µs", digits: 0 },
      { name: "an explanation, 99th percentile", value: quantile(microseconds, 0.99), unit: "µs", digits: 0 },
      { name: "what is rounded away, mean", value: mean(rounding), unit: "bits", digits: 4 },
      { name: "what is rounded away, at most", value: Math.max(...rounding), unit: "bits", digits: 3 },
    ],
    sections: [
      {
        title: "Explanations",
        notes: [
          `Each ${split} message of CLINC150 (those that fit no label too), asked of modules/intent: rows, bias and rounding summed for the answer and for the label that comes next, and the words with bias and rounding, against the logits of the classifier itself.`,
        ],
        table: {
          heading: ["what", "value", "unit"],
          rows: [
            ["messages", `${messages.length}`, ""],
            ["rows a message, mean", number(mean(rows), 1), "rows"],
            ["messages where something was cut off", `${cut}`, "messages"],
            ["module from its folder to its first answer", number(loaded - start, 0), "ms"],
            ["first explanation, after that", number(opened - loaded, 0), "ms"],
            ...[0, 0.5, 0.99, 1].map((share) => [
              `an explanation, ${share === 0 ? "least" : share === 1 ? "most" : share === 0.5 ? "median" : "99th percentile"}`,
              number(quantile(microseconds, share), 0),
              "µs",
            ]),
          ],
        },
      },
    ],
    isSame: differing === 0,
  }
}

/** Whether an explanation sums to what the classifier, asked once more by itself, has for each of its labels. */
export function isExact(brain: Brain, { text, labels, rows, words, bias, rounding }: Explanation): boolean {
  const { logits } = brain.run(new TextEncoder().encode(text))
  return labels.every(({ label }, i) => {
    const logit = logits[brain.labels.indexOf(label)]!
    const sumOf = (parts: Explanation["rows"] | Explanation["words"]): number =>
      parts.reduce((sum, { contributions }) => sum + contributions[i]!, bias[i]! + rounding[i]!)
    return sumOf(rows) === logit && (words.length === 0 || sumOf(words) === logit)
  })
}
