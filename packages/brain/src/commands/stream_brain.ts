import { setTimeout as sleep } from "node:timers/promises"
import { refuse } from "@open-brains/core/base/problem.ts"
import { describe, elementOf } from "@open-brains/core/composition/types.ts"
import type { OpenBrain } from "@open-brains/core/run/composed.ts"
import { answerAsJson } from "../brains/asking.ts"
import { compose } from "../brains/compose.ts"
import { spoken } from "../brains/values.ts"
import { shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { BUCKETS, bucketOf, quantileOf } from "../streams/histogram.ts"
import { type ReadSample, samplesOf } from "../streams/lines.ts"
import { all, type Counts, linesOf, type StreamArguments, summary } from "./stream.ts"

/**
 * A brain on a stream: asked once for each line of numbers, in this thread, one after the other. With a rate a sample is due at
 * its time, from which its latency counts; without one, from when it was read. Errors: OB630 when it takes no vector.
 */
export async function streamBrain(
  path: string,
  file: string | undefined,
  options: StreamArguments,
  services: Services,
): Promise<ExitCode> {
  const brain = await compose(path)
  try {
    const samples = samplesOf(await linesOf(file, services), shorten(file ?? "standard input"), channelsOf(brain))
    const latencies = latenciesOf(options.late)
    let number = 0
    let last: string | undefined
    const answer = async ({ values, t }: ReadSample, dueMs: number): Promise<void> => {
      const asked = brain.ask(values)
      const found = asked instanceof Promise ? await asked : asked
      const latencyMs = performance.now() - dueMs
      latencies.add(latencyMs)
      const at = t ?? number
      number++
      const said = brain.gives.map(({ name }) => spoken(found.outputs[name]!, services.paint)).join("  ")
      if (options.changes && said === last) return
      last = said
      if (options.json)
        services.print(
          JSON.stringify({ number: number - 1, ...answerAsJson(found), latencyMs: Number(latencyMs.toFixed(3)) }),
        )
      else services.print(`${at}\t${said}`)
    }
    if (options.rate === undefined) for await (const sample of samples) await answer(sample, performance.now())
    else {
      const whole = await all(samples)
      const start = performance.now()
      for (const [i, sample] of whole.entries()) {
        const due = start + (1000 * i) / options.rate
        const left = due - performance.now()
        if (left > 2) await sleep(left - 1)
        while (performance.now() < due); // a timer is a millisecond wide, which is all of it
        await answer(sample, due)
      }
    }
    for (const line of summary(latencies.counts(), options, services)) services.complain(line)
    return 0
  } finally {
    await brain.close()
  }
}

function channelsOf({ takes }: OpenBrain): number {
  const type = takes.length === 1 ? elementOf(takes[0]!.type) : undefined
  if (type?.type === "vector") return type.length
  return refuse({
    code: "OB630",
    seen: `A stream of numbers is a vector each, and this brain takes ${takes.map((port) => describe(port.type)).join(" and ")}.`,
    hint: "Ask it line by line: brain ask BRAIN < FILE",
  })
}

function latenciesOf(lateMs: number) {
  const counts = new Uint32Array(BUCKETS)
  let [outputs, late, worstMs] = [0, 0, 0]
  return {
    add(ms: number): void {
      outputs++
      if (ms > lateMs) late++
      worstMs = Math.max(worstMs, ms)
      const bucket = bucketOf(Math.floor(1000 * ms))
      counts[bucket] = counts[bucket]! + 1
    },
    counts: (): Counts => ({
      ...{ outputs, late, worstMs, counts, dropped: 0, unread: 0 },
      p50Ms: quantileOf(counts, 0.5),
      p99Ms: quantileOf(counts, 0.99),
    }),
  }
}
