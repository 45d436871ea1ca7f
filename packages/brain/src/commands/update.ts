import type { JsonObject } from "@open-brains/core/base/json.ts"
import { shownSuite } from "../benchmarks/suites.ts"
import type { Broken, Trial } from "../benchmarks/trial.ts"
import { counted, shorten, wrap } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { sayingBytes, shortDigest } from "../sharing/describe.ts"
import { describeSigned } from "../sharing/signatures.ts"
import { type Decided, type Newer, type UpdateOptions, update as updateBrain } from "../sharing/update.ts"
import { agrees } from "./agree.ts"

export interface UpdateCommandOptions extends Pick<UpdateOptions, "from" | "isInsecure" | "on"> {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}
const EVERY_MS = 100

/** `brain update BRAIN`: takes newer modules with which the brain is at least as good. Exit code 1 when one is refused. */
export async function update(
  brain: string,
  modules: readonly string[],
  { dryRun: isDryRun = false, yes = false, json = false, ...options }: UpdateCommandOptions,
  services: Services,
): Promise<ExitCode> {
  const { print, progress, isTerminal } = services
  let shown = 0
  const {
    lock,
    suites,
    modules: decided,
  } = await updateBrain(brain, {
    ...options,
    modules,
    isDryRun,
    onLook: (source) => progress(`Looking for ${source}`),
    onBytes: (source) => sayingBytes(services, `Fetching ${source}`),
    onItem(source, done, count) {
      if (performance.now() - shown < EVERY_MS && done < count) return
      shown = performance.now()
      progress(`Trying ${source}: ${done} of ${counted(count, "item")}`)
    },
    async onNewer(newer) {
      progress(undefined)
      if (!json) for (const each of newer) tellNewer(each, services)
      return json || yes || !isTerminal || agrees("Try it? [y/N] ", services)
    },
    onDecided(each) {
      progress(undefined)
      if (!json) tellDecided(each, isDryRun, services)
    },
  })
  const refused = decided.filter(({ is }) => is === "refused").length
  if (json) print(JSON.stringify({ brain, lock, suites, isDryRun, modules: decided }))
  else {
    const taken = decided.filter(({ is }) => is === "taken").length
    if (isDryRun) print(`${lock} stays as it is: ${taken} would be pinned, ${refused} refused.`)
    else if (taken > 0)
      print(`${lock} pins ${counted(taken, "newer module")}${refused > 0 ? `; ${refused} refused` : ""}.`)
    else print(`${lock} stays as it is: ${refused > 0 ? `${refused} refused` : "nothing newer was taken"}.`)
  }
  return refused > 0 ? 1 : 0
}

function tellNewer({ source, from, offer }: Newer, { print, paint }: Services): void {
  print(
    `${paint("bold", source)}  ${shortDigest(from)} → ${shortDigest(offer.digest)}  ${shorten(offer.card.about, 40)}`,
  )
  print(paint("dim", `  signed ${offer.signed ? describeSigned(offer.signed) : "by nobody"}`))
}

function tellDecided({ source, is, trial, problem }: Decided, isDryRun: boolean, services: Services): void {
  const { print, paint } = services
  const name = paint("bold", source)
  if (is === "same") print(`${name}  nothing newer`)
  else if (is === "absent") print(`${name}  ${paint("dim", "not at this place")}`)
  else if (is === "declined") print(`${name}  not tried`)
  else if (is === "taken")
    print(`${name}  ${paint("green", isDryRun ? "would be taken" : "taken")}\n  ${wrap(trial!.because, 2)}`)
  else if (problem)
    print(`${name}  ${paint("red", "refused")} (${problem.code})\n  ${wrap(`${problem.seen} ${problem.hint}`, 2)}`)
  else print(`${name}  ${paint("red", "refused")}\n  ${wrap(trial!.because, 2)}`)
  for (const each of (trial as Trial | undefined)?.broken ?? []) print(`  ${describeBroken(each)}`)
}
/** An item that got worse, on a line: what was asked and expected, and what each said. */
export function describeBroken({ benchmark, inputs, expected, old, new: now, scores }: Broken): string {
  const asked = inputs.map((each) => shorten(JSON.stringify(each), 60)).join(", ")
  const isText = (JSON.parse(old) as JsonObject)["text"] !== undefined
  const wanted = expected === null ? "unsure" : isText ? JSON.stringify(shorten(expected, 40)) : shorten(expected, 40)
  const what = `${shownSuite(benchmark)}: ${asked} is ${wanted}`
  if (said(old) === said(now))
    return `${what}; both say ${said(old)}, with a score of ${scores.old.toFixed(3)} and now ${scores.new.toFixed(3)}`
  return `${what}; the old says ${said(old)}, the new ${said(now)}`
}
function said(answer: string): string {
  const { label, text, nothing } = JSON.parse(answer) as JsonObject
  if (nothing === true) return "nothing"
  if (typeof text === "string") return JSON.stringify(shorten(text, 40))
  return typeof label === "string" ? shorten(label, 40) : "unsure"
}
