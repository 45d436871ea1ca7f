/** Part 7: from a module to its first answer, and from a large program to the end of its first run. */
import { join } from "node:path"
import { repository } from "../../../scripts/testing.ts"
import type { Part, PartOptions } from "../../shared/part.ts"
import { median, number, type Section, say } from "../../shared/report.ts"
import { nodeChild } from "../children.ts"

export interface IntentTimes {
  readonly label: string
  /** Reading the folder and checking digests. */
  readonly readMs: number
  /** Of the engine, once a process. */
  readonly selfTestMs: number
  /** From bytes to a classifier that is ready: parse, lower, prove, emit, instantiate. */
  readonly compileMs: number
  /** That and the first answer. */
  readonly answerMs: number
}
export interface ProgramTimes {
  /** Of the WebAssembly. */
  readonly bytes: number
  /** From nothing to the program. */
  readonly lowerMs: number
  readonly validateMs: number
  /** To an instance of the WebAssembly. */
  readonly emitMs: number
  readonly runMs: number
  /** From the program to the end of its first run. */
  readonly allMs: number
}
export type Compiling = IntentTimes | ProgramTimes

/** Of the large program's WebAssembly. */
const BYTES = 500_000

export function measureCompiling({ isQuick }: PartOptions): Part {
  const times = isQuick ? 5 : 15
  say(`compiling, ${times} processes each`)
  const ask = <Figures>(count: number, ...words: readonly string[]): readonly Figures[] =>
    Array.from({ length: count }, () => {
      const found = nodeChild<Figures>("compiling/child.ts", words, { secondsMax: 60 })
      if (typeof found === "string") throw new Error(`compiling ${words[0]}: ${found}`)
      return found
    })
  const intents = ask<IntentTimes>(times, "intent", join(repository, "modules/intent"))
  const [first] = ask<ProgramTimes>(1, "program", "700")
  const layers = `${Math.round((700 * BYTES) / first!.bytes)}`
  const programs = ask<ProgramTimes>(times, "program", layers)
  const parts = (["readMs", "selfTestMs", "compileMs", "answerMs"] as const).map((part) =>
    intents.map((each) => each[part]),
  )
  const stages = (["lowerMs", "validateMs", "emitMs", "runMs", "allMs"] as const).map((stage) =>
    programs.map((each) => each[stage]),
  )
  const kilobytes = programs[0]!.bytes / 1000
  const isRight = intents.every(({ label }) => label === "balance")
  const row = (name: string, values: readonly number[]) => [
    name,
    number(Math.min(...values), 1),
    number(median(values), 1),
    number(Math.max(...values), 1),
  ]
  const section: Section = {
    title: "Compiling",
    notes: [
      `Each in ${times} processes that have compiled nothing before, so that the compiler itself runs on cold JavaScript; the start of the process and its imports are not counted. The large program becomes ${kilobytes.toFixed(0)} kB of WebAssembly.`,
      ...(isRight ? [] : ["The intent module gave another answer than `balance`."]),
    ],
    table: {
      heading: ["stage", "minimum ms", "median ms", "maximum ms"],
      rows: [
        ...["read and check", "self-test of the engine", "compile", "compile and answer"].map((part, i) =>
          row(`intent: ${part}`, parts[i]!),
        ),
        ...["lower", "prove", "emit and instantiate", "first run", "all but lowering"].map((stage, i) =>
          row(`large program: ${stage}`, stages[i]!),
        ),
      ],
    },
  }
  return {
    measures: [
      {
        name: "intent module to its first answer, median",
        value: median(parts[3]!),
        unit: "ms",
        digits: 1,
        bars: { is: "at most", must: 15 },
      },
      {
        name: `program of ${kilobytes.toFixed(0)} kB to its first result, median`,
        value: median(stages[4]!),
        unit: "ms",
        digits: 1,
        bars: { is: "at most", must: 60 },
      },
    ],
    sections: [section],
    isSame: isRight,
  }
}
