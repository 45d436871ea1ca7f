import type { EditionTrial } from "../editions.ts"
import { COLUMNS_MAX, inBits, percent, wrap } from "../layout.ts"
import type { Plot } from "../plot/plot.ts"
import { plotText } from "../plot/text.ts"
import type { Plan, Search } from "../search.ts"
import type { Paint } from "../services.ts"
import { printSize } from "../size.ts"

export const describePlan = ({ bytesMax, nets, seconds }: Plan): string =>
  wrap(
    `Looking for the best net of at most ${bytesMax} bytes of weights: ${nets} shapes in brief, then the best of them in full. It takes about ${seconds < 90 ? `${Math.max(1, Math.ceil(seconds))} s` : `${Math.ceil(seconds / 60)} minutes`}.`,
  )

/** Accuracy beside size, and what was kept. */
export function describeSearch(search: Search, paint: Paint): readonly string[] {
  const { trials, kept, baseBytes, bytesMax } = search
  const isJudged = trials.some(({ bits }) => !Number.isNaN(bits))
  return [
    ...(isJudged ? [plotText(plotOf(search), COLUMNS_MAX - 10), ""] : []),
    ...table(trials).map((row, i) => (i === kept + 1 ? paint("bold", `> ${row}`) : `  ${row}`)),
    "",
    wrap(
      isJudged
        ? `Kept: ${trials[kept]!.name}, ${trials[kept]!.bytes} of ${bytesMax} bytes (fewest bits an answer on the held-out examples).`
        : `Too few examples to hold any out: the first of the list was taken, ${trials[kept]!.name}.`,
    ),
    ...(baseBytes === undefined
      ? []
      : [
          wrap(
            `What learns on from the base has ${printSize(baseBytes)} of weights, more than fits however coarse: all began from scratch.`,
          ),
        ]),
  ]
}

function table(trials: readonly EditionTrial[]): readonly string[] {
  const heading = ["net: rows x numbers", "bytes", "epochs", "accuracy", "bits an answer"]
  const rows = trials.map(({ name, bytes, epochs, accuracy, bits }) => [
    ...[name, `${bytes}`, `${epochs}`, percent(accuracy), inBits(bits, 3)],
  ])
  const widths = heading.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  return [heading, ...rows].map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join("   "),
  )
}

/** Nets that saw the whole lesson, by size; those of the first round stand apart. */
export function plotOf({ trials }: Pick<Search, "trials">): Plot {
  const epochsMost = Math.max(...trials.map(({ epochs }) => epochs))
  const points = (isWhole: boolean): { readonly x: number; readonly y: number }[] =>
    trials
      .filter(({ epochs, accuracy }) => (epochs === epochsMost) === isWhole && !Number.isNaN(accuracy))
      .map(({ bytes, accuracy }) => ({ x: bytes, y: accuracy }))
      .sort((a, b) => a.x - b.x)
  const sizes = [...new Set(points(true).map(({ x }) => x))]
  return {
    title: "Accuracy on held-out examples beside the size of the weights",
    x: {
      label: "bytes",
      scale: "log",
      unit: "number",
      ticks: sizes.filter((size, i) => i === 0 || size > 1.2 * sizes[i - 1]!),
    },
    y: { label: "accuracy", scale: "linear", unit: "share" },
    series: [
      { name: "taught in full", points: points(true) },
      { name: "in brief", points: points(false) },
    ],
  }
}
