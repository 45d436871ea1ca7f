/**
 * Eight channels at 1 kHz through the net of examples/sensor: how many outputs come later than 2 ms and 1 ms after the moment
 * that their sample was due, and whether the thread that steps the net allocates anything for a sample.
 */
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import { type Ended, endOf, openStream, pace, quantileOf, type Stream } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, number } from "../shared/report.ts"

const [HZ, SECONDS, SECONDS_QUICK] = [1000, 60, 5]
const BARS_MS = [2, 1] as const
const SHARE_MAX = 0.1

export async function measureStream({ isQuick }: PartOptions): Promise<Part> {
  const { sensorFiles } = await import(join(repository, "examples/sensor/sensor.ts"))
  const { record } = await import(join(repository, "examples/sensor/signal.ts"))
  const files = sensorFiles()
  const seconds = isQuick ? SECONDS_QUICK : SECONDS
  const { samples } = record(seconds, 2) as { readonly samples: Float32Array }
  const graph = JSON.parse(files["graph.json"]) as Json
  const stream = await openStream({ graph, weights: files["weights.safetensors"], latencyMsMax: BARS_MS[0] })
  const reading = drain(stream)
  const { lateness } = await pace(stream, samples, HZ)
  const ended = await stream.stop()
  const late = await reading
  return partOf(ended, late, lateness, seconds)
}

/** How many outputs are later than each bar; reads until the end. */
async function drain(stream: Stream): Promise<readonly number[]> {
  const late = BARS_MS.map(() => 0)
  for await (const { latencyMs } of stream)
    for (const [i, barMs] of BARS_MS.entries()) if (!(latencyMs <= barMs)) late[i]!++
  return late
}

function partOf({ stats, steady }: Ended, late: readonly number[], lateness: Uint32Array, seconds: number): Part {
  const asked = seconds * HZ
  const lost = asked - stats.outputs + stats.unread // each is missed, too
  const shares = late.map((count) => (100 * (count + lost)) / asked)
  const bytes = steady?.bytesAllocated
  const measures: Measure[] = [
    ...BARS_MS.map((barMs, i): Measure => {
      const bars = { is: "at most" as const, ...(barMs === 2 ? { must: SHARE_MAX } : { aim: SHARE_MAX }) }
      return { name: `stream: outputs later than ${barMs} ms, or lost`, value: shares[i], unit: "%", digits: 3, bars }
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
  const section = {
    title: `A stream: 8 channels at ${HZ} Hz for ${seconds} s`,
    notes: [
      "Latency is from the moment that a sample was due to the moment that its output was written: the thread that plays the sensor may wake up late, and that counts. Quantiles are the ends of their buckets, up to 3 % above.",
      `${stats.dropped} samples found no room, ${stats.unread} outputs were not read in time. Warm: after the first 2000 samples; what was allocated has the account itself in it.`,
    ],
    table: {
      heading: ["ms", "median", "p99", "p99.9", "worst", ...BARS_MS.map((barMs) => `beyond ${barMs} ms`)],
      rows: [row("output after due", stats.counts), row("of it: sample pushed after due", lateness)],
    },
  }
  return { measures, sections: [section], isSame: true }
}
const perSample = (bytes: number | undefined, samples: number | undefined): number | undefined =>
  bytes === undefined || !samples ? undefined : bytes / samples
/** How many lie in buckets that begin at or after a latency. */
const beyond = (counts: Uint32Array, ms: number): number =>
  counts.reduce((sum, count, bucket) => sum + (bucket > 0 && endOf(bucket - 1) >= ms ? count : 0), 0)
