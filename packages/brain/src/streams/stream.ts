import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import { Worker } from "node:worker_threads"
import type { Json } from "@open-brains/core/base/json.ts"
import { messageOf, Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { netFromJson } from "@open-brains/core/graph/dims_text.ts"
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
import { quantileOf } from "./histogram.ts"
import { popperOf, pusherOf, type RingMemory, refusedOf, ringMemory } from "./ring.ts"
import { ENTRY, type StepShape, stepShape } from "./stepper.ts"

export interface StreamOptions {
  /** graph.json of the net: an entry takes one f32 tensor, the sample, and gives one. */
  readonly graph: Json
  /** Its weights.safetensors. */
  readonly weights: Uint8Array
  /** The entry that a sample is given to: `step`. */
  readonly entry?: string
  /** An output that comes later after its sample's time stamp is late: it is delivered, and counted. */
  readonly latencyMsMax?: number
  /** Samples, and outputs, that may wait: a power of two, 1024 unless it is said. */
  readonly slots?: number
  /** So long the worker looks for the next sample before it sleeps; costs a core, and saves the time to wake up. */
  readonly spinUs?: number
  /** Where outputs find no room since nobody reads them: they are dropped and counted, or the worker waits. */
  readonly whenUnread?: "drop" | "wait"
}

/** A net that follows samples on a thread of its own. Outputs depend on the samples alone, not on when they come. */
export interface Stream extends AsyncDisposable {
  readonly shape: StepShape
  /**
   * Gives it a sample; false when it is dropped since there is no room. The time stamp is that of `clockMs`. Allocates
   * nothing. Errors: OB680 when the sample is of another length or the time stamp no number, an Error when the worker
   * has died.
   */
  push(sample: Float32Array, timeStampMs: number): boolean
  /** How many samples there is room for. */
  room(): number
  /** The next output, if there is one. Allocates nothing. Errors: an Error when the worker has died. */
  read(into: Reading): boolean
  /** Calls for each output from now on, until the end; nobody else may read then. */
  onOutput(call: (output: Output) => void): Promise<void>
  /** Each output in its order; ends after the last one when the stream was stopped. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Output>
  stats(): StreamStats
  /** For a thread that pushes or reads in the place of this one: `pusherOf`, `popperOf`. */
  readonly ends: { readonly input: RingMemory; readonly output: RingMemory }
  /** Does what was pushed, and ends. Outputs can still be read. Errors: an Error when the worker died. */
  stop(): Promise<Ended>
}
/** Where `read` puts an output. */
export interface Reading {
  readonly values: Float32Array
  /** Time stamp and number of the sample, from 0 and with those that were dropped, and the latency in milliseconds. */
  readonly stamps: Float64Array
}
export interface Output {
  readonly values: Float32Array
  readonly timeStampMs: number
  readonly number: number
  readonly latencyMs: number
  readonly isLate: boolean
}
export interface StreamStats {
  /** All that were given, with those that were dropped. */
  readonly samples: number
  readonly outputs: number
  /** Samples that found no room. */
  readonly dropped: number
  /** Outputs that found no room. */
  readonly unread: number
  readonly late: number
  /** Latencies; the quantiles to 3 %, rounded up. Nothing before the first output. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly worstMs: number | undefined
  /** How many in each bucket (histogram.ts). */
  readonly counts: Uint32Array
}
export interface Ended {
  readonly stats: StreamStats
  /** What the worker asked of its heap once it was warm, after 2000 samples. */
  readonly steady: Steady | undefined
}

const WAKE_MS = 50
const path = fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url))

/**
 * Opens a stream; it is given when its worker has compiled the net and warmed up. Errors: OB681 when the net takes or gives
 * anything but one f32 tensor, OB13x, OB22x, OB31x, OB33x when net or weights are damaged, OB240.
 */
export async function openStream(options: StreamOptions): Promise<Stream> {
  const { graph, weights, entry = ENTRY, latencyMsMax = Infinity, slots = 1024, spinUs = 0 } = options
  const shape = stepShape(netFromJson(graph), entry)
  const input = ringMemory({ slots, width: shape.takes, stamps: INPUT_STAMPS })
  const output = ringMemory({ slots, width: shape.gives, stamps: OUTPUT_STAMPS })
  const control = new SharedArrayBuffer(CONTROL_BYTES)
  const waits = options.whenUnread === "wait"
  const made = { input, output, control, latencyMsMax, spinUs, waits }
  const workerData: WorkerData = { graph: JSON.stringify(graph), weights, entry, ...made }
  const worker = startWorker(workerData)
  await worker.ready
  return streamOver(shape, made, worker)
}

