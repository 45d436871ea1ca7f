/** What strangers send, altered a hundred thousand times of each kind: refused with a code and a hint, or read; no crash. */
import { join } from "node:path"
import { type Attacked, attack, READERS } from "@open-brains/core/commons/testing/hostile.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { number, say } from "../shared/report.ts"
import { layoutReader } from "./brain.testing.ts"

export async function measureHostile({ isQuick, folder }: PartOptions): Promise<Part> {
  const attempts = isQuick ? 2000 : 100_000
  const { manifests, envelopes, statements } = READERS
  const readers = { manifests, layouts: await layoutReader(join(folder, "layout")), envelopes, statements }
  const all: (readonly [string, Attacked])[] = []
  for (const [kind, reader] of Object.entries(readers)) {
    const attacked = await attack(reader, attempts, 1_000_000)
    for (const failure of attacked.failures.slice(0, 5)) say(`  ${kind}, ${failure}`)
    say(`  ${kind}: ${JSON.stringify(attacked.counts)}`)
    all.push([kind, attacked])
  }
  const failed = all.reduce((sum, [, { failures }]) => sum + failures.length, 0)
  const worst = Math.max(...all.map(([, { worstMs }]) => worstMs))
  return {
    measures: [
      {
        name: "altered texts of each kind",
        value: attempts,
        unit: "",
        digits: 0,
        bars: { is: "at least", must: 100_000 },
      },
      { name: "crashes and unclear refusals", value: failed, unit: "", digits: 0, bars: { is: "at most", must: 0 } },
      { name: "worst time of one", value: worst, unit: "ms", digits: 1 },
    ],
    sections: [
      {
        title: "Altered manifests, layouts, envelopes and statements",
        notes: [
          "Each is a whole text, altered in its bytes or in what its JSON says, by a seed: the same ones each time. A refusal counts as clear when it is one problem with a code that this reader has, what was seen, and a hint.",
        ],
        table: {
          heading: ["kind", "refused, by code", "read", "crashes and unclear", "worst, ms"],
          rows: all.map(
            ([
              kind,
              {
                counts: { read = 0, ...codes },
                failures,
                worstMs,
              },
            ]) => [
              kind,
              Object.entries(codes)
                .map(([code, count]) => `${code}: ${count}`)
                .join(", "),
              `${read}`,
              `${failures.length}`,
              number(worstMs, 1),
            ],
          ),
        },
      },
    ],
    isSame: failed === 0,
  }
}
