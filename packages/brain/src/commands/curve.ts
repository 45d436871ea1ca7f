import type { CurveScore, CurveStep } from "@open-brains/core/train/curve.ts"
import { type MeasuredCurve, measureCurve } from "../curve.ts"
import { COLUMNS } from "../data/read.ts"
import { COLUMNS_MAX, counted, shorten, wrap } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import type { Plot } from "../plot/plot.ts"
import { plotSvg } from "../plot/svg.ts"
import { plotText } from "../plot/text.ts"
import { defaultBase, type ExitCode, type Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { readModule } from "../store/folder.ts"
import { progressBar } from "./progress.ts"

export interface CurveArguments {
  readonly svg?: string
  readonly seeds?: number
  readonly base?: string
  readonly text?: string
  readonly label?: string
  readonly engine?: EngineName
  readonly json?: boolean
}

/** `brain test MODULE_OR_DATA [FILE] --curve`: how accuracy grows with examples, from a base and from scratch. */
export async function curve(
  source: string,
  file: string | undefined,
  options: CurveArguments,
  services: Services,
): Promise<ExitCode> {
  if (options.svg !== undefined) await refuseUnwritable(options.svg)
  const basePath = options.base === "none" ? undefined : (options.base ?? defaultBase())
  const bar = progressBar(services, "trained")
  const measured = await measureCurve({
    source,
    ...(file === undefined ? {} : { test: file }),
    columns: { ...COLUMNS, text: options.text ?? COLUMNS.text, label: options.label ?? COLUMNS.label },
    ...(basePath === undefined ? {} : { base: await readModule(basePath) }),
    ...(options.seeds === undefined ? {} : { seeds: options.seeds }),
    ...(options.engine ? { engine: options.engine } : {}),
    onProgress: ({ trainings, of, phase, bits }) => bar({ phase, step: trainings, steps: of, bits }),
  })
  services.progress(undefined)
  const plot = plotOf(measured, source)
  if (options.svg !== undefined) await writeFileWhole(options.svg, plotSvg(plot))
  const lines = options.json
    ? [JSON.stringify(asJson(measured, source))]
    : [...describe(measured, source, plot), ...(options.svg === undefined ? [] : ["", `Drawn in ${options.svg}.`])]
  for (const line of lines) services.print(line)
  return 0
}

const TITLE_WIDTH = 60
const plotOf = ({ steps, seeds }: MeasuredCurve, source: string): Plot => ({
  title: `Learning curve of ${shorten(source, TITLE_WIDTH)}, ${counted(seeds, "seed")}: mean, least and most`,
  x: { label: "training examples", scale: "log", unit: "number", ticks: steps.map(({ examples }) => examples) },
  y: { label: "accuracy", scale: "linear", unit: "share", range: accuracyRange(steps) },
  series: (steps[0]?.scores ?? []).map(({ name }, i) => ({
    name,
    points: steps.map(({ examples, scores }) => {
      const { mean, least, most } = scores[i]!
      return { x: examples, y: mean, low: least, high: most }
    }),
  })),
})

/** From the tenth below the least to the tenth above the most. */
function accuracyRange(steps: readonly CurveStep[]): readonly [number, number] {
  const ends = steps.flatMap(({ scores }) => scores.flatMap(({ least, most }) => [least, most]))
  const [least, most] = [Math.min(...ends), Math.max(...ends)].map((share) => 10 * share) as [number, number]
  return [Math.floor(Math.min(least, 9)) / 10, Math.max(Math.ceil(most), Math.floor(least) + 1) / 10]
}

const asJson = ({ steps, ...rest }: MeasuredCurve, source: string): object => ({
  source,
  ...rest,
  steps: steps.map(({ scores, ...step }) => ({
    ...step,
    scores: scores.map(({ kept, ...score }) => ({ ...score, rate: kept.recipe.rate })),
  })),
})

function describe(measured: MeasuredCurve, source: string, plot: Plot): readonly string[] {
  const { steps, learnt, chosenOn, tested, seeds, knowsIt } = measured
  const hasDifference = steps.some(({ differences }) => differences.length > 0)
  return [
    plotText(plot, COLUMNS_MAX - 10),
    "",
    ...table(steps).map((row) => `  ${row}`),
    "",
    wrap(
      `${shorten(source)}: ${counted(learnt, "example")} to learn from, ${chosenOn} to choose the step size on, ${tested} with a label to test. Mean of ${counted(seeds, "draw")} of examples, in brackets the least and the most.`,
    ),
    ...(hasDifference
      ? [
          wrap(
            "The difference, in points: mean over the same test messages, in brackets its 95 % interval over draws of messages (paired bootstrap).",
          ),
        ]
      : []),
    ...(knowsIt ? [wrap("The base has learnt from these very examples: it is left out.")] : []),
    ...(chosenOn === 0 ? ["Nothing is held out to choose on: the recipe's step size was taken."] : []),
  ]
}

function table(steps: readonly CurveStep[]): readonly string[] {
  const number = (share: number): string => (100 * share).toFixed(1)
  const signed = (share: number): string => `${share < 0 ? "−" : "+"}${number(Math.abs(share))}`
  const cell = ({ mean, least, most }: CurveScore): string => `${number(mean)} (${number(least)} … ${number(most)})`
  const [first] = steps
  const heading = [
    "examples",
    ...(first?.scores ?? []).map(({ name }) => `${name} %`),
    ...(first?.differences ?? []).map(({ minus }) => `base − ${minus}`),
  ]
  const rows = steps.map(({ examples, scores, differences }) => [
    `${examples}`,
    ...scores.map(cell),
    ...differences.map(({ mean, low, high }) => `${signed(mean)} (${signed(low)} … ${signed(high)})`),
  ])
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  return [heading, ...rows].map((row) => row.map((text, column) => text.padStart(widths[column]!)).join("   "))
}
