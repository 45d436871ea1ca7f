/** Part `arm`: a fully connected layer on Cortex-M, in modelled cycles over the exact instructions that QEMU ran. */
import type { Part } from "../shared/part.ts"
import type { Cell, Measure } from "../shared/report.ts"
import type { Target } from "./brain.testing.ts"
import { type Hall, layers } from "./exhibits.ts"
import { INPUTS, LAYERS, OUTPUTS } from "./layer.ts"
import { cyclesOf, type Ran, runOn } from "./ran.ts"

const PRODUCTS = INPUTS * OUTPUTS
const CHIPS = {
  M0: "cortex-m0 on QEMU",
  "M0+": "cortex-m0plus on QEMU",
  M4: "cortex-m4 on QEMU",
} as const satisfies Readonly<Record<string, Target>>
type ChipName = keyof typeof CHIPS
/** The one pair of kinds of weight and chip that each has a bar of its own, for whatever the weights are. */
const BARS: readonly (Pick<Measure, "bars" | "peer"> & { readonly chip: ChipName; readonly kind: string })[] = [
  {
    chip: "M0",
    kind: "int4",
    bars: { is: "at most", must: 4.6, aim: 4 },
    peer: { name: "CMSIS-NN, before", value: 11.1 },
  },
  {
    chip: "M4",
    kind: "int8",
    bars: { is: "at most", must: 2.6, aim: 2.2 },
    peer: { name: "CMSIS-NN, before", value: 3.5 },
  },
]

interface Row {
  readonly kind: string
  /** Cycles a multiply-accumulate by chip. */
  readonly cycles: Readonly<Record<string, { readonly mean: number; readonly most: number } | undefined>>
}

export async function measureArm({ folder, count }: Hall): Promise<Part> {
  const rows: Row[] = []
  const notes = new Set<string>()
  let isSame = true
  for (const [n, exhibit] of (await layers(folder, count)).entries()) {
    const cycles: Record<string, Row["cycles"][string]> = {}
    for (const [chip, target] of Object.entries(CHIPS)) {
      const ran = await runOn(exhibit, target)
      if ("why" in ran) notes.add(`${chip}: ${ran.why}.`)
      else {
        isSame &&= ran.equal === exhibit.requests.length
        cycles[chip] = perProduct(ran, (answers) => cyclesOf(exhibit, answers, "step"))
      }
    }
    rows.push({ kind: LAYERS[n]!.name, cycles })
  }
  return {
    measures: rows.flatMap(({ kind, cycles }) =>
      BARS.filter((bar) => kind.startsWith(bar.kind)).map(
        ({ chip, bars, peer }): Measure => ({
          name: `${chip}, ${kind}: modelled cycles a multiply-accumulate, mean`,
          ...{
            value: cycles[chip]?.mean,
            unit: "cycles",
            digits: 2,
            ...(bars ? { bars } : {}),
            ...(peer ? { peer } : {}),
          },
        }),
      ),
    ),
    sections: [
      {
        title: `A layer ${INPUTS} -> ${OUTPUTS} on Cortex-M`,
        notes: [
          "Modelled cycles a multiply-accumulate: the exact instructions that QEMU ran, each with the cycles of its chip's manual (flash without wait states); everything from the call to the return counts, so the call itself, biases, the requantisation to u8 with a multiplier of any 15 bits for each output and the copy of nothing. Mean and most over 1,000 random inputs (20 in a quick run), the ends of the range among them. The layer is a graph that goes the whole way: lowered for chips, frozen, and exported as C.",
          "CMSIS-NN's fully_connected_s8 was modelled in the same way before this project, not in this run: 11.1 cycles on the M0 and 3.5 on the M4.",
          ...notes,
        ],
        table: {
          heading: ["weights", ...Object.keys(CHIPS).flatMap((chip) => [`${chip} mean`, `${chip} most`])],
          rows: rows.map(({ kind, cycles }) => [
            kind,
            ...Object.keys(CHIPS).flatMap((chip): readonly Cell[] => [
              cycles[chip]?.mean.toFixed(2),
              cycles[chip]?.most.toFixed(2),
            ]),
          ]),
        },
      },
    ],
    isSame,
  }
}
function perProduct(
  { answers }: Ran,
  of: (answers: Ran["answers"]) => ReturnType<typeof cyclesOf>,
): Row["cycles"][string] {
  const cycles = of(answers)
  return cycles && { mean: cycles.mean / PRODUCTS, most: cycles.most / PRODUCTS }
}
