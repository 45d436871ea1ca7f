/** Generated and mutated programs on every engine: all agree with the interpreter to the bit, and none does harm. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"

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
  /** Called after each batch with how many programs are done. */
  readonly onBatch?: (done: number, soFar: Verdict) => void
}

/** One batch of them; its programs are those of `seed` and the seeds after it. */
export interface BatchOptions {
  readonly seed: number
  readonly programs: number
  readonly mutants: number
  /** A name in BUILDS: how the host C is built. */
  readonly build: string
}

const BATCH = 150
const BATCH_MS_MAX = 300_000
/** In turn, so that vectors of each width are tried under the sanitizers, too. */
const TURNS = ["plain", "8 lanes", "plain", "4 lanes", "plain", "16 lanes"]

/** Tries them batch by batch, each in a process of its own. A C compiler with the sanitizers must be there. */
export function judge({ programs, mutants, seed, onBatch }: JudgeOptions): Verdict {
  let verdict: Verdict = { refused: 0, long: 0, ran: 0, faults: [] }
  const batches = Math.ceil(Math.max(programs, mutants) / BATCH)
  const share = (all: number, n: number): number =>
    Math.floor(((n + 1) * all) / batches) - Math.floor((n * all) / batches)
  for (let n = 0, done = 0; n < batches; n++) {
    const batch = { programs: share(programs, n), mutants: share(mutants, n) }
    verdict = sum(verdict, judgeBatch({ seed: seed + n * BATCH, ...batch, build: TURNS[n % TURNS.length]! }))
    done += batch.programs + batch.mutants
    onBatch?.(done, verdict)
  }
  return verdict
}
const sum = (a: Verdict, b: Verdict): Verdict => ({
  ...{ refused: a.refused + b.refused, long: a.long + b.long, ran: a.ran + b.ran },
  faults: [...a.faults, ...b.faults],
})

export function judgeBatch(options: BatchOptions): Verdict {
  const words = [
    "--disable-warning=ExperimentalWarning",
    join(import.meta.dirname, "hostile_batch.ts"),
    JSON.stringify(options),
  ]
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: "utf8",
    timeout: BATCH_MS_MAX,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 28,
  })
  if (status === 0) return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Verdict
  const fault = `batch ${JSON.stringify(options)} ended with ${status ?? signal}: ${stderr.slice(0, 2000)}`
  return { refused: 0, long: 0, ran: 0, faults: [fault] }
}
