import { realpath } from "node:fs/promises"
import { basename } from "node:path"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { UNSURE } from "@open-brains/core/train/examples.ts"
import { COLUMNS } from "../data/read.ts"
import type { OpenExample } from "../data/split.ts"
import { gather, ownExamples } from "../examples.ts"
import { COLUMNS_MAX, counted, inBits, pad, percent, shorten, widest, wrap } from "../layout.ts"
import type { EngineName } from "../native/engines.ts"
import { plotSvg } from "../plot/svg.ts"
import type { Remarks } from "../remarks.ts"
import type { Report } from "../report.ts"
import { defaultBase, type ExitCode, type Paint, type Services } from "../services.ts"
import { refuseUnwritable, writeFileWhole } from "../store/file.ts"
import { readModule } from "../store/folder.ts"
import { type Lesson, teachModule } from "../teach.ts"
import { tellAsides } from "./ask.ts"
import { describePlan, describeSearch, plotOf } from "./editions.ts"
import { fetchingBy, progressBar } from "./progress.ts"

export interface TeachArguments {
  readonly into: string
  readonly test?: string
  readonly base?: string
  readonly name?: string
  readonly about?: string
  readonly licence?: string
  readonly text?: string
  readonly label?: string
  readonly seed: number
  readonly engine?: EngineName
  /** How many times an `unsure` that need not have been a wrong answer costs. */
  readonly wrongCosts?: number
  /** Bytes of weights at most. */
  readonly maxSize?: number
  /** Where the plot of sizes goes. */
  readonly svg?: string
  /** Whether labels of the module that is there may vanish. */
  readonly replace?: boolean
  /** Whether the network may not be asked for a data set. */
  readonly offline?: boolean
  readonly json?: boolean
}

/** `brain teach FILE… --into FOLDER`: teaches a module from examples and says how good it became. */
export async function teach(paths: readonly string[], options: TeachArguments, services: Services): Promise<ExitCode> {
  const { into, seed, json = false, maxSize, svg } = options
  if (svg !== undefined) await refuseUnwritable(svg)
  const columns = { ...COLUMNS, text: options.text ?? COLUMNS.text, label: options.label ?? COLUMNS.label }
  const fetching = fetchingBy(services, options.offline)
  const { examples, folded, isSetApart, data } = await gather(paths, options.test, columns, fetching)
  const replaced = await replacedBy(examples, paths, options)
  const basePath = options.base === "none" ? undefined : (options.base ?? defaultBase())
  const base = basePath === undefined ? undefined : await readModule(basePath)
  const lesson = await teachModule({
    examples,
    folded,
    forgets: options.replace === true,
    isSetApart,
    ...(data ? { data: data.named, about: data.set.manifest.about, licence: data.set.manifest.licence } : {}),
    into,
    name: options.name ?? nameFrom(into),
    ...(options.about === undefined ? {} : { about: options.about }),
    ...(options.licence === undefined ? {} : { licence: options.licence }),
    ...(base ? { base } : {}),
    seed,
    ...(options.wrongCosts === undefined ? {} : { recipe: { wrongCosts: options.wrongCosts } }),
    ...(options.engine ? { engine: options.engine } : {}),
    ...(maxSize === undefined ? {} : { bytesMax: maxSize }),
    onPlan: (plan) => (json ? undefined : services.print(`${describePlan(plan)}\n`)),
    onProgress: progressBar(services),
    onWrite: services.holdInterrupts,
  })
  services.progress(undefined)
  tellAsides(lesson.brain, services)
  if (svg !== undefined && lesson.search) await writeFileWhole(svg, plotSvg(plotOf(lesson.search)))
  const heldOut = (ownExamples(lesson.brain.files) ?? examples).filter(({ split }) => split === "validation").length
  const lines = json
    ? [JSON.stringify({ ...asJson(lesson, into), heldOut, ...(replaced ? { replaced } : {}) })]
    : describe(lesson, into, services)
  for (const line of lines) services.print(line)
  if (svg !== undefined && !json) services.print(`Drawn in ${svg}.`)
  if (replaced)
    services.complain(
      `It replaced a module that carried ${counted(replaced.examples, "example")}; to add to them: ${adding(paths, into)}`,
    )
  return 0
}

