import { refuse } from "@open-brains/core/base/problem.ts"
import { type CostedThreshold, costOf, thresholdByCost } from "@open-brains/core/evaluate/cost.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import { scoreAll } from "@open-brains/core/train/teach.ts"
import { COLUMNS } from "../data/read.ts"
import { dataBehind, findDataSet } from "../data/sets.ts"
import type { PlacedExample } from "../data/split.ts"
import { gather, ownExamples, splitsOf } from "../examples.ts"
import { counted, shorten, wrap } from "../layout.ts"
import { load } from "../load.ts"
import type { EngineName } from "../native/engines.ts"
import { plotSvg } from "../plot/svg.ts"
import { score } from "../report.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { tellAsides } from "./ask.ts"
import { calibrationOf, describeCosts } from "./calibration.ts"
import { fetchingBy } from "./progress.ts"
import { describeReport } from "./teach.ts"

export interface TestArguments {
  readonly text?: string
  readonly label?: string
  readonly engine?: EngineName
  /** Whether its probabilities are what they say, and what refusing buys. */
  readonly calibration?: boolean
  /** A file to draw the plots of that into. */
  readonly svg?: string
  /** How many times an `unsure` that need not have been a wrong answer costs. */
  readonly wrongCosts?: number
  /** The data set that it learnt from, where its name alone does not say. */
  readonly data?: string
  readonly offline?: boolean
  readonly json?: boolean
}

/**
 * `brain test MODULE [FILE]`: scores a module on a file or the test split of a data set, or on the examples that it held out when it was taught. Texts
 * of the file that the module carries to learn from or to choose on tell nothing, and are left out.
 */
export async function test(
  path: string,
  file: string | undefined,
  options: TestArguments,
  services: Services,
): Promise<ExitCode> {
  if (options.svg !== undefined) await refuseUnwritable(options.svg)
  const brain = await load(path, options.engine)
  tellAsides(brain, services)
  const columns = { ...COLUMNS, text: options.text ?? COLUMNS.text, label: options.label ?? COLUMNS.label }
  const fetching = fetchingBy(services, options.offline)
  const set = file === undefined ? undefined : await findDataSet(file)
  const carried =
    ownExamples(brain.files) ??
    (file === undefined || set ? await dataBehind(brain.files.manifest.built.data, options.data, fetching) : undefined)
  const corrected = new Set(brain.corrections.map(({ text }) => text.trim()))
  const own = splitsOf(carried ?? []).test.filter(({ text }) => !corrected.has(text.trim()))
  const learnt = new Set((carried ?? []).flatMap(({ text, split }) => (split === "test" ? [] : text.trim())))
  for (const text of corrected) learnt.add(text)
  const gathered = file === undefined ? own : (await gather([file], undefined, columns, fetching)).examples
  const given = set ? splitsOf(gathered as readonly PlacedExample[]).test : gathered
  const examples = file === undefined ? own : given.filter(({ text }) => !learnt.has(text.trim()))
  const leftOut = given.length - examples.length
  if (leftOut > 0 && examples.length === 0)
    refuse({
      code: "OB513",
      seen: `${path} has learnt from every text of ${file}.`,
      hint: `Give a file of others${own.length > 0 ? `, or test it on the ${counted(own.length, "example")} that it held out: brain test ${path}` : ""}.`,
    })
  if (examples.length === 0)
    refuse({
      code: "OB513",
      seen: `${path} carries no test examples.`,
      hint: `Give a file of them: brain test ${path} FILE.`,
    })
  const report = score(brain, examples)
  const unknownLabels = unknownIn(examples, brain.labels)
  const { wrongCosts, svg } = options
  const scored = options.calibration || wrongCosts !== undefined ? scoreAll(brain, examples) : []
  const { unsureBelow } = brain.files.manifest
  const now = wrongCosts === undefined ? undefined : costOf(scored, unsureBelow, wrongCosts)
  const calibration = options.calibration ? calibrationOf(scored, brain.files.manifest.name) : undefined
  if (calibration && svg !== undefined) await writeFileWhole(svg, plotSvg(...calibration.plots))
  if (options.json) {
    const costs = now && {
      costs: { wrongCosts, now: inBitsOf(now), best: inBitsOf(thresholdByCost(scored, wrongCosts!)) },
    }
    services.print(
      JSON.stringify({
        ...report,
        leftOut,
        unknownLabels,
        ...(calibration && { calibration: calibration.json }),
        ...costs,
      }),
    )
    return 0
  }
  if (leftOut > 0)
    services.print(
      wrap(
        `${leftOut} of the ${counted(given.length, "example")} ${leftOut === 1 ? "was" : "were"} left out: the module has learnt from ${leftOut === 1 ? "it" : "them"}.`,
      ),
    )
  if (unknownLabels.length > 0) services.print(services.paint("yellow", wrap(describeUnknown(unknownLabels))))
  for (const line of describeReport(report, services.paint, carried !== undefined)) services.print(line)
  const more = [
    ...(calibration?.lines ?? []),
    ...(now ? describeCosts(now, scored, wrongCosts!) : []),
    ...(calibration && svg !== undefined ? ["", `Drawn in ${svg}.`] : []),
  ]
  for (const line of more) services.print(line)
  return 0
}

const inBitsOf = ({ threshold, ...rest }: CostedThreshold): object => ({ ...rest, unsureBelow: threshold / 256 })

interface UnknownLabel {
  readonly label: string
  readonly examples: number
}

function unknownIn(examples: readonly Example[], known: readonly string[]): readonly UnknownLabel[] {
  const counts = new Map<string, number>()
  for (const { label } of examples)
    if (label !== undefined && !known.includes(label)) counts.set(label, (counts.get(label) ?? 0) + 1)
  return [...counts].map(([label, count]) => ({ label, examples: count }))
}

const LABELS_SHOWN = 8
function describeUnknown(unknown: readonly UnknownLabel[]): string {
  const rows = unknown.reduce((sum, { examples }) => sum + examples, 0)
  const shown = unknown.slice(0, LABELS_SHOWN).map(({ label }) => shorten(label))
  const rest = unknown.length > LABELS_SHOWN ? `, … (${unknown.length})` : ""
  return `${counted(rows, "row has a label", "rows have labels")} that it does not know: ${shown.join(", ")}${rest}.`
}
