/**
 * The thread of a stream: takes a sample, steps the net, gives the output, and sleeps when there is no sample. Between
 * its start and its end it does not come back to its loop of events, and allocates nothing for a sample.
 */
import { PerformanceObserver } from "node:perf_hooks"
import { setImmediate } from "node:timers/promises"
import { getHeapStatistics } from "node:v8"
import { parentPort, workerData } from "node:worker_threads"
import type { Json } from "@open-brains/core/base/json.ts"
import { messageOf, Refusal } from "@open-brains/core/base/problem.ts"
import { soundEngine } from "@open-brains/core/engine/sound.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import {
  CONTROL_BYTES,
  countsOf,
  ENDING,
  INPUT_STAMPS,
  LATE,
  OUTPUT_STAMPS,
  OUTPUTS,
  type Report,
  type Steady,
  UNREAD,
  WORST_US,
  type WorkerData,
  wordsOf,
} from "./control.ts"
import { bucketOf } from "./histogram.ts"
import { popperOf, pusherOf, ringMemory } from "./ring.ts"
import { openStepper, type Stepper } from "./stepper.ts"

/** So long the worker sleeps at most before it looks whether it is to end. */
const SLEEP_MS = 20
/** Until then the code is compiled for speed: before that, numbers are put on the heap. */
const [WARM_ROUNDS, WARM_SAMPLES, WARM_MS_MIN, WARM_MS_MAX] = [100, 64, 150, 400]
/** Samples after which nothing is allocated any more. */
const STEADY_AFTER = 2000
/** Outputs that nobody takes for so long after the end are let go. */
const PATIENCE_MS = 1000
const US_MAX = 2 ** 31 - 1

const data = workerData as WorkerData
const tell = (report: Report): void => parentPort!.postMessage(report)
const collections: number[] = []
const observer = new PerformanceObserver((list) => {
  for (const { startTime } of list.getEntries()) collections.push(startTime)
})

try {
  const { engine } = soundEngine()
  const net = netFromJson(JSON.parse(data.graph) as Json)
  const stepper = openStepper(net, readSafetensors(data.weights, "weights.safetensors"), engine, data.entry)
  warm(stepper)
  observer.observe({ type: "gc" })
  tell({ kind: "ready", engine: engine.name })
  const marks = follow(stepper, data)
  await setImmediate() // collections are told to the loop of events
  await setImmediate()
  tell({ kind: "done", steady: steadyOf(marks) })
} catch (error) {
  if (error instanceof Refusal) tell({ kind: "refused", problems: error.problems })
  else tell({ kind: "failed", reason: messageOf(error) })
} finally {
  observer.disconnect()
}

type Place = Pick<WorkerData, "input" | "output" | "control" | "latencyMsMax" | "spinUs" | "waits">

/** Follows zeros in a place of their own, by the same code, and goes back to the first state. */
function warm(stepper: Stepper): void {
  const control = new SharedArrayBuffer(CONTROL_BYTES)
  const input = ringMemory({ ...data.input, slots: WARM_SAMPLES })
  const output = ringMemory({ ...data.output, slots: WARM_SAMPLES })
  const place = { ...data, input, output, control }
  const [pusher, popper] = [pusherOf(input), popperOf(output)]
  const [sample, stamps] = [new Float32Array(input.width), new Float64Array(INPUT_STAMPS)]
  const [answer, answered] = [new Float32Array(output.width), new Float64Array(OUTPUT_STAMPS)]
  wordsOf(control)[ENDING] = 1
  const start = performance.now()
  for (let round = 0; ; round++) {
    for (let i = 0; i < WARM_SAMPLES; i++) pusher.push(sample, stamps)
    follow(stepper, place)
    for (let i = 0; i < WARM_SAMPLES; i++) popper.pop(answer, answered)
    popper.wait(0)
    const passed = performance.now() - start
    if (passed > WARM_MS_MAX || (passed > WARM_MS_MIN && round >= WARM_ROUNDS)) break
  }
  stepper.reset()
}

interface Mark {
  readonly samples: number
  readonly at: number
  readonly allocated: number | undefined
}
function markAt(samples: number): Mark {
  // Newer versions of Node count it; its types do not say so yet.
  const { total_allocated_bytes: allocated } = getHeapStatistics() as { total_allocated_bytes?: number }
  return { samples, at: performance.now(), allocated }
}

/** All samples until the end: what the heap was when it was warm, and last. */
function follow({ input, output, step }: Stepper, place: Place): readonly [first: Mark | undefined, last: Mark] {
  const { latencyMsMax, spinUs, waits } = place
  const [popper, pusher] = [popperOf(place.input), pusherOf(place.output)]
  const [words, counts] = [wordsOf(place.control), countsOf(place.control)]
  const [taken, given] = [new Float64Array(INPUT_STAMPS), new Float64Array(OUTPUT_STAMPS)]
  const origin = performance.timeOrigin
  const answer = (): void => {
    step()
    const latencyMs = origin + performance.now() - taken[0]!
    given[0] = taken[0]!
    given[1] = taken[1]!
    given[2] = latencyMs
    // A whole number goes to a function as it is; one with a fraction would be put on the heap.
    const us = latencyMs * 1000 < US_MAX ? (latencyMs * 1000) | 0 : US_MAX
    const bucket = bucketOf(us)
    counts[bucket] = counts[bucket]! + 1
    if (!(latencyMs <= latencyMsMax)) words[LATE] = words[LATE]! + 1
    if (us > words[WORST_US]!) words[WORST_US] = us
    if (waits) awaitRoom()
    if (!pusher.push(output, given)) words[UNREAD] = words[UNREAD]! + 1
    Atomics.add(words, OUTPUTS, 1)
  }
  const awaitRoom = (): void => {
    let patience = PATIENCE_MS / SLEEP_MS
    while (pusher.room() === 0 && patience > 0) {
      pusher.waitForRoom(SLEEP_MS)
      if (Atomics.load(words, ENDING) === 1) patience--
    }
  }
  const spin = (): void => {
    const end = performance.now() + spinUs / 1000
    while (popper.length() === 0 && performance.now() < end);
  }
  let samples = 0
  let first: Mark | undefined
  for (;;) {
    const isEnding = Atomics.load(words, ENDING) === 1 // before the look at the ring: what was pushed before is done
    while (popper.pop(input, taken)) {
      answer()
      samples++
      if (samples === STEADY_AFTER) first = markAt(samples)
    }
    if (isEnding) return [first, markAt(samples)]
    if (spinUs > 0) spin()
    popper.wait(SLEEP_MS)
  }
}

function steadyOf([first, last]: ReturnType<typeof follow>): Steady | undefined {
  if (!first) return undefined
  const { allocated } = first
  return {
    samples: last.samples - first.samples,
    bytesAllocated: allocated === undefined || last.allocated === undefined ? undefined : last.allocated - allocated,
    collections: collections.filter((at) => at > first.at && at < last.at).length,
  }
}
