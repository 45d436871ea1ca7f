/** Generated and mutated programs on every engine: all agree with the interpreter to the bit, and none does harm. */
import { execFile } from "node:child_process"
import { join } from "node:path"
import type { Width } from "@open-brains/core/emit/c99/vectors.ts"
import { WIDE_FLAGS, widenVectors } from "../../wide.ts"

/** What a number of programs came to. */
export interface Verdict {
  /** By `validate`, with Problems; a generated one is valid, so that a refusal of it is a fault too. */
  readonly refused: number
  /** Proved, but not run: they may take longer or more memory than a trial has. */
  readonly long: number
  /** On interpreter, WebAssembly, the native engine and host C under sanitizers. */
  readonly ran: number
  /** Other bits, a crash, a hang, an error that is no Problem, a byte out of range: each with what makes it again. */
  readonly faults: readonly string[]
}

export interface JudgeOptions {
  /** How many generated programs are tried, and how many with wounds (mutate.ts). */
  readonly programs: number
  readonly mutants: number
  readonly seed: number
  /** Batches at once; 1 unless told otherwise. */
  readonly jobs?: number
  /** Called after each batch with how many programs are done. */
  readonly onBatch?: (done: number, soFar: Verdict) => void
}

/** One batch of them; its programs are those of `seed` and the seeds after it. */
export interface BatchOptions {
  readonly seed: number
  readonly programs: number
  readonly mutants: number
  /** How the host C is built: vectors of so many lanes, under one sanitizer or both. */
  readonly lanes?: Width | undefined
  readonly sanitizers: "both" | "address"
  /** WebAssembly alone, compiled at its best at once and with vectors joined (wide.ts): a setting of the whole process. */
  readonly isWide?: boolean
}

const BATCH = 150
const BATCH_MS_MAX = 300_000
/** In turn, so that vectors of each width are tried under the sanitizers, too. */
const TURNS: readonly Pick<BatchOptions, "lanes" | "sanitizers">[] = [
  { sanitizers: "both" },
  { sanitizers: "address", lanes: 8 },
  { sanitizers: "address" },
  { sanitizers: "address", lanes: 4 },
  { sanitizers: "both", lanes: 16 },
]

/** Tries them batch by batch, each in a process of its own, `jobs` at once. It takes a C compiler with sanitizers. */
export async function judge({ programs, mutants, seed, jobs = 1, onBatch }: JudgeOptions): Promise<Verdict> {
  let verdict: Verdict = { refused: 0, long: 0, ran: 0, faults: [] }
  const batches = Math.ceil(Math.max(programs, mutants) / BATCH)
  const share = (all: number, n: number): number =>
    Math.floor(((n + 1) * all) / batches) - Math.floor((n * all) / batches)
  let [next, done] = [0, 0]
  const isJoined = widenVectors() === undefined
  const work = async (): Promise<void> => {
    while (next < batches) {
      const n = next++
      const batch = { programs: share(programs, n), mutants: share(mutants, n) }
      const options: BatchOptions = { seed: seed + n * BATCH, ...batch, ...TURNS[n % TURNS.length]! }
      const found = await judgeBatch(options)
      const faults = isJoined ? (await judgeBatch({ ...options, isWide: true })).faults : []
      verdict = sum(verdict, { ...found, faults: [...found.faults, ...faults] }) // another job may have added to it meanwhile
      done += batch.programs + batch.mutants
      onBatch?.(done, verdict)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return verdict
}
const sum = (a: Verdict, b: Verdict): Verdict => ({
  ...{ refused: a.refused + b.refused, long: a.long + b.long, ran: a.ran + b.ran },
  faults: [...a.faults, ...b.faults],
})

/** A batch in a process of its own, which is ended when it takes too long. */
export function judgeBatch(options: BatchOptions, msMax = BATCH_MS_MAX): Promise<Verdict> {
  const child = join(import.meta.dirname, "hostile_batch.ts")
  const flags = ["--disable-warning=ExperimentalWarning", ...(options.isWide ? WIDE_FLAGS : [])]
  const words = [...flags, child, JSON.stringify(options)]
  const limits = { timeout: msMax, killSignal: "SIGKILL", maxBuffer: 2 ** 28 } as const
  return new Promise((resolve) => {
    execFile(process.execPath, words, limits, (error, stdout, stderr) => {
      if (!error) return resolve(JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Verdict)
      const fault = `batch ${JSON.stringify(options)} ended with ${error.signal ?? error.code}: ${stderr.slice(0, 2000)}`
      resolve({ refused: 0, long: 0, ran: 0, faults: [fault] })
    })
  })
}
