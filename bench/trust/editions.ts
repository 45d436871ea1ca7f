/** Part `editions`: the best net within a size, on CLINC150, beside fastText made small. */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { openClassifier } from "@open-brains/core/run/classifier.ts"
import type { Recipe } from "@open-brains/core/train/recipe.ts"
import {
  describeEdition,
  editionsWithin,
  type PlacedExample,
  published,
  shortlist,
  splitsOf,
} from "../intent/brain.testing.ts"
import { type Lesson, lessonOf, TEACHING } from "../intent/quality.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, mean, median, number, type Section, say } from "../shared/report.ts"
import { type SmallPeer, smallFastText } from "./fasttext_small.ts"

interface Row {
  readonly name: string
  readonly bytesMax: number
  readonly recipe: Recipe
  readonly lessons: readonly Lesson[]
  readonly microseconds: number
}
/** Sizes that are looked for; `levels` binds the shape to one kind of number. */
const SIZES = [
  { name: "30 KB", bytesMax: 30_000, levels: "any" },
  { name: "100 KB, int8", bytesMax: 100_000, levels: undefined },
  { name: "100 KB, int4", bytesMax: 100_000, levels: 15 },
  { name: "100 KB", bytesMax: 100_000, levels: "any" },
] as const
const LABELS = 150

export async function measureEditions({ isQuick, folder }: PartOptions): Promise<Part> {
  const examples = await published("clinc150")
  const split = isQuick ? "validation" : "test"
  const seeds = isQuick ? [1] : [1, 2, 3, 4, 5]
  const texts = splitsOf(examples)[split].map(({ text }) => text)
  const found = SIZES.map(({ name, bytesMax, levels }) => ({
    name,
    bytesMax,
    recipe: shapeWithin(bytesMax, levels, examples),
  }))
  const rows = [...found, { name: "275 KB, as without a size", bytesMax: 288_000, recipe: TEACHING }].map(
    (each): Row => {
      say(`${each.name}: ${describeEdition(each.recipe)}`)
      const lessons = seeds.map((seed) => lessonOf(examples, seed, split, each.recipe))
      return { ...each, lessons, microseconds: timeOf(lessons[0]!, texts) }
    },
  )
  const peers = smallFastText(folder, examples, {
    split,
    seeds: isQuick ? [1] : seeds,
    sizes: [30_000, 100_000, 275_000],
    isQuick,
  })
  return {
    measures: measuresOf(rows, peers, isQuick),
    sections: [sectionOf(rows, peers, split, seeds.length)],
    isSame: true,
  }
}

/** What `./brain teach clinc150 --max-size` does first: shapes in brief, the best by bits on the validation split. */
function shapeWithin(bytesMax: number, levels: Recipe["levels"] | "any", examples: readonly PlacedExample[]): Recipe {
  const { train, validation } = splitsOf(examples)
  const all = editionsWithin(TEACHING, LABELS, bytesMax)
  const editions = levels === "any" ? all : all.filter(({ recipe }) => recipe.levels === levels)
  say(`${editions.length} shapes within ${bytesMax} bytes`)
  const work = shortlist({ train, validation }, editions, LABELS, 1, wasmEngine)
  for (let next = work.next(); ; next = work.next()) if (next.done) return next.value.finalists[0]!.recipe
}

function timeOf({ parts }: Lesson, texts: readonly string[]): number {
  const { ask } = openClassifier(parts, wasmEngine)
  for (const text of texts) ask(text) // warm-up
  return median(
    texts.map((text) => {
      const start = performance.now()
      ask(text)
      return (performance.now() - start) * 1000
    }),
  )
}

const accuracies = ({ lessons }: Row): readonly number[] =>
  lessons.map(({ report }) => 100 * (report.accuracy ?? Number.NaN))
const bytesOf = ({ lessons }: Row): number => Math.max(...lessons.map(({ weightsBytes }) => weightsBytes))

function measuresOf(rows: readonly Row[], peers: readonly SmallPeer[], isQuick: boolean): readonly Measure[] {
  const row = (name: string): Row => rows.find((each) => each.name === name)!
  const [small, int8, int4] = [row("30 KB"), row("100 KB, int8"), row("100 KB, int4")]
  const peer = peers.find(({ bytesMax }) => bytesMax === 30_000)
  const bars = (given: NonNullable<Measure["bars"]>): Pick<Measure, "bars"> => (isQuick ? {} : { bars: given })
  return [
    {
      name: "in-scope accuracy within 30 KB, mean",
      value: mean(accuracies(small)),
      unit: "%",
      digits: 2,
      ...bars({ is: "at least", must: 86, aim: 88 }),
      ...(peer ? { peer: { name: "fastText, quantised, within 30 KB", value: peer.accuracy } } : {}),
    },
    { name: "in-scope accuracy within 30 KB, minimum", value: Math.min(...accuracies(small)), unit: "%", digits: 2 },
    {
      name: "its weights.safetensors",
      value: bytesOf(small),
      unit: "bytes",
      digits: 0,
      bars: { is: "at most", must: 30_000 },
    },
    {
      name: "text -> label of its net, median",
      value: small.microseconds,
      unit: "µs",
      digits: 1,
      bars: { is: "at most", must: 60, aim: 25 },
    },
    {
      name: "int8 less int4 within 100 KB, means",
      value: mean(accuracies(int8)) - mean(accuracies(int4)),
      unit: "points",
      digits: 2,
      ...bars({ is: "at most", must: 0.5 }),
    },
  ]
}

function sectionOf(rows: readonly Row[], peers: readonly SmallPeer[], split: string, seeds: number): Section {
  const mine = rows.map((row): readonly Cell[] => {
    const reports = row.lessons.map(({ report }) => report)
    return [
      `Open Brains, ${row.name}`,
      describeEdition(row.recipe),
      `${bytesOf(row)}`,
      number(mean(accuracies(row)), 2),
      number(Math.min(...accuracies(row)), 2),
      number(mean(reports.map(({ auroc }) => auroc ?? Number.NaN)), 4),
      number(mean(reports.map(({ bitsPerAnswer }) => bitsPerAnswer ?? Number.NaN)), 3),
      number(row.microseconds, 1),
    ]
  })
  const theirs = peers.map((peer): readonly Cell[] => [
    `fastText .ftz within ${peer.bytesMax / 1000} KB`,
    peer.setting,
    `${peer.bytes}`,
    number(peer.accuracy, 2),
    number(peer.least, 2),
    number(peer.auroc, 4),
    undefined,
    undefined,
  ])
  return {
    title: `Editions, on the ${split} split of CLINC150`,
    notes: [
      `${seeds} ${seeds === 1 ? "seed" : "seeds"}. Each shape is found as \`./brain teach clinc150 --max-size\` begins: every shape that fills the size is taught in brief with seed 1, and that with the fewest bits an answer on the validation split is taken. Bytes are those of weights.safetensors, of .ftz the whole file, which holds its dictionary; the program that reads the text (graph.json, 43 to 47 KB, the same for every table) is not in them, as fastText's is not. fastText learns the same messages in scope; width, features and cutoff are chosen on the validation split, with \`quantize -qnorm -retrain\`.`,
    ],
    table: {
      heading: [
        "net",
        "rows x numbers, or setting",
        "bytes",
        "accuracy %",
        "minimum %",
        "AUROC",
        "bits an answer",
        "µs a message",
      ],
      rows: [...mine, ...theirs],
    },
  }
}
