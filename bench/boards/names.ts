/** Part `names`: the example that makes up names, on an Uno. */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Part } from "../shared/part.ts"
import { boardNamed, type Ports, reportOn } from "./brain.testing.ts"
import { openFolder } from "./exhibit.ts"
import { type Hall, NAMES_FOLDER, namesCalls, namesNet } from "./exhibits.ts"
import { cyclesOf, runOn } from "./ran.ts"
import { buildSketch } from "./sketch.ts"

const HERTZ = 16_000_000

export async function measureNames({ count, folder }: Hall): Promise<Part> {
  const exhibit = await namesNet(count)
  const ran = await runOn(exhibit, "atmega328p on simavr")
  const sketch = await buildSketch(exhibit, "uno", folder)
  const report = await reportOn(exhibit.module, exhibit.sources, boardNamed("uno"))
  const answers = "why" in ran ? undefined : ran.answers
  const cycles = answers && cyclesOf(exhibit, answers, "step")
  const ramBytes = report.ram.bytes
  const stackBytes = answers?.stackBytes
  const withStack = stackBytes === undefined ? undefined : ramBytes + stackBytes
  const at = placeOf("names_step_character", exhibit.ports)
  const said =
    answers && lettersOf(answers.outputs.flatMap((bytes, n) => (exhibit.counted[n] === "step" ? bytes[at]! : [])))
  const pc = sayOnPc(count)
  const different = said === undefined ? undefined : Array.from(pc).filter((letter, n) => letter !== said[n]).length
  return {
    measures: [
      {
        name: "names: flash of the whole sketch on an Uno",
        ...{ value: sketch.flashBytes, unit: "bytes", digits: 0, bars: { is: "at most", must: 28_000 } },
      },
      {
        name: "names: static RAM of the library and the stack of its deepest call",
        ...{ value: withStack, unit: "bytes", digits: 0, bars: { is: "at most", must: 700 } },
      },
      {
        name: "names: static RAM of the whole sketch and that stack",
        value: sketch.ramBytes === undefined || stackBytes === undefined ? undefined : sketch.ramBytes + stackBytes,
        ...{ unit: "bytes", digits: 0 },
      },
      {
        name: "names: characters a second at 16 MHz",
        value: cycles && HERTZ / cycles.mean,
        ...{ unit: "1/s", digits: 0, bars: { is: "at least", must: 300, aim: 500 } },
      },
      {
        name: "names: characters that are not those of a PC",
        ...{ value: different, unit: "characters", digits: 0, bars: { is: "at most", must: 0 } },
      },
    ],
    sections: [
      {
        title: "Names on an Uno",
        notes: [
          `Of ${count} characters on simavr: cycles from the call of names_step to its return. RAM with stack is the static memory of the library, as the linker counts it, and the most stack that a call took, its return address included; the sketch of the exported example has static memory of its own beside it (its serial port's buffers above all).`,
          `The board said: ${(said ?? "nothing").split("\n").slice(0, 12).join(" ")} …`,
          ...("why" in ran ? [`simavr: ${ran.why}.`] : []),
          ...(sketch.why === undefined ? [] : [`The sketch: ${sketch.why}.`]),
        ],
        table: {
          heading: ["what", "value"],
          rows: [
            ["cycles a character, mean", cycles?.mean.toFixed(0)],
            ["cycles a character, most", cycles?.most.toFixed(0)],
            ["flash of the library, as declared", `${report.flash.bytes}`],
            ["flash of the whole sketch, by arduino-builder", sketch.flashBytes?.toFixed(0)],
            ["static RAM of the library", `${ramBytes}`],
            ["stack of its deepest call, seen", stackBytes?.toFixed(0)],
            ["stack of its deepest call, declared", report.ram.stackBytes?.toFixed(0)],
            ["static RAM of the whole sketch, by arduino-builder", sketch.ramBytes?.toFixed(0)],
          ],
        },
      },
    ],
    isSame: said === undefined || said === pc,
  }
}

/** What a PC says when it is asked the same of the folder. */
function sayOnPc(count: number): string {
  const net = openFolder(NAMES_FOLDER, wasmEngine)
  return lettersOf(
    namesCalls(count).flatMap(({ entry, inputs }) => {
      const { character } = net.call(entry, inputs as Parameters<typeof net.call>[1])
      return character ? [...character] : []
    }),
  )
}
const lettersOf = (characters: readonly number[]): string =>
  characters.map((each) => (each === 0 ? "\n" : String.fromCharCode(96 + each))).join("")
function placeOf(name: string, { outputs }: Ports): number {
  const before = outputs.slice(
    0,
    outputs.findIndex((port) => port.name === name),
  )
  return before.reduce((sum, { bytes }) => sum + bytes, 0)
}
