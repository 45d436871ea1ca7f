/** Corrections: what they add up to, what they disturb, how soon they count, and whether they can be taken back. */
import { join } from "node:path"
import { digest } from "@open-brains/core/base/digest.ts"
import { shuffled, stream } from "@open-brains/core/base/random.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { printCorrections } from "@open-brains/core/memory/corrections.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { openClassifier } from "@open-brains/core/run/classifier.ts"
import { type Corrected, openCorrected } from "@open-brains/core/run/corrected.ts"
import { recipeFor } from "@open-brains/core/train/recipe.ts"
import { correct, load, teach, undo } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import { buildModule, published } from "../intent/brain.testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, mean, median, number, type Section, say } from "../shared/report.ts"
import { withCorrections, writeModule } from "./brain.testing.ts"

interface Said {
  readonly text: string
  readonly label: string
}
/** All that the module knows that is corrected: nothing of what it will be asked. */
const GREETINGS: readonly Said[] = [
  ...["hello", "hi there", "good morning to you", "hey you", "good evening", "nice to meet you"].map((text) => ({
    text,
    label: "greeting",
  })),
  ...[
    "goodbye",
    "bye for now",
    "see you tomorrow",
    "farewell my friend",
    "take care and so long",
    "until next time",
  ].map((text) => ({ text, label: "farewell" })),
]
const EACH = 10
const CHECKPOINTS = [15, 50, 100] as const

export async function measureCorrections({ isQuick, folder }: PartOptions): Promise<Part> {
  const all = await published("clinc150")
  const of = (split: string): readonly Said[] =>
    all.flatMap((each) =>
      each.split === split && each.label !== undefined ? [{ text: each.text, label: each.label }] : [],
    )
  const asked = of(isQuick ? "validation" : "test")
  const greetings = join(folder, "greetings")
  await teach({ examples: GREETINGS, into: greetings, name: "greetings" })

  const seeds = isQuick ? [1] : [1, 2, 3, 4, 5]
  const arrivals: Arrival[] = []
  for (const seed of seeds) {
    arrivals.push(await arrive(greetings, of("train"), asked, seed))
    const { accuracy, batch } = arrivals.at(-1)!
    say(`seed ${seed}: ${percent(accuracy)} % by corrections, ${percent(batch)} % taught at once`)
  }
  const speed = await measureSpeed(greetings, of("train"), isQuick ? 50 : 400)
  const undone = await measureUndo(greetings, of("train"), isQuick ? 20 : 300)
  const intent = await measureIntent(of("validation"), isQuick ? [] : of("test"), seeds)

  const gaps = arrivals.map(({ accuracy, batch }) => 100 * (batch - accuracy))
  const drops = arrivals.flatMap(({ stages }) => stages.map(({ early, later }) => 100 * (early - later)))
  const where = `${isQuick ? "validation" : "test"}, ${seeds.length} ${seeds.length === 1 ? "seed" : "seeds"}`
  const measures: readonly Measure[] = [
    {
      name: `150 intents by corrections, mean (${where})`,
      value: 100 * mean(arrivals.map(({ accuracy }) => accuracy)),
      unit: "%",
      digits: 2,
    },
    {
      name: `150 intents by corrections, minimum (${where})`,
      value: 100 * Math.min(...arrivals.map(({ accuracy }) => accuracy)),
      unit: "%",
      digits: 2,
    },
    {
      name: "the same examples taught at once, mean",
      value: 100 * mean(arrivals.map(({ batch }) => batch)),
      unit: "%",
      digits: 2,
    },
    {
      name: "corrections behind teaching at once, mean",
      value: mean(gaps),
      unit: "points",
      digits: 2,
      bars: { is: "at most", must: 3, aim: 2 },
    },
    { name: "corrections behind teaching at once, worst seed", value: Math.max(...gaps), unit: "points", digits: 2 },
    {
      name: "answers that differ when the same lessons come in another order",
      value: arrivals.reduce((sum, { differing }) => sum + differing, 0),
      unit: "answers",
      digits: 0,
      bars: { is: "at most", must: 0 },
    },
    {
      name: "first 15, 50, 100 intents among themselves, lost by later ones, worst",
      value: Math.max(...drops),
      unit: "points",
      digits: 2,
      bars: { is: "at most", must: 1 },
    },
    {
      name: "from a correction to an answer that uses it, 1,500 lessons, median",
      value: median(speed.memoryMs),
      unit: "ms",
      digits: 2,
      bars: { is: "at most", must: 5 },
    },
    {
      name: "from a correction to an answer that uses it, 1,500 lessons, 99th percentile",
      value: [...speed.memoryMs].sort((a, b) => a - b)[Math.floor(0.99 * speed.memoryMs.length)],
      unit: "ms",
      digits: 2,
    },
    {
      name: "the same on disk: correct(path), 1,500 lessons, median",
      value: median(speed.diskMs),
      unit: "ms",
      digits: 1,
    },
    {
      name: `sequences of ${undone.sequences} after which a digest was not the one of what is left`,
      value: undone.wrong,
      unit: "sequences",
      digits: 0,
      bars: { is: "at most", must: 0 },
    },
    {
      name: "modules/intent, 20 corrections: mended",
      value: 100 * mean(intent.map(({ mended }) => mended)),
      unit: "%",
      digits: 1,
    },
    {
      name: "modules/intent, 20 corrections: change on the other validation messages, mean",
      value: 100 * mean(intent.map(({ validation }) => validation)),
      unit: "points",
      digits: 3,
      bars: { is: "at least", must: 0 },
    },
    {
      name: "modules/intent, 20 corrections: change on the test messages, mean",
      value: 100 * mean(intent.map(({ test }) => test)),
      unit: "points",
      digits: 3,
    },
  ]
  const isSame = undone.wrong === 0 && arrivals.every(({ differing }) => differing === 0)
  return { measures, sections: [arrivalSection(arrivals, seeds, where), intentSection(intent, seeds)], isSame }
}

