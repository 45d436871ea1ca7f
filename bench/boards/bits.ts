/** Part `bits`: whether every module answers with the same bytes wherever it runs. */
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Part } from "../shared/part.ts"
import { type Measure, type Section, say } from "../shared/report.ts"
import { TARGETS, type Target } from "./brain.testing.ts"
import { exhibitsIn, type Hall, isShown } from "./exhibits.ts"
import { cyclesOf, runOn } from "./ran.ts"

/** A quick run has one of each kind. */
const QUICK: readonly Target[] = [
  ...(["host", "atmega328p on simavr", "atmega328p on avr8js", "cortex-m0 on QEMU", "cortex-m4 on QEMU"] as const),
]

interface Row {
  readonly name: string
  readonly asked: number
  /** Equal answers by place, or why there are none. */
  readonly equal: Readonly<Record<string, number | string>>
  /** Mean cycles by place, of each kind of call. */
  readonly cycles: readonly { readonly entry: string; readonly mean: Readonly<Record<string, number>> }[]
}

export async function measureBits(hall: Hall): Promise<Part> {
  const all = await exhibitsIn(hall)
  const targets = hall.isQuick ? QUICK : (Object.keys(TARGETS) as Target[])
  const rows: Row[] = []
  for (const exhibit of all.filter(isShown)) {
    const equal: Record<string, number | string> = {}
    const means = new Map<string, Readonly<Record<string, number>>>()
    equal["interpreter"] = exhibit.equalOn(interpreterEngine)
    equal["WASM"] = exhibit.equalOn(wasmEngine)
    for (const target of targets) {
      const found = await runOn(exhibit, target)
      equal[target] = "why" in found ? found.why : found.equal
      if ("why" in found) continue
      for (const entry of new Set(exhibit.counted)) {
        const mean = cyclesOf(exhibit, found.answers, entry)?.mean
        if (mean !== undefined) means.set(entry, { ...means.get(entry), [target]: mean })
      }
    }
    const asked = exhibit.requests.length
    say(`  ${exhibit.name}: ${Object.values(equal).filter((each) => each === asked).length} places, ${asked} answers`)
    const cycles = [...means].map(([entry, mean]) => ({ entry, mean }))
    rows.push({ name: exhibit.name, asked, equal, cycles })
  }
  const places = ["interpreter", "WASM", ...targets]
  const different = (place: string): number =>
    rows.reduce((sum, { equal, asked }) => {
      const found = equal[place]
      return sum + (typeof found === "number" ? asked - found : 0)
    }, 0)
  const absent = all.flatMap((each) => (isShown(each) ? [] : [`${each.name} is not shown: ${each.why}.`]))
  const unrun = rows.flatMap(({ name, equal }) =>
    Object.entries(equal).flatMap(([place, found]) =>
      typeof found === "string" ? [`${name}, ${place}: ${found}.`] : [],
    ),
  )
  return {
    measures: [
      {
        name: "answers that were compared, on all places together",
        value: rows.reduce((sum, { equal, asked }) => sum + asked * numbersIn(equal), 0),
        ...{ unit: "answers", digits: 0 },
      },
      ...places.map((place): Measure => {
        const count = rows.some(({ equal }) => typeof equal[place] === "number")
        return {
          name: `answers on ${place} that differ`,
          value: count ? different(place) : undefined,
          ...{ unit: "answers", digits: 0, bars: { is: "at most", must: 0 } },
        }
      }),
    ],
    sections: [sectionOf(rows, places, [...absent, ...unrun]), cyclesSection(rows, targets)],
    isSame: places.every((place) => different(place) === 0),
  }
}

const numbersIn = (equal: Row["equal"]): number =>
  Object.values(equal).filter((each) => typeof each === "number").length

function cyclesSection(rows: readonly Row[], targets: readonly Target[]): Section {
  const counting = targets.filter((target) => TARGETS[target].cycles !== "none")
  return {
    title: "Cycles of a call",
    notes: [
      "Mean over the same calls: exact on AVRs, modelled on Cortex-M. `reset` and `begin` only make a beginning; the scribe's `run` is a byte that it takes, `foresee` the likeliest next one.",
    ],
    table: {
      heading: ["module", "call", ...counting],
      rows: rows.flatMap(({ name, cycles }) =>
        cycles.map(({ entry, mean }) => [name, entry, ...counting.map((target) => mean[target]?.toFixed(0))]),
      ),
    },
  }
}

const sectionOf = (rows: readonly Row[], places: readonly string[], unrun: readonly string[]): Section => ({
  title: "The same bits everywhere",
  notes: [
    "Answers equal to those of the interpreter on the program that is exported, byte for byte; on chips with all outputs and states after each call. `interpreter` and `WASM` are the module as it lies in its folder, on a PC; `host` is the exported C by gcc, `host, checked` the same with the sanitizers of addresses and of undefined behaviour. Nets with a state are asked in one sequence of calls, the first of which sets the state. The intent edition is asked messages of the test split of CLINC150, cut to 64 bytes; the scribe takes the bytes of a page of the manual, learns six of seven and is asked now and then which comes next.",
    ...unrun,
  ],
  table: {
    heading: ["module", "asked", ...places],
    rows: rows.map(({ name, asked, equal }) => [
      name,
      `${asked}`,
      ...places.map((place) => (typeof equal[place] === "number" ? `${equal[place]}` : undefined)),
    ]),
  },
})
