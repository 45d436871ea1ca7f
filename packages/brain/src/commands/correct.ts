import { suggest } from "@open-brains/core/base/problem.ts"
import type { Answer } from "@open-brains/core/run/classifier.ts"
import { UNSURE } from "@open-brains/core/train/examples.ts"
import { counted, pad, percent, shorten, widest, wrap } from "../layout.ts"
import {
  type Contradiction,
  correct as correctModule,
  type ListedLesson,
  lessonsOf,
  undo as undoLesson,
} from "../lessons.ts"
import { load } from "../load.ts"
import type { ExitCode, Services } from "../services.ts"

interface Options {
  readonly json?: boolean
}
const named = (label: string | undefined): string => label ?? UNSURE
const labelled = <Kind extends { readonly label: string | undefined }>(
  each: Kind,
): Omit<Kind, "label"> & { readonly label: string | null } => ({ ...each, label: each.label ?? null })

/** `brain correct MODULE TEXT LABEL`: what the text should get, from the next answer on. */
export async function correct(
  path: string,
  text: string,
  given: string,
  { json = false }: Options,
  services: Services,
): Promise<ExitCode> {
  const label = given.trim() === UNSURE ? undefined : given.trim()
  const before = await load(path)
  const answerBefore = before.ask(text)
  services.holdInterrupts()
  const { lesson, isNew, digest } = await correctModule(path, text, label)
  const answerAfter = (await load(path)).ask(text)
  const { contradicts } = lesson
  if (json) {
    const answers = { before: withoutReason(answerBefore), after: withoutReason(answerAfter) }
    const said = { lesson: lesson.lesson, text, label: label ?? null, isNew, contradicts: contradicts.map(labelled) }
    services.print(JSON.stringify({ module: path, digest, ...said, ...answers }))
    return 0
  }
  const { print, paint } = services
  print(`Lesson ${lesson.lesson}: “${shorten(text)}” is ${paint("cyan", named(label))}.`)
  print(`  before  ${shown(answerBefore)}\n  now     ${paint("green", shown(answerAfter))}`)
  for (const line of contradicts.map(describe)) print(paint("yellow", wrap(line)))
  if (isNew) {
    const near = suggest(label!, before.files.manifest.gives.labels)
    const meant = near.startsWith("Did you mean")
      ? ` ${near.slice(0, near.indexOf("?") + 1)} Then: brain undo ${path}`
      : ""
    print(
      paint("yellow", wrap(`Its net does not know ${label}: until it is taught, lessons alone answer that.${meant}`)),
    )
  }
  print(
    paint("dim", `Take it back:  ./brain undo ${path}     Let the net learn it:  ./brain teach ${path} --into ${path}`),
  )
  return 0
}

const withoutReason = ({ label, guess, probability }: Answer): object => ({ label: label ?? null, guess, probability })
const shown = ({ label, guess, probability }: Answer): string =>
  label === undefined ? `unsure; closest: ${guess} ${percent(probability)}` : `${label} ${percent(probability)}`

const describe = ({ text, label, lesson }: Contradiction): string =>
  lesson === undefined
    ? `The net was taught that “${shorten(text)}” is ${named(label)}: this lesson counts instead.`
    : `Lesson ${lesson} said that “${shorten(text)}” is ${named(label)}: this later one counts.`

/** `brain lessons MODULE`: its corrections, oldest first. */
export async function lessons(path: string, { json = false }: Options, { print, paint }: Services): Promise<ExitCode> {
  const all = await lessonsOf(path)
  if (json) {
    const rows = all.map((each) => ({ ...labelled(each), contradicts: each.contradicts.map(labelled) }))
    print(JSON.stringify({ module: path, lessons: rows }))
    return 0
  }
  if (all.length === 0) {
    print(`${path} has no lessons. Give it one:  ./brain correct ${path} "a message" LABEL`)
    return 0
  }
  const numbers = all.map(({ lesson }) => `${lesson ?? "–"}`)
  const [numberWidth, labelWidth] = [widest(numbers), widest(all.map(({ label }) => named(label)))]
  all.forEach((each, i) => {
    print(
      `${numbers[i]!.padStart(numberWidth)}  ${pad(named(each.label), labelWidth)}  “${shorten(each.text)}”${stateOf(each, paint)}`,
    )
    for (const other of each.contradicts)
      print(paint("yellow", `${" ".repeat(numberWidth)}  ${shorten(against(other), 90)}`))
  })
  const [counts, folded] = (["counts", "folded"] as const).map(
    (state) => all.filter((each) => each.state === state).length,
  )
  print(
    paint(
      "dim",
      `${counted(counts!, "lesson counts", "lessons count")} before the net; its weights have learnt ${folded}.`,
    ),
  )
  return 0
}
const stateOf = ({ state }: ListedLesson, paint: Services["paint"]): string =>
  state === "counts" ? "" : paint("dim", state === "folded" ? "  learnt by the net" : "  overruled by a later one")
const against = ({ text, label, lesson }: Contradiction): string =>
  `against ${lesson === undefined ? "an example" : `lesson ${lesson}`}: “${shorten(text, 40)}” is ${named(label)}`

/** `brain undo MODULE [N]`: takes a correction back. */
export async function undo(
  path: string,
  lesson: number | undefined,
  { json = false }: Options,
  { print, holdInterrupts }: Services,
): Promise<ExitCode> {
  holdInterrupts()
  const { undone, left, digest } = await undoLesson(path, lesson)
  if (json) print(JSON.stringify({ module: path, digest, undone: labelled(undone), left }))
  else
    print(
      `Undone: lesson ${undone.lesson}, “${shorten(undone.text)}” is ${named(undone.label)}. ${counted(left, "lesson is", "lessons are")} left.`,
    )
  return 0
}
