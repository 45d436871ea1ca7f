import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Edit } from "@open-brains/core/module/edits.ts"

const MANIFEST = (items: string, metric: string): string => `benchmark parcels {
  about "Parcels and refunds"
  licence "CC0-1.0"
  takes message: text up to 200 bytes
  gives kind: label { parcel refund }
  ${items}
  metric ${metric}
  bound at least 0.5
}
`
/** A benchmark of a file, in a folder. */
export function dataFolder(folder: string, csv: string, metric = "accuracy", name = "questions"): string {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, "module.brain"), MANIFEST('data "q.csv"', metric))
  writeFileSync(join(folder, name, "q.csv"), csv)
  return join(folder, name)
}
/** One of a generator. */
export function generatorFolder(folder: string, source: string, metric = "accuracy", name = "generated"): string {
  mkdirSync(join(folder, name))
  writeFileSync(join(folder, name, "module.brain"), MANIFEST('generates "q.js" as javascript', metric))
  writeFileSync(join(folder, name, "q.js"), source)
  return join(folder, name)
}
/** Messages that the desk of `teachDesk` mostly answers, without end. */
export const ENDLESS = `function answer(seed, index) {
  const n = (Math.imul(seed + 7, 2654435761) ^ Math.imul(index + 1, 2246822519)) >>> 0
  const parcel = ["where is my parcel", "my parcel is late", "no parcel came", "parcel lost in the post"]
  const refund = ["refund me please", "send my money back", "when is the refund paid", "I want my money back"]
  const isParcel = (n >>> 16) % 2 === 0
  return { input: (isParcel ? parcel : refund)[n % 4] + " " + (n % 1000), expected: isParcel ? "parcel" : "refund" }
}
`

/** The desk of `teachDesk` with its two labels for one another: as harmful as can be. */
export const SWAPPED: readonly Edit[] = [
  {
    edit: "labels",
    called: [
      ["parcel", "refund"],
      ["refund", "parcel"],
    ],
  },
]