interface Arrival {
  readonly accuracy: number
  readonly batch: number
  /** Answers to `asked` of a memory that was given the same lessons in another order, where they are others. */
  readonly differing: number
  readonly stages: readonly Stage[]
}
interface Stage {
  readonly intents: number
  /** Accuracy on the messages of the first intents, among all labels that are known at the time. */
  readonly right: number
  /** Among themselves: when the last of them had arrived, and when all had. */
  readonly early: number
  readonly later: number
}

async function arrive(path: string, train: readonly Said[], asked: readonly Said[], seed: number): Promise<Arrival> {
  const lessons = draw(train, seed)
  const labels = [...new Set(lessons.map(({ label }) => label))]
  const module = await load(path, "wasm")
  const stops: { readonly intents: number; readonly right: number; readonly early: number }[] = []
  labels.forEach((label, i) => {
    for (const lesson of lessons) if (lesson.label === label) module.correct(lesson.text, label)
    if (!(CHECKPOINTS as readonly number[]).includes(i + 1)) return
    stops.push({ intents: i + 1, ...among(module, asked, new Set(labels.slice(0, i + 1))) })
  })
  const stages = stops.map(({ intents, right, early }) => {
    const { early: later } = among(module, asked, new Set(labels.slice(0, intents)))
    return { intents, right, early, later }
  })
  const guesses = asked.map(({ text }) => JSON.stringify(answerOf(module, text)))
  const right = asked.filter(({ text, label }) => module.ask(text).guess === label).length
  const other = await load(path, "wasm")
  for (const i of shuffled(lessons.length, stream(seed, "mix", 1))) other.correct(lessons[i]!.text, lessons[i]!.label)
  const differing = asked.filter(({ text }, i) => JSON.stringify(answerOf(other, text)) !== guesses[i]).length
  return { accuracy: right / asked.length, batch: taughtAtOnce(lessons, asked, seed), differing, stages }
}

/** Without the number of the lesson that it cites, which is a matter of order. */
const answerOf = (module: Corrected, text: string): object => {
  const { because: _, ...answer } = module.ask(text)
  return answer
}

