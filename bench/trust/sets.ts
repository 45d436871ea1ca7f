/** Data sets to test on, as they lie in the mirror folder; nothing of them is copied. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type Example, holdOut, type Splits } from "@open-brains/core/train/examples.ts"
import { mirror, missingData } from "../../scripts/testing.ts"

export interface TestSet {
  readonly name: string
  readonly source: string
  readonly splits: Splits
}

const linesOf = (path: string): readonly string[] => {
  const missing = missingData(path)
  if (missing !== undefined) throw new Error(missing)
  return readFileSync(join(mirror()!, path), "utf8").trim().split("\n")
}

/** Seven kinds of request to an assistant. Coucke et al. 2018; splits of Goo et al. 2018. */
export function readSnips(): TestSet {
  const part = (name: string): readonly Example[] => {
    const labels = linesOf(`slu-snips-atis/snips/${name}/label`)
    return linesOf(`slu-snips-atis/snips/${name}/seq.in`).map((text, i) => ({
      text: text.trim(),
      label: labels[i]!.trim(),
    }))
  }
  return {
    name: "SNIPS",
    source: "Coucke et al. 2018, splits of Goo et al. 2018",
    splits: { train: part("train"), validation: part("valid"), test: part("test") },
  }
}

/** Six kinds of question. Li & Roth 2002; it has no validation split: a tenth of the training one is held out. */
export function readTrec(): TestSet {
  const part = (name: string): readonly Example[] =>
    linesOf(`sentences-kimcnn/TREC.${name}.all`).map((line) => ({
      text: line.slice(2).trim(),
      label: `kind ${line[0]}`,
    }))
  const [train, validation] = holdOut(part("train"), 0.1, 1, 0)
  return {
    name: "TREC",
    source: "Li & Roth 2002, splits of Kim 2014; a tenth of train held out to choose on",
    splits: { train, validation, test: part("test") },
  }
}
