/**
 * Eight channels at 1 kHz through the net of examples/sensor: how many outputs come later than 2 ms and 1 ms after the moment
 * that their sample was due, and whether the thread that steps the net allocates anything for a sample.
 *
 * The bar is of an idle machine, and no machine is idle because nobody types: beside each round a thread sleeps at the same
 * rate and does nothing else. The round that counts is the one in which that thread woke late least often: it is chosen
 * by what the machine did to somebody else. All rounds are told.
 */
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import type { Json } from "@open-brains/core/base/json.ts"
import { type Ended, endOf, HISTOGRAM_BYTES, openStream, pace, quantileOf, type Stream } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, number } from "../shared/report.ts"
import type { SleeperData } from "./sleeper.ts"

const [HZ, SECONDS, SECONDS_QUICK] = [1000, 60, 5]
const [ROUNDS, ROUNDS_QUICK] = [4, 1]
const BARS_MS = [2, 1] as const
const SHARE_MAX = 0.1

interface Round {
  readonly ended: Ended
  /** How many outputs are later than each bar. */
  readonly late: readonly number[]
  /** How late samples were pushed, and how late the thread beside woke, in the buckets of histogram.ts. */
  readonly pushed: Uint32Array
  readonly slept: Uint32Array
}

export async function measureStream({ isQuick }: PartOptions): Promise<Part> {
  const { sensorFiles } = await import(join(repository, "examples/sensor/sensor.ts"))
  const { record } = await import(join(repository, "examples/sensor/signal.ts"))
  const files = sensorFiles()
  const seconds = isQuick ? SECONDS_QUICK : SECONDS
  const { samples } = record(seconds, 2) as { readonly samples: Float32Array }
  const graph = JSON.parse(files["graph.json"]) as Json
  const rounds: Round[] = []
  for (let i = 0; i < (isQuick ? ROUNDS_QUICK : ROUNDS); i++) {
    const stream = await openStream({ graph, weights: files["weights.safetensors"], latencyMsMax: BARS_MS[0] })
    rounds.push(await roundOf(stream, samples))
  }
  return partOf(rounds, seconds)
}

async function roundOf(stream: Stream, samples: Float32Array): Promise<Round> {
  const sleeper = startSleeper()
  const reading = drain(stream)
  const { lateness: pushed } = await pace(stream, samples, HZ)
  const ended = await stream.stop()
  return { ended, late: await reading, pushed, slept: await sleeper.stop() }
}

function startSleeper(): { stop(): Promise<Uint32Array> } {
  const [lateness, ending] = [new SharedArrayBuffer(HISTOGRAM_BYTES), new SharedArrayBuffer(4)]
  const workerData: SleeperData = { hz: HZ, lateness, ending }
  const worker = new Worker(new URL("./sleeper.ts", import.meta.url), { workerData, execArgv: [] })
  const { promise, resolve, reject } = Promise.withResolvers<Uint32Array>()
  worker.on("error", reject)
  worker.on("exit", () => resolve(new Uint32Array(lateness)))
  return {
    stop() {
      Atomics.store(new Int32Array(ending), 0, 1)
      Atomics.notify(new Int32Array(ending), 0)
      return promise
    },
  }
}

/** How many outputs are later than each bar; reads until the end. */
async function drain(stream: Stream): Promise<readonly number[]> {
  const late = BARS_MS.map(() => 0)
  for await (const { latencyMs } of stream)
    for (const [i, barMs] of BARS_MS.entries()) if (!(latencyMs <= barMs)) late[i]!++
  return late
}

function partOf(rounds: readonly Round[], seconds: number): Part {
  const asked = seconds * HZ
  const idlest = rounds.toSorted((a, b) => beyond(a.slept, BARS_MS[0]) - beyond(b.slept, BARS_MS[0]))[0]!
  const { ended } = idlest
  const { stats, steady } = ended
  const bytes = steady?.bytesAllocated
  const measures: Measure[] = [
    ...BARS_MS.map((barMs, i): Measure => {
      const bars = { is: "at most" as const, ...(barMs === 2 ? { must: SHARE_MAX } : { aim: SHARE_MAX }) }
      const value = (100 * missedOf(idlest, asked)[i]!) / asked
      return { name: `stream: outputs later than ${barMs} ms, or lost`, value, unit: "%", digits: 3, bars }
    }),
    { name: "stream: latency, median", value: stats.p50Ms, unit: "ms", digits: 3 },
    { name: "stream: latency, 99 of 100", value: stats.p99Ms, unit: "ms", digits: 3 },
    { name: "stream: latency, 999 of 1000", value: quantileOf(stats.counts, 0.999), unit: "ms", digits: 3 },
    { name: "stream: latency, worst", value: stats.worstMs, unit: "ms", digits: 3 },
    {
      name: "stream: garbage collections of the worker once it is warm",
      value: steady?.collections,
      unit: "",
      digits: 0,
    },
    {
      name: "stream: allocated a sample once it is warm",
      value: perSample(bytes, steady?.samples),
      unit: "bytes",
      digits: 1,
    },
  ]
  const quantile = (counts: Uint32Array, share: number): string | undefined => number(quantileOf(counts, share), 3)
  const row = (name: string, counts: Uint32Array): readonly (string | undefined)[] => [
    name,
    ...[0.5, 0.99, 0.999, 1].map((share) => quantile(counts, share)),
    ...BARS_MS.map((barMs) => `${beyond(counts, barMs)}`),
  ]
  const rowsOf = (round: Round, i: number): readonly (readonly (string | undefined)[])[] => [
    row(`round ${i + 1}${round === idlest ? ", which counts" : ""}: output after due`, round.ended.stats.counts),
    row("of it: sample pushed after due", round.pushed),
    row("beside it: a thread that only sleeps", round.slept),
  ]
  const dropped = rounds.map((round) => round.ended.stats.dropped).join(", ")
  const unread = rounds.map((round) => round.ended.stats.unread).join(", ")
  const section = {
    title: `A stream: 8 channels at ${HZ} Hz for ${seconds} s`,
    notes: [
      "Latency is from the moment that a sample was due to the moment that its output was written: the thread that plays the sensor may wake up late, and that counts. Quantiles are the ends of their buckets, up to 3 % above.",
      `Beside each round a thread sleeps ${HZ} times a second and does nothing else: what the machine does to sleepers. The round in which it woke late least often counts.`,
      `Samples that found no room, by round: ${dropped}; outputs that were not read in time: ${unread}. Warm: after the first 2000 samples; what was allocated has the account itself in it.`,
    ],
    table: {
      heading: ["ms", "median", "p99", "p99.9", "worst", ...BARS_MS.map((barMs) => `beyond ${barMs} ms`)],
      rows: rounds.flatMap(rowsOf),
    },
  }
  return { measures, sections: [section], isSame: true }
}
/** Outputs that came later than each bar, or never. */
function missedOf({ ended: { stats }, late }: Round, asked: number): readonly number[] {
  const lost = asked - stats.outputs + stats.unread
  return late.map((count) => count + lost)
}
const perSample = (bytes: number | undefined, samples: number | undefined): number | undefined =>
  bytes === undefined || !samples ? undefined : bytes / samples
/** How many lie in buckets that begin at or after a latency. */
const beyond = (counts: Uint32Array, ms: number): number =>
  counts.reduce((sum, count, bucket) => sum + (bucket > 0 && endOf(bucket - 1) >= ms ? count : 0), 0)
