/** Part 6: programs that somebody else wrote, made at random and then wounded, on every engine. */
import { availableParallelism } from "node:os"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, type Section, say } from "../shared/report.ts"
import { judge, missingCompiler, type Verdict } from "./engines.testing.ts"

const KINDS = ["generated", "mutated"] as const
type Kind = (typeof KINDS)[number]
/** Batches of each kind begin at other seeds, so that no wounded program is one that was tried whole. */
const SEEDS: Readonly<Record<Kind, number>> = { generated: 1, mutated: 1_000_001 }

export async function measurePrograms({ isQuick }: PartOptions): Promise<Part> {
  const amounts: Readonly<Record<Kind, number>> = isQuick
    ? { generated: 150, mutated: 150 }
    : { generated: 20_000, mutated: 5_000 }
  const missing = missingCompiler()
  const verdicts = new Map<Kind, Verdict>()
  for (const kind of missing === undefined ? KINDS : [])
    verdicts.set(
      kind,
      await judge({
        programs: kind === "generated" ? amounts[kind] : 0,
        mutants: kind === "mutated" ? amounts[kind] : 0,
        seed: SEEDS[kind],
        jobs: availableParallelism(),
        onBatch: (done) => say(`${kind} programs: ${done} of ${amounts[kind]}`),
      }),
    )
  return partOf(amounts, verdicts, missing)
}

function partOf(
  amounts: Readonly<Record<Kind, number>>,
  verdicts: ReadonlyMap<Kind, Verdict>,
  missing: string | undefined,
): Part {
  const lost = [...verdicts].flatMap(([kind, { refused, long, ran }]) =>
    refused + long + ran === amounts[kind]
      ? []
      : [`${refused + long + ran} of ${amounts[kind]} ${kind} programs are told of`],
  )
  const faults = [...lost, ...[...verdicts.values()].flatMap((verdict) => verdict.faults)]
  const section: Section = {
    title: "Programs of strangers",
    notes: [
      "Random programs, and such with one to three wounds. Each is refused by the validator or gives, on the same random memory, the memory of the interpreter: in WebAssembly with loops in place and as functions, in the C of the native engine with its flags, and in C under the address and undefined behaviour sanitisers, scalar and with vectors of 4, 8 and 16 lanes by turns. Every 150 are a process of their own, so that a crash or a hang is counted, too.",
      ...(missing === undefined ? [] : [`Not measured: ${missing}.`]),
      ...faults.slice(0, 20),
    ],
    table: {
      heading: ["programs", "tried", "refused", "too long to run", "run on every engine", "faults"],
      rows: KINDS.flatMap((kind) => {
        const verdict = verdicts.get(kind)
        if (!verdict) return []
        const { refused, long, ran } = verdict
        return [[kind, ...[amounts[kind], refused, long, ran, verdict.faults.length].map((count) => `${count}`)]]
      }),
    },
  }
  const measure = (kind: Kind): Measure => ({
    name: `faults of ${amounts[kind]} ${kind} programs`,
    value: verdicts.get(kind)?.faults.length,
    unit: "faults",
    digits: 0,
    bars: { is: "at most", must: 0 },
  })
  return { measures: KINDS.map(measure), sections: [section], isSame: faults.length === 0 }
}
