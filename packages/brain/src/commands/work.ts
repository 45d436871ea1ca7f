import { join } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { countsOf, type ItemsJob, type Job, type JobResult } from "@open-brains/core/commons/work.ts"
import { type NamedKey, shortKey, signerIn, signerOf } from "../keys/keys.ts"
import { counted, shorten } from "../layout.ts"
import type { Hub } from "../registry/hub.ts"
import { needHub, needHubPlace, openPlace } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { shortDigest } from "../sharing/describe.ts"
import { openPauses } from "../working/pause.ts"
import { type WorkEvent, type WorkOptions, workFor } from "../working/work.ts"

export interface WorkCommandOptions {
  readonly hub?: string
  readonly key?: string
  readonly once?: boolean
  readonly jobs?: number
  /** Folder of a hub, whose key signs: its referee. */
  readonly referee?: string
  readonly isInsecure?: boolean
  readonly json?: boolean
}
const EVERY_MS = 100
/** It sits beside its hub, and each round of a trial waits for it. */
const REFEREE_IDLE_MS = [50, 250] as const
/** Its store is its own, and what strangers push passes through it. */
const REFEREE_ROOM = { bytes: 4 * 2 ** 30, youngMs: 60_000 } as const
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/** `brain work`: runs what the gate of a hub is to decide by, and signs what came out, until Ctrl-C. */
export async function work(options: WorkCommandOptions, services: Services): Promise<ExitCode> {
  const place = await openPlace(needHubPlace(options.hub, "--hub"), { isInsecure: options.isInsecure === true })
  const hub = needHub(place, "have work")
  const signer = options.referee === undefined ? signerOf(options.key) : await refereeOf(options.referee, hub)
  const stop = new AbortController()
  const end = (): void => {
    if (stop.signal.aborted) process.exit(130) // asked twice
    stop.abort()
  }
  services.holdInterrupts()
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    const done = await workFor({
      hub,
      registry: place.registry,
      signer,
      signal: stop.signal,
      isOnce: options.once === true,
      ...(options.referee === undefined ? {} : { idle: openPauses(...REFEREE_IDLE_MS), room: REFEREE_ROOM }),
      ...(options.jobs === undefined ? {} : { jobsMax: options.jobs }),
      ...tellingOf(services, options.json === true),
    })
    services.progress(undefined)
    if (options.json !== true) services.print(`${counted(done, "job")} done.`)
    return 0
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, end)
  }
}

/** The key of the hub itself, by its folder. Errors: OB723, OB767 when another hub answers. */
async function refereeOf(folder: string, hub: Hub): Promise<Signer & NamedKey> {
  const signer = signerIn("hub", join(folder, "hub.key"))
  const key = await hub.key()
  if (signer.key === key) return signer
  return refuse({
    code: "OB767",
    seen: `The hub at ${hub.place} is ${shortKey(key)}, and the key in ${folder} is that of another one, ${shortKey(signer.key)}.`,
    hint: "A referee works for its own hub: name the folder that this hub keeps everything in.",
  })
}

function tellingOf(services: Services, isJson: boolean): Pick<WorkOptions, "say" | "onItem"> {
  let [shown, isAway, about] = [0, false, ""]
  return {
    say(event) {
      const wasAway = isAway
      if (event.event === "away") isAway = true
      else if (event.event !== "dropped") isAway = false
      if (event.event === "away" && wasAway) return
      services.progress(undefined)
      if (event.event === "job") about = aboutOf(event.job)
      if (isJson && event.event !== "idle" && event.event !== "job") services.print(JSON.stringify(asJson(event)))
      if (isJson) return
      const line = lineOf(event, services)
      if (event.event === "idle") services.progress("Nothing to do now.")
      else if (event.event === "job") services.progress(about)
      else if (event.event === "away") services.complain(line)
      else services.print(line)
    },
    onItem(done, count) {
      if (performance.now() - shown < EVERY_MS) return
      shown = performance.now()
      services.progress(`${about}: ${done} of ${counted(count, "item")}`)
    },
  }
}

const aboutOf = (job: Job): string => {
  const versions = `${shorten(job.candidate.repository, 60)} ${shortDigest(job.candidate.artifact)} for ${shortDigest(job.baseline.artifact)}`
  return `job ${job.id}  ${versions}  ${
    job.kind === "check" ? "does it fit" : `${shorten(job.benchmark.repository, 60)} ${itemsOf(job.items)}`
  }`
}
const itemsOf = ({ from, count }: ItemsJob["items"]): string =>
  count === 1 ? `item ${from}` : `items ${from}–${from + count - 1}`
function foundOf(result: JobResult): string {
  if (result.kind === "failure") return `${result.code}: ${shorten(result.because, 120)}`
  if (result.kind === "items") {
    const { better, equal, worse } = countsOf(result.differences.baseline)
    return `${better} better, ${equal} equal, ${worse} worse`
  }
  const { refusal, benchmarks } = result.findings
  const able = benchmarks.filter((each) => each.refusal === null).length
  const fits = refusal === null ? "it fits" : `it does not, ${refusal}`
  return `${fits}; ${able} of ${counted(benchmarks.length, "benchmark")} can ask it`
}
function lineOf(event: WorkEvent, { paint }: Services): string {
  switch (event.event) {
    case "begun":
      return paint("dim", `Working for ${event.hub} as ${shortKey(event.key)}. Ctrl-C ends it.`)
    case "idle":
      return ""
    case "job":
      return aboutOf(event.job)
    case "done":
      return `${aboutOf(event.job)}  ${(event.ms / 1000).toFixed(1)} s  ${foundOf(event.result)}`
    case "dropped":
      return `${aboutOf(event.job)}  ${(event.ms / 1000).toFixed(1)} s  ${paint("yellow", `no result: ${shorten(event.because, 200)}`)}`
    case "away":
      return `${shorten(event.because, 200)} It is asked again from time to time.`
    default:
      return event satisfies never
  }
}
function asJson(event: WorkEvent): object {
  if (event.event !== "done") return event
  const { job, ms, result } = event
  const found =
    result.kind === "items"
      ? { counts: countsOf(result.differences.baseline) }
      : result.kind === "check"
        ? { findings: result.findings }
        : { code: result.code, because: result.because }
  return { event: "done", job, ms, ...found }
}
