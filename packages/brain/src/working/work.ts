import { randomBytes } from "node:crypto"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { type PublicKey, type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { type Job, type JobResult, sealResult } from "@open-brains/core/commons/work.ts"
import type { Hub, HubJob } from "../registry/hub.ts"
import type { Registry } from "../registry/registry.ts"
import { type Fetching, type Folders, fetchingFrom, type Room } from "./fetch.ts"
import { type Doing, failureOf, runJob } from "./job.ts"
import { openPauses, type Pauses, sleep } from "./pause.ts"

export interface WorkOptions {
  readonly hub: Hub
  readonly registry: Registry
  readonly signer: Signer
  /** Ends it: between two items, or while it waits. */
  readonly signal: AbortSignal
  /** Ends when there is nothing to do. */
  readonly isOnce?: boolean
  readonly jobsMax?: number
  readonly say?: (event: WorkEvent) => void
  readonly onItem?: (done: number, count: number) => void
  readonly room?: Room
  /** Between two requests that found nothing, and while the hub is away. */
  readonly idle?: Pauses
  readonly away?: Pauses
}
export type WorkEvent =
  | { readonly event: "begun"; readonly hub: string; readonly key: PublicKey }
  | { readonly event: "idle" }
  | { readonly event: "job"; readonly job: Job }
  | { readonly event: "done"; readonly job: Job; readonly result: JobResult; readonly ms: number }
  /** It was done, or not, and the hub has no result of it: the lease runs out. */
  | { readonly event: "dropped"; readonly job: Job; readonly because: string; readonly ms: number }
  | { readonly event: "away"; readonly because: string }

const IDLE_MS = [250, 15_000] as const // a hub takes a worker for present when it asks once a minute
const AWAY_MS = [1000, 60_000] as const
const LEASE_MS = [1000, 15 * 60_000] as const
/** What a place says, or does not: it says nothing of what lies there. */
const TRANSPORT = ["OB720", "OB721", "OB722"]
/** And what it says is no job: another version, or a hub that plays tricks. */
const TROUBLE = [...TRANSPORT, "OB743"]
/** Of what it is to give: another worker may find it there, and whole. */
const ABSENT = ["OB712", "OB713"]

/**
 * Works for a hub until the signal, or until nothing is left: asks for a job, takes what it names, runs it, and signs what came out. A hub that is away is
 * waited for. How many jobs were done. Errors: what the hub says of a worker that it does not want.
 */
export async function workFor(options: WorkOptions): Promise<number> {
  const { hub, signer, signal, isOnce = false, jobsMax = Number.POSITIVE_INFINITY, say = () => undefined } = options
  const { idle = openPauses(...IDLE_MS), away = openPauses(...AWAY_MS) } = options
  const fetching = fetchingFrom(options.registry, options.room)
  let done = 0
  let key: PublicKey | undefined
  while (!signal.aborted && done < jobsMax) {
    try {
      if (key === undefined) {
        key = await hub.key()
        say({ event: "begun", hub: hub.place, key: signer.key })
      }
      const leased = await hub.work(requestFor(key, signer))
      away.reset()
      if (!("job" in leased)) {
        if (isOnce) break
        say({ event: "idle" })
        await sleep(idle.next(leased.againMs), signal)
        continue
      }
      idle.reset()
      say({ event: "job", job: leased.job })
      if (await doJob(leased, fetching, options, say)) done++
      else await sleep(away.next(), signal) // what is wrong here may pass
    } catch (error) {
      if (!isOf(error, TROUBLE)) throw error
      key = undefined // another hub may stand there when it is back
      say({ event: "away", because: seenOf(error) })
      await sleep(away.next(), signal)
    }
  }
  return done
}

const requestFor = (hub: PublicKey, signer: Signer): Uint8Array =>
  seal(printStatement({ type: TYPES.work, hub, at: Date.now(), nonce: randomBytes(16).toString("hex") }), [signer])
const isOf = (error: unknown, codes: readonly string[]): error is Refusal =>
  error instanceof Refusal && codes.includes(error.problems[0]!.code)
const seenOf = (error: unknown): string =>
  error instanceof Refusal ? error.problems[0]!.seen : error instanceof Error ? error.message : "it was ended"

/** Whether the hub has its result. While the lease lasts, and no longer. */
async function doJob(
  { job, leaseMs }: HubJob,
  fetching: Fetching,
  { hub, signer, signal, onItem }: WorkOptions,
  say: NonNullable<WorkOptions["say"]>,
): Promise<boolean> {
  const start = performance.now()
  const ms = (): number => Math.round(performance.now() - start)
  const [least, most] = LEASE_MS
  const lease = AbortSignal.timeout(Math.max(least, Math.min(most, leaseMs)))
  const both = AbortSignal.any([signal, lease])
  const dropped = (because: string): false => {
    say({ event: "dropped", job, because, ms: ms() })
    return false
  }
  let result: JobResult
  try {
    result = await resultFor(job, fetching, { signer, signal: both, ...(onItem ? { onItem } : {}) })
  } catch (error) {
    if (signal.aborted) return dropped("it was ended; the lease runs out by itself")
    if (lease.aborted) return dropped("it took longer than the lease")
    return dropped(seenOf(error))
  }
  try {
    await submit(hub, job, sealResult(result, signer), both)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return dropped(seenOf(error))
  }
  say({ event: "done", job, result, ms: ms() })
  return true
}

/** Errors: those of `runJob`, and those of a place that does not give what it has. */
async function resultFor(job: Job, fetching: Fetching, doing: Omit<Doing, "folders">): Promise<JobResult> {
  let folders: Folders
  try {
    folders = await fetching.fetch(job)
  } catch (error) {
    if (!(error instanceof Refusal) || isOf(error, [...TRANSPORT, ...ABSENT])) throw error
    return failureOf(job, error, new Map(), doing.signal)
  }
  return runJob(job, { ...doing, folders })
}

/** A hub that was away takes it when it is back, as long as the lease lasts. */
async function submit(hub: Hub, job: Job, envelope: Uint8Array, signal: AbortSignal): Promise<void> {
  for (const pauses = openPauses(...AWAY_MS); ; )
    try {
      return await hub.result(job.id, envelope)
    } catch (error) {
      if (!isOf(error, ["OB720"]) || signal.aborted) throw error
      await sleep(pauses.next(), signal)
    }
}