function among(module: Corrected, asked: readonly Said[], few: ReadonlySet<string>): { right: number; early: number } {
  const own = asked.filter(({ label }) => few.has(label))
  let [right, early] = [0, 0]
  for (const { text, label } of own) {
    if (module.ask(text).guess === label) right++
    if (module.ranking(module.labels.length).find((each) => few.has(each.label))?.label === label) early++
  }
  return { right: right / own.length, early: early / own.length }
}

/** Ten examples of each label, the labels one after the other, in an order by seed. */
function draw(train: readonly Said[], seed: number): readonly Said[] {
  const byLabel = [...Map.groupBy(train, ({ label }) => label).values()]
  return [...shuffled(byLabel.length, stream(seed, "mix"))].flatMap((place) => {
    const own = byLabel[place]!
    return [...shuffled(own.length, stream(seed, "mix", 1000 + place))].slice(0, EACH).map((i) => own[i]!)
  })
}

/** Our own net on the same examples, from scratch: as `./brain teach FILE --base none` with all of them to learn from. */
function taughtAtOnce(lessons: readonly Said[], asked: readonly Said[], seed: number): number {
  const examples = lessons.map((lesson) => ({ ...lesson, split: "train" as const }))
  const { taught } = buildModule(
    examples,
    [{ name: "scratch", recipe: recipeFor(lessons.length) }],
    seed,
    undefined,
    wasmEngine,
  )
  const weights = Object.fromEntries(Object.entries(taught.weights).map(([name, data]) => [name, { data }]))
  const net = openClassifier({ ...taught, weights }, wasmEngine)
  return asked.filter(({ text, label }) => net.ask(text).guess === label).length / asked.length
}

async function measureSpeed(
  path: string,
  train: readonly Said[],
  count: number,
): Promise<{ readonly memoryMs: readonly number[]; readonly diskMs: readonly number[] }> {
  const lessons = draw(train, 1)
  const kept = new Set(lessons)
  const others = train.filter((each) => !kept.has(each))
  const module = await load(path, "wasm")
  for (const { text, label } of lessons) module.correct(text, label)
  const memoryMs = others.slice(0, count).map(({ text, label }, i) => {
    const question = others[count + i]!.text
    const start = performance.now()
    module.correct(text, label)
    module.ask(question)
    const ms = performance.now() - start
    module.forget(lessons.length)
    return ms
  })
  const { parts: _, ...manifest } = module.files.manifest
  const copy = `${path}-1500`
  await writeModule(copy, manifest, withCorrections(module.files.parts, lessons))
  const diskMs: number[] = []
  for (const { text, label } of others.slice(0, count / 5)) {
    const start = performance.now()
    await correct(copy, text, label)
    diskMs.push(performance.now() - start)
  }
  return { memoryMs, diskMs }
}

/** Random corrections and undos; after each sequence the digest is held against that of the same module with what is left. */
async function measureUndo(
  path: string,
  train: readonly Said[],
  sequences: number,
): Promise<{ readonly sequences: number; readonly wrong: number }> {
  const { files } = await load(path)
  const digestOf = (left: readonly Said[]): string => {
    const parts = { ...files.manifest.parts }
    if (left.length > 0) parts["lessons.jsonl"] = digest(printCorrections(left))
    return printedDigest({ ...files.manifest, parts })
  }
  let wrong = 0
  for (let sequence = 0; sequence < sequences; sequence++) {
    const random = stream(sequence, "mix", 7)
    let [left, found, n] = [[] as readonly Said[], files.digest as string, 0]
    let isWrong = false
    const steps = 2 + random.below(n++, 5)
    for (let step = 0; step < steps; step++) {
      if (left.length > 0 && random.below(n++, 3) === 0) {
        const place = random.below(n++, left.length)
        found = (await undo(path, place + 1)).digest
        left = left.toSpliced(place, 1)
      } else {
        const said = train[random.below(n++, train.length)]!
        found = (await correct(path, said.text, said.label)).digest
        left = [...left, said]
      }
      isWrong ||= found !== digestOf(left)
    }
    while (left.length > 0) {
      const place = random.below(n++, left.length)
      found = (await undo(path, place + 1)).digest
      left = left.toSpliced(place, 1)
    }
    if (isWrong || found !== files.digest || (await load(path)).files.digest !== files.digest) wrong++
  }
  return { sequences, wrong }
}
const printedDigest = (manifest: Parameters<typeof printManifest>[0]): string => digest(printManifest(manifest))

