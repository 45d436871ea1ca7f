/** The peer's side of the table: fastText as it comes, tuned on validation messages, and made small. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { auroc } from "@open-brains/core/evaluate/classification.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import {
  describe,
  type FastText,
  fastTextIn,
  GRID,
  type Model,
  missingFastText,
  type Setting,
} from "../shared/fasttext.ts"
import { type Cell, mean, median, number, type Section, say } from "../shared/report.ts"
import { type PlacedExample, splitsOf } from "./brain.testing.ts"

export interface Row {
  readonly name: string
  readonly accuracy: number
  readonly auroc: number | undefined
  readonly seconds?: number
  readonly bytes?: number
  readonly microseconds?: number
  readonly source: string
}
export interface Peer {
  readonly accuracy: number | undefined
  readonly auroc: number | undefined
  readonly seconds: number | undefined
  /** Of one message, the load of the model taken off. */
  readonly microseconds: number | undefined
  /** From process start to the answer to one message. */
  readonly startMs: number | undefined
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
}

/** In-scope accuracy, trained on the full set. Source: Larson et al. 2019, arXiv:1909.02027, table 2. */
const PUBLISHED: readonly Row[] = [
  ["fastText", 89.0],
  ["SVM", 91.0],
  ["CNN", 91.2],
  ["MLP", 93.5],
  ["BERT", 96.9],
].map(([name, accuracy]) => ({
  name: name as string,
  accuracy: accuracy as number,
  auroc: undefined,
  source: "published: Larson et al. 2019, table 2",
}))

/** What a quick run does not search for. */
const QUICK = describe({ lr: 0.5, epoch: 25, wordNgrams: 2, characters: [3, 5] })

export interface PeerOptions {
  readonly split: "test" | "validation"
  readonly seeds: readonly number[]
  readonly isQuick: boolean
}

export function measurePeer(examples: readonly PlacedExample[], options: PeerOptions): Peer {
  const missing = missingFastText()
  if (missing !== undefined) {
    say(missing)
    const nothing = { accuracy: undefined, auroc: undefined, seconds: undefined, microseconds: undefined }
    return { ...nothing, startMs: undefined, rows: PUBLISHED, notes: [`${missing}.`] }
  }
  const folder = mkdtempSync(join(tmpdir(), "bench-fasttext-"))
  try {
    return measureIn(folder, examples, options)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function measureIn(folder: string, examples: readonly PlacedExample[], options: PeerOptions): Peer {
  const { split, seeds, isQuick } = options
  const splits = splitsOf(examples)
  const fastText = fastTextIn(folder, splits.train.filter(isInScope))
  const scored = splits[split]
  const texts = scored.map(({ text }) => text)

  const plain = fastText.teach("defaults", 1)
  const asItComes = rowOf("fastText, as it comes", plain, score(fastText, plain, scored), describe("defaults"))

  const grid = isQuick ? GRID.filter((setting) => describe(setting) === QUICK) : GRID
  const setting = choose(fastText, grid, splits.validation.filter(isInScope))
  const runs = seeds.map((seed) => {
    const model = fastText.teach(setting, seed)
    return { model, ...score(fastText, model, scored) }
  })
  const last = runs.at(-1)!
  const [one, all] = [1, texts.length].map((count) =>
    fastText.predictMs(last.model, texts.slice(0, count), isQuick ? 5 : 11),
  ) as [number, number]
  const tuned = {
    accuracy: mean(runs.map(({ accuracy }) => accuracy)),
    auroc: mean(runs.map((run) => run.auroc)),
    seconds: median(runs.map(({ model }) => model.seconds)),
    microseconds: ((all - one) * 1000) / (texts.length - 1),
  }
  const small = (isQuick ? [] : QUANTISATIONS).flatMap((words) => {
    const model = fastText.quantise(words)
    if (model === undefined) return []
    const source = `that, then \`quantize ${words.join(" ")}\``
    return [
      rowOf(
        `fastText, quantised${words.length > 1 ? " and pruned" : ""}`,
        model,
        score(fastText, model, scored),
        source,
      ),
    ]
  })
  const name = `fastText, tuned (mean of ${seeds.length})`
  const rows = [asItComes, { name, ...tuned, bytes: last.model.bytes, source: describe(setting) }, ...small]
  const notes = [
    `fastText (Debian's, one thread) learns from the same messages in scope (it has no class for the others), its setting ${grid.length > 1 ? `chosen among ${grid.length} by accuracy on val` : "not searched for in a quick run"}. Teaching is the whole process, which writes the model; µs a message is \`fasttext predict\` over ${texts.length} messages less the same process over one.`,
  ]
  return { ...tuned, startMs: one, rows: [...rows, ...PUBLISHED], notes }
}
export const isInScope = ({ label }: Example): boolean => label !== undefined

const QUANTISATIONS = [["-qnorm"], ["-qnorm", "-retrain", "-cutoff", "4096"]]

function choose(fastText: FastText, grid: readonly Setting[], validation: readonly Example[]): Setting {
  if (grid.length === 1) return grid[0]!
  const tried = grid.map((setting) => {
    const { accuracy } = score(fastText, fastText.teach(setting, 1), validation)
    say(`fastText ${describe(setting)}: ${accuracy.toFixed(2)} % of val`)
    return { setting, accuracy }
  })
  return tried.reduce((best, each) => (each.accuracy > best.accuracy ? each : best)).setting
}

export function score(
  fastText: FastText,
  model: Model,
  examples: readonly Example[],
): { readonly accuracy: number; readonly auroc: number } {
  const predictions = fastText.predict(
    model,
    examples.map(({ text }) => text),
  )
  const all = examples.map((example, i) => ({ ...example, guess: predictions[i]! }))
  const [inScope, outside] = [all.filter(isInScope), all.filter((each) => !isInScope(each))]
  const probabilities = (of: typeof all): readonly number[] => of.map(({ guess }) => guess.probability)
  return {
    accuracy: (100 * inScope.filter(({ label, guess }) => label === guess.label).length) / inScope.length,
    auroc: auroc(probabilities(inScope), probabilities(outside)),
  }
}

const rowOf = (
  name: string,
  { seconds, bytes }: Model,
  scores: { readonly accuracy: number; readonly auroc: number },
  source: string,
): Row => ({ name, ...scores, seconds, bytes, source })

/** Ours first, then the peers. */
export function peerSection(ours: Row, { rows, notes }: Peer, split: PeerOptions["split"]): Section {
  const cells = (row: Row): readonly Cell[] => [
    row.name,
    number(row.accuracy, row.auroc === undefined ? 1 : 2),
    number(row.auroc, 4),
    number(row.seconds, 1),
    number(row.bytes, 0),
    number(row.microseconds, 1),
    row.source,
  ]
  return {
    title: `Beside peers (measured ones on the ${split} split)`,
    notes,
    table: {
      heading: ["classifier", "accuracy %", "AUROC", "teaching s", "model bytes", "µs a message", "setting or source"],
      rows: [ours, ...rows].map(cells),
    },
  }
}
