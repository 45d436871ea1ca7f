import { basename } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { inBits, percent } from "../card.ts"
import { COLUMNS } from "../data/read.ts"
import { asData } from "../data/sets.ts"
import { gather } from "../examples.ts"
import type { Report } from "../report.ts"
import { defaultBase, type ExitCode, type Services } from "../services.ts"
import { readModule } from "../store/folder.ts"
import { type Lesson, teachModule } from "../teach.ts"
import { progressBar } from "./progress.ts"

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
  readonly json?: boolean
}

/** `brain teach FILE… --into FOLDER`: teaches a module from examples and says how good it became. */
export async function teach(paths: readonly string[], options: TeachArguments, services: Services): Promise<ExitCode> {
  const { into, seed, json = false } = options
  const columns = { ...COLUMNS, text: options.text ?? COLUMNS.text, label: options.label ?? COLUMNS.label }
  const { examples, isSetApart, data } = await gather(paths, options.test, columns)
  const basePath = options.base === "none" ? undefined : (options.base ?? defaultBase())
  const base = basePath === undefined ? undefined : await readModule(basePath)
  const lesson = await teachModule({
    examples,
    isSetApart,
    ...(data
      ? { data: asData(data), about: `Recognises the intents of ${data.attribution}`, licence: data.licence }
      : {}),
    into,
    name: options.name ?? nameFrom(into),
    ...(options.about === undefined ? {} : { about: options.about }),
    ...(options.licence === undefined ? {} : { licence: options.licence }),
    ...(base ? { base } : {}),
    seed,
    onProgress: progressBar(services),
  })
  services.progress(undefined)
  for (const line of json ? [JSON.stringify(asJson(lesson, into))] : describe(lesson, into, services))
    services.print(line)
  return 0
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

const asJson = ({ brain, taught, report }: Lesson, into: string): object => ({
  into,
  digest: brain.files.digest,
  weights: brain.files.manifest.parts["weights.safetensors"],
  labels: brain.labels,
  kept: taught.kept.name,
  trials: taught.trials,
  unsureBelow: taught.unsureBelow / 256,
  report: report ?? null,
})

function describe({ brain, taught, report }: Lesson, into: string, { paint }: Services): readonly string[] {
  const bytes = brain.files.parts["weights.safetensors"]!.length
  const trials = taught.trials.map(({ name, accuracy, bits }) => `${name} ${percent(accuracy)} at ${inBits(bits)} bits`)
  return [
    `Taught ${paint("bold", into)}: ${brain.labels.length} labels, ${(bytes / 1000).toFixed(0)} KB of weights.`,
    trials.length > 1
      ? `Tried on held-out examples: ${trials.join(", ")}; kept ${paint("bold", taught.kept.name)}.`
      : `On held-out examples: ${trials[0]}.`,
    "",
    ...(report
      ? describeReport(report, paint)
      : ["Not tested: too few examples to hold any out. Give more, or --test FILE."]),
    "",
    paint("dim", `Ask it:  ./brain ask ${into} "a message"`),
  ]
}

export function describeReport(report: Report, paint: Services["paint"]): readonly string[] {
  const { answeredRight, answeredWrong, refused } = report.withThreshold
  const worst = report.confusions.slice(0, 5)
  const width = Math.max(0, ...worst.map(({ expected }) => expected.length))
  return [
    `Tested on ${report.examples} examples that it had not seen:`,
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
        `    ${expected.padEnd(width)} → ${guess}  ${count}×  ${paint("dim", `“${shorten(examples[0] ?? "")}”`)}`,
    ),
  ]
}
const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)