/** What the module that was there carried. */
interface Replaced {
  readonly examples: number
  readonly labels: readonly string[]
}
const adding = (paths: readonly string[], into: string): string =>
  `brain teach ${[into, ...paths].join(" ")} --into ${into}`

/**
 * What the module that lies in `into` carries, when examples of it are not among the new ones. Errors: OB517 when a
 * label would vanish with them.
 */
async function replacedBy(
  examples: readonly OpenExample[],
  paths: readonly string[],
  { into, replace = false }: TeachArguments,
): Promise<Replaced | undefined> {
  const realPathOf = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined)
  const place = await realPathOf(into)
  if (place === undefined || (await Promise.all(paths.map(realPathOf))).includes(place)) return undefined
  const carried = await carriedBy(into)
  const keyOf = ({ text, label }: OpenExample): string => JSON.stringify([text, label])
  const given = new Set(examples.map(keyOf))
  if (carried.every((each) => given.has(keyOf(each)))) return undefined
  const labelsIn = (all: readonly OpenExample[]): readonly string[] =>
    [...new Set(all.flatMap(({ label, split }) => (split === "test" ? [] : (label ?? []))))].sort()
  const [labels, kept] = [labelsIn(carried), labelsIn(examples)]
  const lost = labels.filter((label) => !kept.includes(label))
  if (lost.length > 0 && !replace)
    refuse({
      code: "OB517",
      seen: `${into} knows ${counted(lost.length, "label")} that the new examples lack: ${shorten(lost.join(", "), 200)}.`,
      hint: `To add to its ${counted(carried.length, "example")}: ${adding(paths, into)} – to have the new ones alone: add --replace.`,
    })
  return { examples: carried.length, labels }
}

/** A module that cannot be read has nothing left to lose: teaching it again is what mends it. */
async function carriedBy(into: string): Promise<readonly OpenExample[]> {
  try {
    return ownExamples(await readModule(into)) ?? []
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}

function nameFrom(into: string): string {
  const name = basename(into)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 64)
  return name === ""
    ? refuse({
        code: "OB512",
        seen: `A module cannot be called after the folder ${into}.`,
        hint: "Say its name: --name NAME, of letters, digits and -.",
      })
    : name
}

const asJson = ({ brain, taught, report, remarks, search }: Lesson, into: string): object => ({
  into,
  digest: brain.files.digest,
  weights: brain.files.manifest.parts["weights.safetensors"],
  labels: brain.labels,
  kept: taught.kept.name,
  trials: taught.trials,
  unsureBelow: brain.files.manifest.unsureBelow / 256,
  report: report ?? null,
  ...(search ? { search } : {}),
  remarks: {
    ...remarks,
    conflicts: remarks.conflicts.map(({ text, labels }) => ({ text, labels: labels.map((label) => label ?? null) })),
  },
})

function describe(
  { brain, taught, report, remarks, search }: Lesson,
  into: string,
  { paint }: Services,
): readonly string[] {
  const bytes = brain.files.parts["weights.safetensors"]!.length
  return [
    `Taught ${paint("bold", into)}: ${counted(brain.labels.length, "label")}, ${(bytes / 1000).toFixed(0)} KB of weights.`,
    ...(search ? describeSearch(search, paint) : [wrap(describeTrials(taught, paint))]),
    ...describeRemarks(remarks, brain.files.manifest.takes.bytesMax).map((line) => paint("yellow", wrap(line))),
    "",
    ...(report
      ? describeReport(report, paint)
      : ["Not tested: too few examples to hold any out. Give more, or --test FILE."]),
    "",
    paint("dim", `Ask it:  ./brain ask ${into} "a message"`),
  ]
}

