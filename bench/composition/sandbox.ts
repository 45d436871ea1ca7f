/** Strangers' code in a brain: whatever it tries, the brain answers by its fallback, in time. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compose } from "open-brains"
import type { Part, PartOptions } from "../shared/part.ts"
import { median, number } from "../shared/report.ts"
import { ATTACKS } from "./brain.testing.ts"

const LATENCY_MS = 100
/** Beyond its deadline, to end a thread that does not end by itself. */
const GRACE_MS = 100
const BRAIN = `code rules {
  about "What a stranger wrote"
  licence "CC0-1.0"
  takes message: text up to 1000 bytes
  gives reply: text up to 1000 bytes
  runs "rules.js" as javascript
  limits { latency ${LATENCY_MS} ms memory 4 MB output 1000 bytes }
}

brain desk {
  about "Answers whatever the code does"
  licence "CC0-1.0"
  takes message: text up to 1000 bytes
  gives reply: text up to 1000 bytes
  reply is first good { rules of message "A person will answer you." }
}
`

interface Attack {
  readonly name: string
  readonly ms: number
  readonly isAnswered: boolean
}

export async function measureSandbox({ isQuick, folder }: PartOptions): Promise<Part> {
  const attacks = Object.entries(ATTACKS).slice(0, isQuick ? 12 : undefined)
  const found: Attack[] = []
  for (const [i, [name, [attack]]] of attacks.entries()) {
    const place = join(folder, `${i}`)
    mkdirSync(place)
    writeFileSync(join(place, "desk.brain"), BRAIN)
    writeFileSync(
      join(place, "rules.js"),
      `function attack() { ${attack} }\nfunction answer(message) { return message === "well" ? message : attack() }\n`,
    )
    const desk = await compose(join(place, "desk.brain"))
    const start = performance.now()
    const { outputs } = await desk.ask("attack")
    const ms = performance.now() - start
    const after = await desk.ask("well")
    const isAnswered = outputs["reply"] === "A person will answer you." && after.outputs["reply"] === "well"
    found.push({ name, ms, isAnswered })
    await desk.close()
  }
  const answered = found.filter(({ isAnswered }) => isAnswered).length
  const slowest = found.reduce((a, b) => (b.ms > a.ms ? b : a))
  return {
    isSame: answered === found.length,
    measures: [
      {
        name: `of ${found.length} attacks those that the brain answered by its fallback, and then as before`,
        value: (100 * answered) / found.length,
        unit: "%",
        digits: 1,
        bars: { is: "at least", must: 100 },
      },
      {
        name: `slowest of those answers, with a limit of ${LATENCY_MS} ms`,
        value: slowest.ms,
        unit: "ms",
        digits: 0,
        bars: { is: "at most", must: LATENCY_MS + GRACE_MS },
      },
    ],
    sections: [
      {
        title: "Strangers' code",
        notes: [
          `Each attack is the code part of a brain of its own: endless loops, memory, recursion, long answers, ways to the host, prototypes, odd throws. Median ${median(found.map(({ ms }) => ms)).toFixed(1)} ms.`,
        ],
        table: {
          heading: ["the slowest", "ms", "answered"],
          rows: found
            .toSorted((a, b) => b.ms - a.ms)
            .slice(0, 8)
            .map(({ name, ms, isAnswered }) => [name, number(ms, 1), isAnswered ? "by the fallback" : "NO"]),
        },
      },
    ],
  }
}