interface OnIntent {
  /** Share of the corrected messages that are answered as corrected, */
  readonly mended: number
  /** and by how much the share of right answers changes on all others. */
  readonly validation: number
  readonly test: number
  /** Answers of the test split that are others than before. */
  readonly changed: number
}
async function measureIntent(
  validation: readonly Said[],
  test: readonly Said[],
  seeds: readonly number[],
): Promise<readonly OnIntent[]> {
  const net = await load(join(repository, "modules/intent"), "wasm")
  const wrong = validation.filter(({ text, label }) => net.ask(text).guess !== label)
  const before = new Map([...validation, ...test].map((each) => [each, net.ask(each.text).guess]))
  return seeds.map((seed) => {
    const chosen = [...shuffled(wrong.length, stream(seed, "mix", 3))].slice(0, 20).map((i) => wrong[i]!)
    const { unsureBelow, takes } = net.files.manifest
    const corrected = openCorrected(net, { unsureBelow, bytesMax: takes.bytesMax, corrections: chosen }, wasmEngine)
    const texts = new Set(chosen.map(({ text }) => text))
    const change = (messages: readonly Said[]): number => {
      const others = messages.filter(({ text }) => !texts.has(text))
      const gained = others.reduce(
        (sum, each) =>
          sum + Number(corrected.ask(each.text).guess === each.label) - Number(before.get(each) === each.label),
        0,
      )
      return others.length === 0 ? Number.NaN : gained / others.length
    }
    return {
      mended: chosen.filter(({ text, label }) => corrected.ask(text).label === label).length / chosen.length,
      validation: change(validation),
      test: change(test),
      changed: test.filter((each) => corrected.ask(each.text).guess !== before.get(each)).length,
    }
  })
}

const percent = (share: number): string | undefined => number(100 * share, 2)

const arrivalSection = (arrivals: readonly Arrival[], seeds: readonly number[], where: string): Section => ({
  title: "150 intents of CLINC150, one after the other, as corrections",
  notes: [
    `The module knows greeting and farewell, from ${GREETINGS.length} sentences, from scratch: ${GREETINGS.map(({ text }) => text).join("; ")}. Ten training messages of each intent arrive as corrections, intent after intent, drawn and ordered by seed; scored on ${where}. Beside it our own net, taught on the same 1,500 messages at once.`,
    "“Known so far”: right among all labels known when intent k had arrived, on the messages of those k. “Early” and “later”: right among the first k alone, when intent k had arrived and when all had.",
  ],
  table: {
    heading: [
      "seed",
      "corrections %",
      "at once %",
      ...CHECKPOINTS.flatMap((k) => [`${k} known so far %`, `${k} early %`, `${k} later %`]),
    ],
    rows: arrivals.map(({ accuracy, batch, stages }, i) => [
      `${seeds[i]}`,
      percent(accuracy),
      percent(batch),
      ...stages.flatMap(({ right, early, later }) => [percent(right), percent(early), percent(later)]),
    ]),
  },
})

const intentSection = (found: readonly OnIntent[], seeds: readonly number[]): Section => ({
  title: "Twenty corrections of modules/intent",
  notes: [
    "Twenty of its mistakes on the validation split, drawn by seed, are corrected. Change: of the share of right guesses, on all messages that were not corrected.",
  ],
  table: {
    heading: ["seed", "mended %", "validation, points", "test, points", "test answers that changed"],
    rows: found.map(({ mended, validation, test, changed }, i) => [
      `${seeds[i]}`,
      number(100 * mended, 1),
      number(100 * validation, 3),
      number(100 * test, 3),
      `${changed}`,
    ]),
  },
})