interface Running {
  readonly ready: Promise<void>
  readonly ended: Promise<Steady | undefined>
  /** Why it died, once it has. */
  failure(): Error | undefined
  hasEnded(): boolean
}
/** Whatever becomes of the worker, both promises come to an end. */
function startWorker(workerData: WorkerData): Running {
  const worker = new Worker(path, { workerData, execArgv: [] })
  const [ready, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<Steady | undefined>()]
  ready.promise.catch(() => {})
  ended.promise.catch(() => {})
  let [failure, hasEnded] = [undefined as Error | undefined, false]
  const fail = (error: Error): void => {
    if (hasEnded) return
    hasEnded = true
    failure = error
    ready.reject(error)
    ended.reject(error)
  }
  worker.on("message", (report: Report) => {
    switch (report.kind) {
      case "ready":
        return ready.resolve()
      case "refused":
        return fail(new Refusal(report.problems))
      case "failed":
        return fail(new Error(`The stream has ended: its worker failed: ${report.reason}`))
      case "done":
        hasEnded = true
        return ended.resolve(report.steady)
      default:
        return report satisfies never
    }
  })
  worker.on("error", (error) => fail(new Error(`The stream has ended: its worker died: ${messageOf(error)}`)))
  worker.on("exit", (code) => fail(new Error(`The stream has ended: its worker died with exit code ${code}.`)))
  return { ready: ready.promise, ended: ended.promise, failure: () => failure, hasEnded: () => hasEnded }
}

function streamOver(
  shape: StepShape,
  { input, output, control, latencyMsMax }: Pick<WorkerData, "input" | "output" | "control" | "latencyMsMax">,
  worker: Running,
): Stream {
  const [pusher, popper, words] = [pusherOf(input), popperOf(output), wordsOf(control)]
  const stamps = new Float64Array(INPUT_STAMPS)
  let pushed = 0
  let ended: Promise<Ended> | undefined
  const check = (): void => {
    const failure = worker.failure()
    if (failure) throw failure
  }
  const stats = (): StreamStats => statsOf(control, pushed, refusedOf(input))
  const stop = (): Promise<Ended> => {
    Atomics.store(words, ENDING, 1)
    popperOf(input).wake()
    ended ??= worker.ended.then((steady) => ({ stats: stats(), steady }))
    return ended
  }
  async function* outputs(): AsyncGenerator<Output, void, undefined> {
    const reading = { values: new Float32Array(shape.gives), stamps: new Float64Array(OUTPUT_STAMPS) }
    for (;;) {
      const isLast = worker.hasEnded() // before the look: what it gave before is there
      while (popper.pop(reading.values, reading.stamps)) yield outputOf(reading, latencyMsMax)
      check()
      if (isLast) return
      const awake = setTimeout(() => {}, 2 * WAKE_MS) // a wait for memory does not keep a process alive, this does
      await popper.waitAsync(WAKE_MS)
      clearTimeout(awake)
    }
  }
  return {
    shape,
    ends: { input, output },
    push(sample, timeStampMs) {
      check()
      if (ended) throw new Error("The stream was stopped: it takes no samples any more.")
      if (sample.length !== shape.takes || !Number.isFinite(timeStampMs)) strange(sample, timeStampMs, shape.takes)
      stamps[0] = timeStampMs
      stamps[1] = pushed++
      return pusher.push(sample, stamps)
    },
    room: () => pusher.room(),
    read({ values, stamps }) {
      if (popper.pop(values, stamps)) return true
      check()
      return false
    },
    async onOutput(call) {
      for await (const each of outputs()) call(each)
    },
    [Symbol.asyncIterator]: outputs,
    stats,
    stop,
    async [Symbol.asyncDispose]() {
      await stop().catch(() => {})
    },
  }
}

const outputOf = ({ values, stamps }: Reading, latencyMsMax: number): Output => {
  const [timeStampMs, number, latencyMs] = stamps as unknown as readonly [number, number, number]
  return { values: values.slice(), timeStampMs, number, latencyMs, isLate: !(latencyMs <= latencyMsMax) }
}

function statsOf(control: SharedArrayBuffer, pushed: number, dropped: number): StreamStats {
  const words = wordsOf(control)
  const counts = countsOf(control).slice()
  const word = (at: number): number => Atomics.load(words, at) >>> 0
  const outputs = word(OUTPUTS)
  const worstMs = outputs === 0 ? undefined : word(WORST_US) / 1000
  const quantile = (share: number): number | undefined => {
    const end = quantileOf(counts, share)
    return end === undefined || worstMs === undefined ? undefined : Math.min(end, worstMs)
  }
  return {
    samples: Math.max(pushed, outputs + dropped), // another thread may have pushed
    ...{ outputs, dropped, unread: word(UNREAD), late: word(LATE) },
    ...{ p50Ms: quantile(0.5), p99Ms: quantile(0.99), worstMs, counts },
  }
}

function strange(sample: Float32Array, timeStampMs: number, takes: number): never {
  const isLength = sample.length !== takes
  return refuse({
    code: "OB680",
    seen: isLength
      ? `A sample has ${sample.length} numbers, not ${takes}.`
      : `A sample's time stamp is ${timeStampMs}.`,
    hint: isLength ? "Give a number for each channel of the net." : "Give the milliseconds of `clockMs()`.",
  })
}
