/** Part 6: programs that somebody else wrote, made at random and then wounded, on every engine. */
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { type Measure, type Section, say } from "../../shared/report.ts"
import type { Part, PartOptions } from "../part.ts"

export type Kind = "generated" | "mutated"
/** How many programs were tried, by what became of them and by who ran them. */
export interface Tally {
  readonly programs: number
  /** In which `validate` found something. */
  readonly refused: number
  /** Valid, but more than the judge can run in good time. */
  readonly long: number
  readonly wasm: number
  readonly native: number
  /** In C with the address and undefined behaviour sanitisers. */
  readonly sanitised: number
  /** What was not as it must be, in words. */
  readonly faults: readonly string[]
}
const NOTHING: Tally = { programs: 0, refused: 0, long: 0, wasm: 0, native: 0, sanitised: 0, faults: [] }
const COUNTS = ["programs", "refused", "long", "wasm", "native", "sanitised"] as const
/** Programs of one process: what crashes or hangs takes no more than these with it. */
interface Share {
  readonly kind: Kind
  readonly first: number
  readonly count: number
}
const SECONDS_MAX = 240

export async function measurePrograms({ isQuick, folder }: PartOptions): Promise<Part> {
  const amounts = isQuick ? { generated: 100, mutated: 100 } : { generated: 20_000, mutated: 5_000 }
  const share = isQuick ? 50 : 250
  const tallies: Record<Kind, Tally> = { generated: NOTHING, mutated: NOTHING }
  const shares = (["generated", "mutated"] as const).flatMap((kind) =>
    Array.from({ length: amounts[kind] / share }, (_, n) => ({ kind, first: n * share, count: share })),
  )
  const total = shares.length
  const work = async (): Promise<void> => {
    for (let next = shares.shift(); next; next = shares.shift()) {
      const tally = await tallyOf(next, folder)
      tallies[next.kind] = sum(tallies[next.kind], tally)
      if ((total - shares.length) % 10 === 0) say(`programs: ${total - shares.length} of ${total} shares`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return partOf(tallies)
}

const sum = (a: Tally, b: Tally): Tally => ({
  ...(Object.fromEntries(COUNTS.map((count) => [count, a[count] + b[count]])) as Record<
    (typeof COUNTS)[number],
    number
  >),
  faults: [...a.faults, ...b.faults],
})

/** A share in a process of its own, which is a fault itself when it does not end well. */
function tallyOf({ kind, first, count }: Share, folder: string): Promise<Tally> {
  const words = [join(import.meta.dirname, "child.ts"), kind, `${first}`, `${count}`]
  const env = { ...process.env, XDG_CACHE_HOME: folder } // thousands of libraries that nobody asks for again
  return new Promise((fulfil) => {
    const child = spawn(process.execPath, words, { env, timeout: SECONDS_MAX * 1000, killSignal: "SIGKILL" })
    const [output, errors]: [string[], string[]] = [[], []]
    child.stdout.setEncoding("utf8").on("data", (text: string) => output.push(text))
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors.push(text))
    child.on("close", (status, signal) => {
      if (status === 0) return fulfil(JSON.parse(output.join("")) as Tally)
      const said = errors.join("").slice(0, 600)
      const fault = `${kind} programs from ${first}: the process ended with ${signal ?? status}: ${said}`
      fulfil({ ...NOTHING, programs: count, faults: [fault] })
    })
  })
}

function partOf(tallies: Readonly<Record<Kind, Tally>>): Part {
  const kinds = ["generated", "mutated"] as const
  const faults = kinds.flatMap((kind) => tallies[kind].faults)
  const section: Section = {
    title: "Programs of strangers",
    notes: [
      "Random programs, and such with one to three wounds. Each is refused by the validator or gives, on the same random memory, the outputs and state of the interpreter: in WebAssembly by itself, in native code and in scalar C under the address and undefined behaviour sanitisers together with others. Every 50 or 250 are a process of their own, so that a crash or a hang is counted, too.",
      ...faults.slice(0, 20),
    ],
    table: {
      heading: ["programs", "tried", "refused", "too long to judge", "WebAssembly", "native", "sanitised C", "faults"],
      rows: kinds.map((kind) => [
        kind,
        ...COUNTS.map((count) => `${tallies[kind][count]}`),
        `${tallies[kind].faults.length}`,
      ]),
    },
  }
  const measure = (kind: Kind): Measure => ({
    name: `faults of ${tallies[kind].programs} ${kind} programs`,
    value: tallies[kind].faults.length,
    unit: "faults",
    digits: 0,
    bars: { is: "at most", must: 0 },
  })
  return { measures: kinds.map(measure), sections: [section], isSame: faults.length === 0 }
}
