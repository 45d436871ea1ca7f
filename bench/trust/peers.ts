/** Ours beside fastText and TF-IDF with logistic regression, on published data sets, in one run. */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Example } from "@open-brains/core/train/examples.ts"
import { type Brain, load, place, score, teach } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import { describe, type FastText, fastTextIn, GRID, missingFastText, type Tuned } from "../shared/fasttext.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, mean, median, number, type Section, say } from "../shared/report.ts"
import { isSetApart, needDataSet, type PlacedExample, published, splitsOf } from "./brain.testing.ts"
import { measureLogistic, missingScikitLearn } from "./logistic.ts"
import { type Answered, type Scores, scoresOf } from "./scores.ts"

const SETS = ["trec", "sst2", "sms-spam", "snips", "langid-17"] as const
const NEAR = 0.5 // points of accuracy that count as equal

interface Contender extends Scores {
  readonly name: string
  readonly least?: number
  readonly bytes: number
  /** Of the whole lesson: ours with all that it tries, a peer's without its search. */
  readonly seconds: number
  readonly microseconds: number
  readonly setting: string
}

export async function measurePeers({ isQuick, folder }: PartOptions): Promise<Part> {
  const missing = [missingFastText(), missingScikitLearn()].filter((each) => each !== undefined)
  for (const each of missing) say(each)
  const sections: Section[] = []
  const measures: Measure[] = []
  let [near, nearAndSmall] = [0, 0]
  for (const set of SETS) {
    const contenders = await measureSet(set, isQuick, folder)
    const [ours, ...peers] = contenders as [Contender, ...Contender[]]
    sections.push(sectionOf(set, contenders, isQuick, missing))
    const best = peers.reduce<Contender | undefined>((a, b) => (a && a.accuracy >= b.accuracy ? a : b), undefined)
    measures.push({
      name: `${set}: accuracy, mean`,
      value: ours.accuracy,
      unit: "%",
      digits: 2,
      ...(best ? { peer: { name: best.name, value: best.accuracy } } : {}),
    })
    measures.push({ name: `${set}: accuracy, minimum`, value: ours.least, unit: "%", digits: 2 })
    if (best && ours.accuracy >= best.accuracy - NEAR) near++
    if (best && ours.accuracy >= best.accuracy - NEAR && 10 * ours.bytes <= best.bytes) nearAndSmall++
  }
  const counted = (name: string, value: number): Measure => ({
    name,
    value: missing.length > 0 ? undefined : value,
    unit: `of ${SETS.length}`,
    digits: 0,
    ...(isQuick ? {} : { bars: { is: "at least", aim: 4 } }),
  })
  measures.push(counted(`data sets where ours is best or within ${NEAR} points`, near))
  measures.push(counted("those where it is also at most a tenth of the best peer's size", nearAndSmall))
  return { measures, sections, isSame: true }
}

/** A quick run, which may be repeated, leaves the test split alone: the validation split stands for it. */
const quick = (examples: readonly PlacedExample[]): readonly PlacedExample[] =>
  place(
    examples.flatMap(({ text, label, split }) =>
      split === "test" ? [] : [split === "validation" ? { text, label, split: "test" as const } : { text, label }],
    ),
    1,
  )

async function measureSet(set: string, isQuick: boolean, folder: string): Promise<readonly Contender[]> {
  const whole = await published(set)
  const examples = isQuick ? quick(whole) : whole
  const apart = isSetApart(await needDataSet(set))
  const { train, validation, test } = splitsOf(examples)
  const final = apart ? train : [...train, ...validation]
  const ours = await measureOurs(set, examples, apart, test, isQuick ? [1] : [1, 2, 3, 4, 5], folder)
  const fastText = missingFastText() ? [] : [measureFastText(folder, { train, validation, final, test }, isQuick)]
  const logistic = missingScikitLearn()
    ? []
    : [logisticOf(measureLogistic(train, validation, final, test, isQuick), test)]
  const all = [ours, ...fastText, ...logistic]
  for (const { name, accuracy, bits, seconds } of all)
    say(`${set}: ${name} ${accuracy.toFixed(2)} %, ${bits.toFixed(3)} bits, ${seconds.toFixed(1)} s`)
  return all
}

interface Lesson extends Scores {
  readonly seconds: number
  readonly bytes: number
  readonly brain: Brain
}

async function measureOurs(
  set: string,
  examples: readonly PlacedExample[],
  apart: boolean,
  test: readonly Example[],
  seeds: readonly number[],
  folder: string,
): Promise<Contender> {
  const base = (await load(join(repository, "modules", "intent"))).files
  const kept: string[] = []
  const lessons: Lesson[] = []
  for (const seed of seeds) {
    const into = join(folder, set)
    const start = performance.now()
    const lesson = await teach({ examples, isSetApart: apart, into, name: set, base, seed, data: DATA })
    const seconds = (performance.now() - start) / 1000
    kept.push(lesson.taught.kept.name)
    lessons.push({
      ...scoresOf(test, answersOf(lesson.brain, test)),
      seconds,
      bytes: sizeOf(into),
      brain: lesson.brain,
    })
    const [own, theirs] = [lessons.at(-1)!.accuracy, 100 * (score(lesson.brain, test).accuracy ?? Number.NaN)]
    if (Math.abs(own - theirs) > 1e-9) throw new Error(`bug: two ways to score one answer, ${own} and ${theirs}`)
  }
  const of = (key: "accuracy" | "macroF1" | "bits"): number => mean(lessons.map((each) => each[key]))
  return {
    name: `Open Brains (mean of ${seeds.length})`,
    accuracy: of("accuracy"),
    macroF1: of("macroF1"),
    bits: of("bits"),
    least: Math.min(...lessons.map(({ accuracy }) => accuracy)),
    seconds: median(lessons.map(({ seconds }) => seconds)),
    bytes: Math.max(...lessons.map(({ bytes }) => bytes)),
    microseconds: microsecondsOf(lessons[0]!.brain, test),
    setting: `as \`./brain teach ${set}\`; kept ${[...new Set(kept)].join(", or ")}`,
  }
}
/** Named, so that the module does not carry its examples: they are no part of a peer's model either. */
const DATA = { name: "bench", digest: `sha256:${"0".repeat(64)}` } as Parameters<typeof teach>[0]["data"] & object

