/** Part `bits`: whether every module answers with the same bytes wherever it runs. */
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Part } from "../shared/part.ts"
import { type Section, say } from "../shared/report.ts"
import { TARGETS, type Target } from "./brain.testing.ts"
import { exhibitsIn, type Hall, isShown } from "./exhibits.ts"
import { runOn } from "./ran.ts"

/** A quick run has one of each kind. */
const QUICK: readonly Target[] = [
  ...(["host", "atmega328p on simavr", "atmega328p on avr8js", "cortex-m0 on QEMU", "cortex-m4 on QEMU"] as const),
]

interface Row {
  readonly name: string
  readonly asked: number
  /** Equal answers by place, or why there are none. */
  readonly equal: Readonly<Record<string, number | string>>
}

export async function measureBits(hall: Hall): Promise<Part> {
  const all = await exhibitsIn(hall)
  const targets = hall.isQuick ? QUICK : (Object.keys(TARGETS) as Target[])
  const rows: Row[] = []
  for (const exhibit of all.filter(isShown)) {
    const equal: Record<string, number | string> = {}
    equal["interpreter"] = exhibit.equalOn(interpreterEngine)
    equal["WASM"] = exhibit.equalOn(wasmEngine)
    for (const target of targets) {
      const found = await runOn(exhibit, target)
      equal[target] = "why" in found ? found.why : found.equal
    }
    const asked = exhibit.requests.length
    say(`  ${exhibit.name}: ${Object.values(equal).filter((each) => each === asked).length} places, ${asked} answers`)
    rows.push({ name: exhibit.name, asked, equal })
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
    measures: places.map((place) => {
      const count = rows.some(({ equal }) => typeof equal[place] === "number")
      return {
        name: `answers on ${place} that differ`,
        value: count ? different(place) : undefined,
        ...{ unit: "answers", digits: 0, bars: { is: "at most", must: 0 } as const },
      }
    }),
    sections: [sectionOf(rows, places, [...absent, ...unrun])],
    isSame: places.every((place) => different(place) === 0),
  }
}

const sectionOf = (rows: readonly Row[], places: readonly string[], unrun: readonly string[]): Section => ({
  title: "The same bits everywhere",
  notes: [
    "Answers equal to those of the interpreter on the program that is exported, byte for byte; on chips with all outputs and states after each call. `interpreter` and `WASM` are the module as it lies in its folder, on a PC; `host` is the exported C by gcc, `host, checked` the same with the sanitizers of addresses and of undefined behaviour. Nets with a state are asked in one sequence of calls, the first of which sets the state. The intent edition is asked messages of the test split of CLINC150, cut to 64 bytes.",
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
