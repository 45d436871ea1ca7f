import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { type BenchmarkView, type CandidateView, isDecided } from "@open-brains/core/commons/candidate.ts"
import { parseReference } from "@open-brains/core/commons/reference.ts"
import { counted, shorten, wrap } from "../layout.ts"
import type { Hub } from "../registry/hub.ts"
import { needHub, needHubPlace, openPlace } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { shortDigest } from "../sharing/describe.ts"
import { openPauses, sleep } from "../working/pause.ts"
import { type Evident, neededOf, runningOf, tableOf } from "./evidence.ts"

export interface CandidateOptions {
  readonly from?: string
  readonly wait?: boolean
  readonly isInsecure?: boolean
  readonly json?: boolean
}

/** `brain candidate ID`: what a hub found out about a push so far. `brain candidate acme/intent`: all pushes of a module that had to pass the gate. */
export async function candidate(what: string, options: CandidateOptions, services: Services): Promise<ExitCode> {
  const { from, wait = false, isInsecure = false, json = false } = options
  const hub = needHub(await openPlace(needHubPlace(from, "--from"), { isInsecure }), "judge candidates")
  if (!/^\d{1,15}$/.test(what)) {
    const { namespace, name } = parseReference(what)
    const found = await hub.candidates({ namespace, name })
    if (!wait || found.length === 0) return list(hub, what, found, json, services)
    return candidate(`${found[0]!.candidate}`, options, services)
  }
  const view = wait ? await decided(hub, Number(what), services) : await hub.candidate(Number(what))
  if (json) services.print(JSON.stringify(view))
  else for (const line of linesOf(view, services)) services.print(line)
  return exitCodeOf(view)
}
/** 1 for what the hub refused; what is open yet is no refusal. */
export const exitCodeOf = ({ state }: CandidateView): ExitCode => (state === "refused" || state === "overtaken" ? 1 : 0)

function list(
  hub: Hub,
  name: string,
  found: readonly CandidateView[],
  json: boolean,
  { print, paint }: Services,
): ExitCode {
  if (json) print(JSON.stringify(found))
  else if (found.length === 0) print(`No push of ${name} had to pass the gate of ${hub.place}.`)
  else
    for (const each of found)
      print(
        `${`${each.candidate}`.padStart(6)}  ${shortDigest(each.artifact)}  ${wrap(outcomeOf(each, paint), OUTCOME_AT)}`,
      )
  return 0
}

/** Where the outcome begins on a line: after a number and a short digest. */
const OUTCOME_AT = 30
const POLL_MS = [500, 5000] as const
/** Waits until the hub has decided, and tells how far it is; a hub that is away is waited for. Errors: what the hub says. */
export async function decided(hub: Hub, id: number, { progress, whenStopped }: Services): Promise<CandidateView> {
  whenStopped(`Stopped. The hub goes on; see how it went: brain candidate ${id} --from ${hub.place}`)
  const pauses = openPauses(...POLL_MS)
  let items = -1
  for (;;) {
    try {
      const view = await hub.candidate(id)
      if (isDecided(view.state)) {
        progress(undefined)
        return view
      }
      const now = view.benchmarks.reduce((sum, each) => sum + each.items, 0)
      if (now !== items) pauses.reset()
      items = now
      progress(
        view.state === "running" && view.needed
          ? `${view.waitsFor === null ? "" : `${shorten(view.waitsFor, 60)}  `}${runningOf(evidentIn(view), view.needed)}`
          : `${view.state}${view.waitsFor === null ? "" : `: ${shorten(view.waitsFor, 90)}`}`,
      )
    } catch (error) {
      if (!(error instanceof Refusal) || error.problems[0]!.code !== "OB720") throw error
      progress(shorten(error.problems[0]!.seen, 90))
    }
    await sleep(pauses.next())
  }
}

const evidentIn = ({ benchmarks, needed }: CandidateView): readonly Evident[] =>
  benchmarks.map(
    (each: BenchmarkView): Evident => ({
      ...each,
      mean: each.mean ?? Number.NaN,
      isProvenHarmless: needed !== null && each.evidence.noHarm >= needed.noHarm,
    }),
  )

function outcomeOf({ state, verdict, waitsFor }: CandidateView, paint: Services["paint"]): string {
  const why = verdict ? shorten(verdict.because, 300) : waitsFor === null ? "" : shorten(waitsFor, 300)
  const kind = verdict ? `: ${verdict.kind} after ${counted(verdict.items, "item")}` : ""
  const colour = state === "accepted" ? "green" : isDecided(state) ? "red" : "yellow"
  return `${paint(colour, `${state}${kind}`)}.${why === "" ? "" : ` ${why}`}`
}

/** All that a hub tells of a candidate, for a person. */
export function linesOf(view: CandidateView, { paint }: Pick<Services, "paint">): readonly string[] {
  const { needed, workers, jobs, attempt, accepted } = view
  const lines = [
    `${paint("bold", `candidate ${view.candidate}`)}  ${shorten(view.module, 130)}:${shorten(view.tag, 60)}, ${shortDigest(view.artifact)} for ${shortDigest(view.baseline)}`,
    paint(
      "dim",
      [
        `try ${attempt} of its epoch, ${accepted} accepted before`,
        ...(view.target === null ? [] : [`to be better at ${shorten(view.target, 100)}`]),
        ...(view.isSimpler ? ["claims to be simpler"] : []),
      ].join("; "),
    ),
  ]
  if (view.benchmarks.length > 0 && needed)
    lines.push(...tableOf(evidentIn(view), needed, paint), neededOf(needed, paint))
  for (const { name, because } of view.leftOut)
    lines.push(paint("dim", `left out: ${shorten(name, 100)}: ${shorten(because, 300)}`))
  if (!isDecided(view.state))
    lines.push(
      paint(
        "dim",
        `${counted(workers.present, "worker")} there, ${workers.needed} needed; ${counted(jobs.done, "job")} done, ${jobs.open} open`,
      ),
    )
  lines.push(wrap(outcomeOf(view, paint), 2))
  return lines
}

/** The number that a hub gave to a push. Errors: OB722. */
export function numberOf(id: string | undefined, place: string): number {
  if (id !== undefined && /^\d{1,15}$/.test(id)) return Number(id)
  return refuse({
    code: "OB722",
    seen: `${place} takes the push for a candidate and names no number of it.`,
    hint: "Check the address: it is that of a hub.",
  })
}
