import { COLUMNS } from "../data/read.ts"
import { gather } from "../examples.ts"
import { counted, inBits, pad, percent, shorten, widest } from "../layout.ts"
import { load } from "../load.ts"
import { chooseEngine } from "../native/choice.ts"
import { barOf, mostOf } from "../plot/bars.ts"
import type { ExitCode, Services } from "../services.ts"
import { type LabelWorth, worthOfLabels } from "../worth_of_labels.ts"
import { fetchingBy } from "./progress.ts"
import type { WorthArguments } from "./worth.ts"

/** `brain worth MODULE MODULE … --on DATA`: what each module brings when the answers of all are mixed. */
export async function worthLabels(
  paths: readonly string[],
  { on, engine, json = false }: Pick<WorthArguments, "on" | "engine" | "json">,
  services: Services,
): Promise<ExitCode> {
  const experts = []
  for (const path of paths) experts.push({ name: path, brain: await load(path, engine) })
  const { examples } = await gather([on], undefined, COLUMNS, fetchingBy(services, false))
  // A data set's own test examples where it has some: modules learnt the others.
  const held = examples.filter(({ split }) => split === "test")
  const found = worthOfLabels(experts, held.length > 0 ? held : examples, chooseEngine(engine, true).engine)
  if (json) services.print(JSON.stringify({ on, ...found }))
  else for (const line of describe(found, on, services)) services.print(line)
  return 0
}

function describe({ texts, bits, accuracy, experts }: LabelWorth, on: string, { paint }: Services): readonly string[] {
  const saves = experts.map(({ name, bitsWithout }) => ({ name, value: bitsWithout - bits }))
  const heading = ["module", "saves", "without", "alone", "weight"]
  const rows = experts.map(({ name, bitsWithout, bitsAlone, weight }, e) => [
    shorten(name, 24),
    saves[e]!.value.toFixed(3),
    bitsWithout.toFixed(3),
    bitsAlone.toFixed(3),
    weight.toFixed(2),
  ])
  const widths = heading.map((cell, column) => widest([cell, ...rows.map((row) => row[column]!)]))
  const lineOf = (row: readonly string[]): string =>
    row.map((cell, column) => (column === 0 ? pad(cell, widths[0]!) : cell.padStart(widths[column]!))).join("  ")
  const most = mostOf(saves)
  return [
    `Mixed: ${paint("bold", `${inBits(bits, 3)} bits an answer`)}, ${percent(accuracy)} right, on ${counted(texts, "text")} of ${shorten(on)}.`,
    "",
    paint("dim", lineOf(heading)),
    ...rows.map((row, e) => `${lineOf(row)}  ${paint("cyan", barOf(saves[e]!.value, most, 20))}`.trimEnd()),
    "",
    paint("dim", "saves: bits an answer that it saves, all others being there; alone: of its own answers."),
  ]
}