function describeTrials({ trials, kept }: Lesson["taught"], paint: Paint): string {
  const isKept = `kept ${paint("bold", `what began from ${kept.table ? "the " : ""}${kept.name}`)}`
  const { asked, inTurns } = trials[0]!
  if (trials.every(({ bits }) => Number.isNaN(bits)))
    return `Too few examples to try it on any that were held out${trials.length > 1 ? `; ${isKept}` : ""}.`
  const on = inTurns ? `${counted(asked, "example")}, each held out in its turn` : counted(asked, "held-out example")
  const scores = trials.map(({ name, accuracy, bits }) => `${name} ${percent(accuracy)} at ${inBits(bits, 3)} bits`)
  if (trials.length === 1) return `On ${on}: ${scores[0]}.`
  const fewest = trials.reduce((a, b) => (b.bits < a.bits ? b : a))
  const why = fewest.name === kept.name ? "fewest bits" : "the others are not better by more than chance"
  return `Tried on ${on}: ${scores.join(", ")}; ${isKept} (${why}).`
}

function describeRemarks({ duplicates, leaks, conflicts, cut }: Remarks, bytesMax: number): readonly string[] {
  const [first] = conflicts
  const [leak] = leaks
  const lineOf = (line: number | undefined): string => (line === undefined ? "" : ` (line ${line})`)
  const named = (label: string | undefined): string => label ?? UNSURE
  return [
    ...(duplicates > 0
      ? [`${counted(duplicates, "example was", "examples were")} there before and counted once.`]
      : []),
    ...(leak
      ? [
          `${counted(leaks.length, "example stands", "examples stand")} among those to test on too, such as “${shorten(leak.text)}”${lineOf(leak.line)}, there${lineOf(leak.testLine)}: only tested, not learnt from.`,
        ]
      : []),
    ...(first
      ? [
          `${counted(conflicts.length, "text has", "texts have")} more than one label, such as “${shorten(first.text)}”: ${first.labels.map(named).join(" and ")}. Decide which is right.`,
        ]
      : []),
    ...(cut > 0
      ? [`${counted(cut, "text is", "texts are")} longer than ${bytesMax} bytes; the rest was not read.`]
      : []),
  ]
}

export function describeReport(report: Report, paint: Paint, isUnseen = true): readonly string[] {
  const { answeredRight, answeredWrong, refused } = report.withThreshold
  const worst = report.confusions.slice(0, 5)
  const expectedWidth = widest(worst.map(({ expected }) => expected))
  const guessWidth = widest(worst.map(({ guess }) => guess))
  const countWidth = widest(worst.map(({ count }) => `${count}`))
  const room = Math.max(24, COLUMNS_MAX - expectedWidth - guessWidth - countWidth - 14)
  return [
    `Tested on ${counted(report.examples, "example")}${isUnseen ? " that it had not seen" : ""}:`,
    `  accuracy         ${paint("bold", percent(report.accuracy))}   of those that have a label`,
    `  bits an answer   ${inBits(report.bitsPerAnswer)}`,
    ...(answeredRight === undefined
      ? []
      : [`  answered         ${percent(answeredRight)} right, ${percent(answeredWrong)} wrong, else unsure`]),
    ...(refused === undefined
      ? []
      : [
          `  fits no label    ${percent(refused)} of them answered “unsure” (AUROC ${report.auroc?.toFixed(3) ?? "–"})`,
        ]),
    ...(worst.length > 0 ? ["  taken for another:"] : []),
    ...worst.map(
      ({ expected, guess, count, examples }) =>
        `    ${pad(expected, expectedWidth)} → ${pad(guess, guessWidth)}  ${`${count}`.padStart(countWidth)}×  ${paint("dim", `“${shorten(examples[0] ?? "", room)}”`)}`,
    ),
  ]
}
