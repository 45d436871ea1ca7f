import type { Digest } from "../base/digest.ts"
import type { Json, JsonObject } from "../base/json.ts"
import { jsonOf, type Reading, readingOf } from "./shape.ts"

/** What a hub tells of a push that has to pass the gate: `GET /api/v1/candidates/ID`. */
export interface CandidateView {
  readonly candidate: number // index of its push in the log
  readonly module: string // namespace/name
  readonly tag: string
  readonly artifact: Digest
  readonly baseline: Digest
  /** What the epoch began with. */
  readonly anchor: Digest
  readonly target: string | null
  readonly isSimpler: boolean
  /** The how manieth candidate of the module in its epoch, and how many before it were accepted. */
  readonly attempt: number
  readonly accepted: number
  readonly state: CandidateState
  /** What it waits for, as a sentence; null where it does not wait. */
  readonly waitsFor: string | null
  readonly verdict: GivenVerdict | null
  readonly benchmarks: readonly BenchmarkView[]
  /** Benchmarks that dependents declare and that do not count here. */
  readonly leftOut: readonly { readonly name: string; readonly because: string }[]
  /** ln E that is needed; null before the check. */
  readonly needed: { readonly noHarm: number; readonly gain: number; readonly harm: number } | null
  readonly workers: { readonly present: number; readonly needed: number }
  readonly jobs: { readonly open: number; readonly done: number }
}
export const CANDIDATE_STATES = ["waiting", "checking", "running", "accepted", "refused", "overtaken"] as const
export type CandidateState = (typeof CANDIDATE_STATES)[number]
export const isDecided = (state: CandidateState): boolean =>
  state === "accepted" || state === "refused" || state === "overtaken"

/** Those of `openGate`, and: it does not fit or is not what it claims; nothing could prove it. */
export const VERDICT_KINDS = ["better", "not worse", "harmful", "unproven", "unfit", "unprotected"] as const
export interface GivenVerdict {
  readonly kind: (typeof VERDICT_KINDS)[number]
  readonly because: string // a sentence for a person
  readonly benchmark: string | null
  readonly items: number
}
export interface BenchmarkView {
  readonly name: string // namespace/name
  readonly artifact: Digest
  readonly weight: number // as a share of all
  readonly margin: number
  readonly items: number
  readonly better: number
  readonly equal: number
  readonly worse: number
  readonly mean: number | null // null of no items
  /** ln E. */
  readonly evidence: { readonly noHarm: number; readonly gain: number; readonly harm: number }
}

/** What a hub said. Errors: OB743. */
export function readCandidateView(bytes: Uint8Array): CandidateView {
  const reading = readingOf(
    "What the hub says of the candidate",
    "OB743",
    "Take a hub and a `brain` of the same version.",
  )
  if (bytes.length > 2 ** 20) reading.fail("", "view of at most a mebibyte")
  const view = reading.object(jsonOf(bytes, reading), "")
  const counts = <Name extends string>(json: Json | undefined, path: string, names: readonly Name[]) => {
    const found = reading.object(json, path)
    return Object.fromEntries(names.map((name) => [name, reading.whole(found[name], `${path}.${name}`)])) as Record<
      Name,
      number
    >
  }
  const state =
    CANDIDATE_STATES.find((each) => each === view["state"]) ?? reading.fail("state", CANDIDATE_STATES.join())
  const line = (name: string, lengthMax = 2000): string => reading.line(view[name], name, lengthMax)
  const { isSimpler } = view
  if (typeof isSimpler !== "boolean") return reading.fail("isSimpler", "yes or no")
  return {
    candidate: reading.whole(view["candidate"], "candidate"),
    module: line("module", 200),
    tag: line("tag", 128),
    artifact: reading.digest(view["artifact"], "artifact"),
    baseline: reading.digest(view["baseline"], "baseline"),
    anchor: reading.digest(view["anchor"], "anchor"),
    target: view["target"] === null ? null : line("target", 512),
    isSimpler,
    attempt: reading.whole(view["attempt"], "attempt"),
    accepted: reading.whole(view["accepted"], "accepted"),
    state,
    waitsFor: view["waitsFor"] === null ? null : line("waitsFor"),
    verdict: view["verdict"] === null ? null : readVerdict(reading.object(view["verdict"], "verdict"), reading),
    benchmarks: reading
      .list(view["benchmarks"], "benchmarks", 100)
      .map((each, i) => readBenchmark(reading.object(each, `benchmarks[${i}]`), `benchmarks[${i}]`, reading)),
    leftOut: reading.list(view["leftOut"], "leftOut", 1000).map((each, i) => {
      const left = reading.object(each, `leftOut[${i}]`)
      return {
        name: reading.line(left["name"], `leftOut[${i}].name`, 512),
        because: reading.line(left["because"], `leftOut[${i}].because`, 2000),
      }
    }),
    needed: view["needed"] === null ? null : readEvidence(view["needed"], "needed", reading),
    workers: counts(view["workers"], "workers", ["present", "needed"]),
    jobs: counts(view["jobs"], "jobs", ["open", "done"]),
  }
}
function readVerdict(json: JsonObject, reading: Reading): GivenVerdict {
  const kind = VERDICT_KINDS.find((each) => each === json["kind"]) ?? reading.fail("verdict.kind", VERDICT_KINDS.join())
  return {
    kind,
    because: reading.line(json["because"], "verdict.because", 2000),
    benchmark: json["benchmark"] === null ? null : reading.line(json["benchmark"], "verdict.benchmark", 512),
    items: reading.whole(json["items"], "verdict.items"),
  }
}
const number = (json: Json | undefined, path: string, reading: Reading): number =>
  typeof json === "number" ? json : reading.fail(path, "number")
function readEvidence(json: Json | undefined, path: string, reading: Reading): BenchmarkView["evidence"] {
  const found = reading.object(json, path)
  return {
    noHarm: number(found["noHarm"], `${path}.noHarm`, reading),
    gain: number(found["gain"], `${path}.gain`, reading),
    harm: number(found["harm"], `${path}.harm`, reading),
  }
}
function readBenchmark(json: JsonObject, path: string, reading: Reading): BenchmarkView {
  const whole = (name: string): number => reading.whole(json[name], `${path}.${name}`)
  return {
    name: reading.line(json["name"], `${path}.name`, 512),
    artifact: reading.digest(json["artifact"], `${path}.artifact`),
    weight: number(json["weight"], `${path}.weight`, reading),
    margin: number(json["margin"], `${path}.margin`, reading),
    items: whole("items"),
    better: whole("better"),
    equal: whole("equal"),
    worse: whole("worse"),
    mean: json["mean"] === null ? null : number(json["mean"], `${path}.mean`, reading),
    evidence: readEvidence(json["evidence"], `${path}.evidence`, reading),
  }
}
