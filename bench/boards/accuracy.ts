/** How often the small nets are right, in floats and in integers of eight and of four bits: over five seeds, on what nothing was learnt from. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { fitSequential, integerAnswers, rightShare } from "@open-brains/core/train/fit_sequential.ts"
import {
  type ByteRows,
  floatAnswers,
  type SequentialNet,
  type SequentialRecipe,
} from "@open-brains/core/train/sequential.ts"
import { chooseEngine } from "open-brains"
import { gesturesTask } from "../../examples/gestures/gestures.testing.ts"
import { mirror } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, mean, number, type Section, say } from "../shared/report.ts"
import { SEEDS, seenBy } from "./nets/make.ts"
import { type Digits, readMnist } from "./nets/mnist.ts"
import { BENCH_NETS } from "./nets/recipes.ts"
import { BOARD_NETS, missingCases } from "./nets.ts"

interface Task {
  readonly name: string
  readonly net: SequentialNet
  readonly recipe: SequentialRecipe
  readonly rows: Readonly<Record<"learn" | "choose" | "test", ByteRows>>
}
interface Scores {
  readonly float: readonly number[]
  readonly integer: readonly number[]
}

/** The test split is scored once for each seed, whichever is kept. A quick run has one seed, and nothing of MNIST but the digits in 8 × 8. */
export function measureAccuracy({ isQuick }: PartOptions): Part {
  const missing = BOARD_NETS.map(missingCases).find((each) => each !== undefined)
  if (missing !== undefined) return { measures: [], sections: [sectionOf([], [missing])], isSame: true }
  const { engine } = chooseEngine("native") // twice as fast here, and the same bits
  const found = tasksOf(readMnist(), engine)
    .filter(({ name }) => !isQuick || !name.startsWith("mnist"))
    .map((task) => ({ task, ...scoresOf(task, isQuick ? SEEDS.slice(0, 1) : SEEDS, engine) }))
  const rows = found.map(({ task: { name, net }, float, integer }) => [
    name,
    net.levels === 255 ? "int8" : "int4",
    ...[mean(float), Math.min(...float), mean(integer), Math.min(...integer)].map((share) => number(100 * share, 2)),
  ])
  const measures = found.flatMap(({ task: { name, net }, float, integer }): readonly Measure[] => [
    {
      name: `${name}, ${net.levels === 255 ? "int8" : "int4"}: right answers`,
      ...{ value: 100 * mean(integer), unit: "%", digits: 2 },
      peer: { name: "in floats", value: 100 * mean(float) },
    },
  ])
  return { measures, sections: [sectionOf(rows, [])], isSame: true }
}

function tasksOf(digits: Digits, engine: Engine): readonly Task[] {
  const { "mnist-tiny": tiny, "digits-int8": small8, "digits-int4": small4 } = BENCH_NETS
  const gestures = gesturesTask(mirror()!, engine)
  const narrow = (net: SequentialNet): SequentialNet => ({ ...net, levels: 15 })
  return [
    { name: "mnist-tiny", ...tiny, rows: digits },
    { name: "mnist-tiny", ...tiny, net: narrow(tiny.net), rows: digits },
    { name: "digits 64-32-10", ...small8, rows: seenBy(small8, digits) },
    { name: "digits 64-32-10", ...small4, rows: seenBy(small4, digits) },
    { name: "gestures", ...gestures },
    { name: "gestures", ...gestures, net: narrow(gestures.net) },
  ]
}

function scoresOf({ name, net, recipe, rows }: Task, seeds: readonly number[], engine: Engine): Scores {
  const scores = seeds.map((seed) => {
    const fitted = fitSequential(net, rows, recipe, seed, engine)
    const float = rightShare(floatAnswers(net, fitted.weights, rows.test, engine), rows.test)
    const integer = rightShare(integerAnswers(fitted, rows.test, engine), rows.test)
    say(
      `  ${name}, ${net.levels} levels, seed ${seed}: ${(100 * float).toFixed(2)} and ${(100 * integer).toFixed(2)} %`,
    )
    return { float, integer }
  })
  return { float: scores.map(({ float }) => float), integer: scores.map(({ integer }) => integer) }
}
const sectionOf = (rows: Section["table"]["rows"], missing: readonly string[]): Section => ({
  title: "How often the nets are right",
  notes: [
    "Right answers in percent over the seeds: MNIST's 10,000 test images, whole or in 8 × 8, and 200 strokes. The floats of an int4 net are of weights on its grid.",
    ...missing,
  ],
  table: {
    heading: ["net", "weights", "floats, mean", "floats, least", "integers, mean", "integers, least"],
    rows,
  },
})
