import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { refuse } from "@open-brains/core/base/problem.ts"
import { brainFileAt } from "../brains/sources.ts"
import { COLUMNS_MAX, counted, percent, shorten } from "../layout.ts"
import type { Plot } from "../plot/plot.ts"
import { plotText } from "../plot/text.ts"
import type { ExitCode, Services } from "../services.ts"
import { clockMs } from "../streams/control.ts"
import { endOf } from "../streams/histogram.ts"
import { type ReadSample, samplesOf } from "../streams/lines.ts"
import { readStreamModule, type StreamModule } from "../streams/module.ts"
import { pace } from "../streams/pace.ts"
import { type Output, openStream, type Stream, type StreamStats } from "../streams/stream.ts"
import { streamBrain } from "./stream_brain.ts"

/** How many came, and how late. */
export type Counts = Pick<
  StreamStats,
  "outputs" | "dropped" | "unread" | "late" | "p50Ms" | "p99Ms" | "worstMs" | "counts"
>

export interface StreamArguments {
  readonly rate?: number
  readonly late: number
  readonly changes?: boolean
  readonly json?: boolean
}

/**
 * `brain stream MODULE [FILE]`: gives each line of numbers to a net that remembers, or to a brain, and prints what it says. With a rate the
 * lines come as from a sensor: what is late is late; without one, as fast as they are taken, and nothing is lost.
 */
export async function stream(
  folder: string,
  file: string | undefined,
  options: StreamArguments,
  services: Services,
): Promise<ExitCode> {
  const brain = brainFileAt(folder)
  if (brain !== undefined) return streamBrain(brain, file, options, services)
  const module = await readStreamModule(folder)
  const samples = samplesOf(await linesOf(file, services), shorten(file ?? "standard input"), module.shape.takes)
  const whole = options.rate === undefined ? undefined : await all(samples)
  const { graph, weights } = module
  const slots = whole ? 4096 : 1024
  const whenUnread = whole ? "drop" : "wait"
  await using open = await openStream({ graph, weights, latencyMsMax: options.late, slots, whenUnread })
  const times: (number | undefined)[] = [] // of samples whose output is still to come, by their number
  const printed = printAll(open, times, module, options, services)
  printed.catch(() => {}) // told where it is awaited
  if (whole) {
    for (const { t } of whole) times.push(t)
    await pace(open, Float32Array.from(whole.flatMap(({ values }) => [...values])), options.rate!)
  } else await pushAll(open, samples, times)
  const { stats } = await open.stop()
  await printed
  for (const line of summary(stats, options, services)) services.complain(line)
  return 0
}

export async function all<T>(each: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = []
  for await (const one of each) found.push(one)
  return found
}

/** Lines of a file that is there, or of standard input. Errors: OB682. */
export async function linesOf(file: string | undefined, { input }: Services): Promise<AsyncIterable<string>> {
  if (file === undefined) return linesIn(() => Readable.from(input))
  try {
    const handle = await open(file)
    return linesIn(() => createReadStream("", { fd: handle }))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return refuse({
      code: "OB682",
      seen: code === "ENOENT" ? `There is no file ${file}.` : `${file} cannot be read (${code}).`,
      hint: "Name a file with a line of numbers a sample, or leave it out to give them by standard input.",
    })
  }
}
/** Reading begins when somebody asks: what a readline reads before that is lost. */
async function* linesIn(source: () => Readable): AsyncGenerator<string, void, undefined> {
  yield* createInterface({ input: source(), crlfDelay: Infinity })
}

/** As fast as it takes them: no sample is dropped. */
async function pushAll(open: Stream, samples: AsyncIterable<ReadSample>, times: (number | undefined)[]): Promise<void> {
  for await (const { values, t } of samples) {
    const read = clockMs()
    while (open.room() === 0) await sleep(0)
    times.push(t)
    open.push(values, read)
  }
}

async function printAll(
  open: Stream,
  times: readonly (number | undefined)[],
  { labels }: StreamModule,
  { changes, json }: StreamArguments,
  { print }: Services,
): Promise<void> {
  let last: string | undefined
  for await (const output of open) {
    const best = labels && output.values.reduce((best, value, i, all) => (value > all[best]! ? i : best), 0)
    const label = best === undefined ? undefined : labels![best]
    if (changes && label !== undefined && label === last) continue
    last = label
    const t = times[output.number]
    if (json) print(JSON.stringify(asJson(output, label, t)))
    else print(lineOf(output, label, best, t))
  }
}

const asJson = ({ number, values, latencyMs, isLate }: Output, label: string | undefined, t: number | undefined) => ({
  number,
  ...(t === undefined ? {} : { t }),
  ...(label === undefined ? {} : { label }),
  values: [...values],
  latencyMs: Number(latencyMs.toFixed(3)),
  late: isLate,
})
/** What does not depend on when it came. */
function lineOf({ number, values }: Output, label: string | undefined, best: number | undefined, t?: number): string {
  const said = label === undefined ? [...values].join(",") : `${label}  ${percent(values[best!])}`
  return `${t ?? number}\t${said}`
}

/** What a person is told in the end. */
export function summary(stats: Counts, { rate, late }: StreamArguments, { isTerminal }: Services): readonly string[] {
  const { outputs, dropped, unread, p50Ms, p99Ms, worstMs, counts } = stats
  const inMs = (ms: number | undefined): string => (ms === undefined ? "–" : `${Number(ms.toPrecision(3))} ms`)
  const lost = [
    ...(dropped > 0 ? [`${counted(dropped, "sample")} found no room`] : []),
    ...(unread > 0 ? [`${counted(unread, "output")} could not be printed in time`] : []),
  ]
  const share = outputs === 0 ? "" : ` (${((100 * stats.late) / outputs).toFixed(2)} %)`
  const lines = [
    `${counted(outputs, "output")}${rate === undefined ? "" : ` at ${rate} a second`}: ${stats.late} later than ${late} ms${share}; ` +
      `half within ${inMs(p50Ms)}, 99 of 100 within ${inMs(p99Ms)}, the slowest ${inMs(worstMs)}.`,
    ...(lost.length > 0 ? [`${lost.join(", ")}.`] : []),
  ]
  return isTerminal && outputs > 0 ? [...lines, plotText(histogramOf(counts), COLUMNS_MAX - 10)] : lines
}

/** How many outputs came within each latency, in steps of a quarter more. */
function histogramOf(counts: Uint32Array): Plot {
  const steps = new Map<number, number>()
  for (const [bucket, count] of counts.entries()) {
    const endMs = endOf(bucket)
    if (count === 0 || endMs === Infinity) continue
    const step = Math.ceil(Math.log(endMs) / Math.log(1.25))
    steps.set(step, (steps.get(step) ?? 0) + count)
  }
  const all = counts.reduce((sum, count) => sum + count, 0)
  const points = [...steps].sort(([a], [b]) => a - b).map(([step, count]) => ({ x: 1.25 ** step, y: count / all }))
  return {
    title: "Latency of outputs",
    x: { label: "ms after the sample", scale: "log", unit: "number" },
    y: { label: "share of outputs", scale: "linear", unit: "share" },
    series: [{ name: "outputs", points }],
  }
}