function answersOf(brain: Brain, examples: readonly Example[]): readonly Answered[] {
  const places = new Map(brain.labels.map((label, i) => [label, i]))
  return examples.map(({ text, label }) => {
    const { guess } = brain.ask(text)
    const at = places.get(label!)
    return { guess, probabilityOfRight: at === undefined ? 0 : brain.probabilityOf(at) }
  })
}
const sizeOf = (folder: string): number =>
  readdirSync(folder)
    .filter((name) => name !== "README.md")
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)

function microsecondsOf(brain: Brain, examples: readonly Example[]): number {
  const runs = Array.from({ length: 6 }, () => {
    const start = performance.now()
    for (const { text } of examples) brain.ask(text)
    return (1000 * (performance.now() - start)) / examples.length
  })
  return median(runs.slice(1))
}

interface Shares {
  readonly train: readonly Example[]
  readonly validation: readonly Example[]
  readonly final: readonly Example[]
  readonly test: readonly Example[]
}
/** What a quick run does not search for. */
const PLAIN: Tuned = { lr: 0.5, epoch: 25, wordNgrams: 2, characters: [3, 5] }

function measureFastText(folder: string, { train, validation, final, test }: Shares, isQuick: boolean): Contender {
  // A line is an example: a line break would end it.
  const plain = (examples: readonly Example[]): readonly Example[] =>
    examples.map(({ text, label }) => ({ text: text.replace(/\s+/g, " "), label }))
  const asked = (examples: readonly Example[]): readonly string[] => plain(examples).map(({ text }) => text)
  const answers = (model: ReturnType<FastText["teach"]>, examples: readonly Example[], by: FastText) =>
    by.predictAll(model, asked(examples)).map(
      (ranked, i): Answered => ({
        guess: ranked[0]?.label ?? "",
        probabilityOfRight: ranked.find(({ label }) => label === examples[i]!.label)?.probability ?? 0,
      }),
    )
  const searching = fastTextIn(folder, plain(train))
  const tried = (isQuick ? [] : GRID).map((setting) => {
    const { accuracy } = scoresOf(validation, answers(searching.teach(setting, 1), validation, searching))
    say(`fastText ${describe(setting)}: ${accuracy.toFixed(2)} % of validation`)
    return { setting, accuracy }
  })
  const setting = tried.length > 0 ? tried.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)).setting : PLAIN
  const fastText = fastTextIn(folder, plain(final))
  const runs = (isQuick ? [1] : [1, 2, 3, 4, 5]).map((seed) => {
    const model = fastText.teach(setting, seed)
    return { model, ...scoresOf(test, answers(model, test, fastText)) }
  })
  const { model } = runs.at(-1)!
  const texts = asked(test)
  const [one, all] = [1, texts.length].map((count) => fastText.predictMs(model, texts.slice(0, count), 5)) as [
    number,
    number,
  ]
  return {
    name: `fastText, tuned (mean of ${runs.length})`,
    accuracy: mean(runs.map(({ accuracy }) => accuracy)),
    macroF1: mean(runs.map(({ macroF1 }) => macroF1)),
    bits: mean(runs.map(({ bits }) => bits)),
    least: Math.min(...runs.map(({ accuracy }) => accuracy)),
    bytes: model.bytes,
    seconds: median(runs.map((run) => run.model.seconds)),
    microseconds: ((all - one) * 1000) / (texts.length - 1),
    setting: describe(setting),
  }
}

const logisticOf = (
  { answers, setting, ...rest }: ReturnType<typeof measureLogistic>,
  test: readonly Example[],
): Contender => ({ name: "TF-IDF + logistic regression, tuned", ...scoresOf(test, answers), ...rest, setting })

function sectionOf(
  set: string,
  contenders: readonly Contender[],
  isQuick: boolean,
  missing: readonly string[],
): Section {
  const split = isQuick ? "validation split: a quick run leaves the test split alone" : "test split"
  return {
    title: `${set}, on the ${split}`,
    notes: [
      "All learn from the same examples and choose on the same validation split. Seconds are those of the whole lesson for ours, with everything that it tries, and for the peers of the last fit, without their search. Bytes are what lies on disk to answer with (of scikit-learn, whose numbers are f64, a pickle); µs a message: ours one at a time, the peers all in one call.",
      ...missing.map((each) => `${each}.`),
    ],
    table: {
      heading: [
        "classifier",
        "accuracy %",
        "least %",
        "macro F1 %",
        "bits",
        "bytes",
        "lesson s",
        "µs a message",
        "setting",
      ],
      rows: contenders.map((each): readonly Cell[] => [
        each.name,
        number(each.accuracy, 2),
        number(each.least, 2),
        number(each.macroF1, 2),
        number(each.bits, 3),
        number(each.bytes, 0),
        number(each.seconds, 1),
        number(each.microseconds, 1),
        each.setting,
      ]),
    },
  }
}
