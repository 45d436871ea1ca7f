/** Part `avr`: cycles of small nets on an ATmega328P, counted by simavr, and what the whole sketch takes of an Uno. */
import type { Part } from "../shared/part.ts"
import type { Measure, Section } from "../shared/report.ts"
import { boardNamed, type Report, reportOn } from "./brain.testing.ts"
import { boardNet, type Hall } from "./exhibits.ts"
import { type BoardNetName, missingCases } from "./nets.ts"
import { type Cycles, cyclesOf, runOn } from "./ran.ts"
import { buildSketch, type Sketch } from "./sketch.ts"

/** What the peers took, and our prototypes before there was a compiler: each measured on simavr before the project. */
const BARS: Readonly<Partial<Record<BoardNetName, Pick<Measure, "bars" | "peer">>>> = {
  "mnist-tiny": {
    bars: { is: "at most", must: 55_000, aim: 45_000 },
    peer: { name: "TinyMaix, before", value: 772_695 },
  },
  "digits-int8": {
    bars: { is: "at most", must: 30_000, aim: 28_000 },
    peer: { name: "TFLite-style C, before", value: 155_078 },
  },
  "digits-int4": {
    bars: { is: "at most", must: 27_000, aim: 25_000 },
    peer: { name: "TFLite-style C, before", value: 155_078 },
  },
}
const NETS = ["mnist-tiny", "digits-int8", "digits-int4", "gestures"] as const
/** TinyMaix's Uno example in its flash, of which ours may have six tenths. */
const PEER_FLASH = 12_190
const PEER_RAM = 1682 + 285

interface Row {
  readonly name: BoardNetName
  readonly cycles: Cycles | undefined
  readonly stackBytes: number | undefined
  readonly sketch: Sketch
  readonly report: Report
}

export async function measureAvr({ count, folder }: Hall): Promise<Part> {
  const missing = [...new Set(NETS.flatMap((name) => missingCases(name) ?? []))]
  if (missing[0] !== undefined) return { measures: [], sections: [sectionOf([], missing)], isSame: true }
  const rows: Row[] = []
  const notes: string[] = []
  for (const name of NETS) {
    const exhibit = await boardNet(name, count)
    const ran = await runOn(exhibit, "atmega328p on simavr")
    if ("why" in ran) notes.push(`${name}: ${ran.why}.`)
    const answers = "why" in ran ? undefined : ran.answers
    rows.push({
      name,
      cycles: answers && cyclesOf(exhibit, answers, "step"),
      stackBytes: answers?.stackBytes,
      sketch: await buildSketch(exhibit, "uno", folder),
      report: await reportOn(exhibit.module, exhibit.sources, boardNamed("uno")),
    })
  }
  const tiny = rows[0]!
  const ram = tiny.stackBytes === undefined ? undefined : tiny.report.ram.bytes + tiny.stackBytes
  return {
    measures: [
      ...rows.map(
        ({ name, cycles }): Measure => ({
          name: `${name}: cycles an answer on simavr, mean`,
          ...{ value: cycles?.mean, unit: "cycles", digits: 0, ...BARS[name] },
        }),
      ),
      {
        name: "mnist-tiny: flash of the whole sketch on an Uno",
        ...{ value: tiny.sketch.flashBytes, unit: "bytes", digits: 0 },
        bars: { is: "at most", must: Math.floor(0.6 * PEER_FLASH) },
        peer: { name: "TinyMaix, before", value: PEER_FLASH },
      },
      {
        name: "mnist-tiny: static RAM of the library and stack",
        ...{ value: ram, unit: "bytes", digits: 0, peer: { name: "TinyMaix, before", value: PEER_RAM } },
      },
    ],
    sections: [sectionOf(rows, notes)],
    isSame: true,
  }
}

const sectionOf = (rows: readonly Row[], notes: readonly string[]): Section => ({
  title: "Small nets on an Uno",
  notes: [
    "Cycles from call to return, exact, over 1,000 questions that nothing was learnt from (20 in a quick run). Flash and RAM of the whole sketch are what arduino-builder says of the example of the exported library, with its serial port; RAM of the library is its static memory as the linker counts it; stack is the most that a call took.",
    "Peers were measured on simavr before this project, not in this run: TinyMaix with its own net for MNIST on an Uno (318 parameters, 3,201 multiply-accumulates; our net has its shape) 772,695 cycles, 12,190 bytes of flash, 1,682 + 285 of RAM; the same weights as generated straight-line C with -Os 52,545 cycles. The MLP 64-32-10 as TFLite-style C with -Os 155,078 cycles; prototypes of ours by hand 28,317 with int8 and 25,539 with int4.",
    ...notes,
  ],
  table: {
    heading: [
      ...["net", "cycles, mean", "cycles, most", "ms, mean", "library flash", "library RAM", "stack", "sketch flash"],
      "sketch static RAM",
    ],
    rows: rows.map(({ name, cycles, stackBytes, sketch, report }) => [
      name,
      cycles?.mean.toFixed(0),
      cycles?.most.toFixed(0),
      cycles && (cycles.mean / 16_000).toFixed(2),
      `${report.flash.bytes}`,
      `${report.ram.bytes}`,
      stackBytes?.toFixed(0),
      sketch.flashBytes?.toFixed(0),
      sketch.ramBytes?.toFixed(0),
    ]),
  },
})
