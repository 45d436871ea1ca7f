/** Part speed: bytes a second beside packers, what each mode takes, and whether memory is exactly what is declared. */
import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, median, number, type Section, say } from "../shared/report.ts"
import { fastEngine, MEMORY_BYTES, openWith } from "./open.ts"
import { missingPeer, packWith, ppmd, zpaq } from "./peers.ts"
import { readShakespeare, SHAKESPEARE } from "./texts.ts"

const ROUNDS = 5
const QUICK = { rounds: 3, bytes: 120_000 }

/** Something that goes through the text, and the seconds of each round. */
interface Runner {
  readonly name: string
  readonly setting: string
  /** Seconds; undefined when it cannot run here. */
  readonly run: () => number | undefined
  readonly seconds: number[]
}

export function measureSpeed({ isQuick, folder }: PartOptions): Part {
  const whole = readShakespeare()
  const text = isQuick ? whole.subarray(0, QUICK.bytes) : whole
  const rounds = isQuick ? QUICK.rounds : ROUNDS
  const { engine: native, asides } = fastEngine()
  const opened = [wasmEngine, native].map((engine) => ({
    name: engine.name,
    predictor: openWith(MEMORY_BYTES, engine),
  }))
  // Where it stepped aside, nothing else is timed in its name.
  const scribes = asides.length === 0 ? opened : opened.slice(0, 1)
  const runners: readonly Runner[] = [
    ...scribes.map(({ name, predictor }) => runnerOf(name, predictor, text)),
    ...[ppmd(6), zpaq].map(
      (peer): Runner => ({
        name: peer.name,
        setting: missingPeer(peer) ?? "the whole process",
        run: () => packWith(peer, text, folder)?.seconds,
        seconds: [],
      }),
    ),
  ]
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`)
    for (const { run, seconds } of runners) {
      const took = run()
      if (took !== undefined) seconds.push(took)
    }
  }
  const rateOf = (name: string): number | undefined => {
    const seconds = runners.find((each) => each.name === name)?.seconds ?? []
    return seconds.length === 0 ? undefined : text.length / 1000 / median(seconds)
  }
  const sample = text.subarray(0, isQuick ? 10_000 : 50_000)
  const modes = scribes.map(({ name, predictor }) => ({ name, us: microsecondsOf(predictor, text, sample, rounds) }))
  const memory = SIZES.map((memoryBytes) => memoryOf(openWith(memoryBytes, wasmEngine), memoryBytes))
  const difference = Math.max(...memory.map((each) => each.difference))
  const bars = (must: number, aim: number): Pick<Measure, "bars"> => ({ bars: { is: "at least", must, aim } })
  const rate = { unit: "KB/s", digits: 0 }
  const zpaqPeer = { peer: { name: zpaq.name, value: rateOf(zpaq.name) } }
  const measures: readonly Measure[] = [
    { name: "learning, WebAssembly on one thread", value: rateOf("wasm"), ...rate, ...bars(100, 250), ...zpaqPeer },
    {
      name: "learning, native",
      value: asides.length === 0 ? rateOf(native.name) : undefined,
      ...rate,
      ...bars(150, 400),
      peer: { name: ppmd(6).name, value: rateOf(ppmd(6).name) },
    },
    {
      name: "declared memory less memory held, at most",
      value: difference,
      unit: "bytes",
      digits: 0,
      bars: { is: "at most", must: 0 },
    },
  ]
  return {
    measures,
    sections: [
      rateSection(runners, text.length, rounds, asides),
      modeSection(modes, sample.length),
      memorySection(memory),
    ],
    isSame: difference === 0,
  }
}

function runnerOf(name: string, predictor: Predictor, text: Uint8Array): Runner {
  const run = (): number => {
    predictor.reset()
    const start = performance.now()
    predictor.read(text, { learns: true })
    return (performance.now() - start) / 1000
  }
  return { name, setting: "16 MB, learning, from nothing; the loading of the program not counted", run, seconds: [] }
}

type Modes = Readonly<Record<"score, learning" | "score, frozen" | "distribution" | "encode" | "decode", number>>

/** Microseconds a byte of each mode, the median of some rounds in turn, after all of `text` but the sample was learnt. */
function microsecondsOf(predictor: Predictor, text: Uint8Array, sample: Uint8Array, rounds: number): Modes {
  const rest = text.subarray(sample.length)
  predictor.reset()
  predictor.read(rest, { learns: true })
  const known = predictor.state()
  const took: Record<keyof Modes, number[]> = {
    "score, learning": [],
    "score, frozen": [],
    distribution: [],
    encode: [],
    decode: [],
  }
  const time = (mode: keyof Modes, work: () => void): void => {
    predictor.put(known)
    const start = performance.now()
    work()
    took[mode].push(((performance.now() - start) * 1000) / sample.length)
  }
  for (let round = 0; round < rounds; round++) {
    time("score, learning", () => void predictor.read(sample, { learns: true }))
    time("score, frozen", () => void predictor.read(sample, { learns: false }))
    // Nothing is shown to it in between: the place is the same, and so is the work.
    time("distribution", () => {
      for (let i = 0; i < sample.length; i++) predictor.distribution()
    })
    const code: number[] = []
    time("encode", () => {
      for (const byte of sample) code.push(...predictor.encode(byte))
    })
    code.push(...predictor.finish())
    let at = 0
    const source = (): number => code[at++] ?? 0
    time("decode", () => {
      predictor.open(source)
      for (const byte of sample)
        if (predictor.decode(source) !== byte) throw new Error("bug: a code does not come back")
    })
  }
  return Object.fromEntries(Object.entries(took).map(([mode, us]) => [mode, median(us)])) as unknown as Modes
}

const SIZES = [2 ** 14, 2 ** 18, 2 ** 20, MEMORY_BYTES, 2 ** 26]

export interface Memory {
  readonly asked: number
  /** What the buffers of the program come to, constants apart. */
  readonly declared: number
  /** What the views of its memory come to. */
  readonly held: number
  /** What the predictor says. */
  readonly said: number
  readonly constants: number
  /** Between the largest and the smallest of the three. */
  readonly difference: number
}
export function memoryOf({ program, instance, memoryBytes: said }: Predictor, asked: number): Memory {
  const [changing, constant] = [
    program.buffers.filter(({ access }) => access !== "constant"),
    program.buffers.filter(({ access }) => access === "constant"),
  ]
  const bytesOf = (buffers: typeof changing): number =>
    buffers.reduce((sum, { length, dtype }) => sum + length * DTYPE[dtype].bytes, 0)
  const declared = bytesOf(changing)
  const names = new Set(constant.map(({ name }) => name))
  const held = Object.entries(instance.memory).reduce(
    (sum, [name, view]) => sum + (names.has(name) ? 0 : view.byteLength),
    0,
  )
  const difference = Math.max(declared, held, said) - Math.min(declared, held, said)
  return { asked, declared, held, said, constants: bytesOf(constant), difference }
}

const rateSection = (
  runners: readonly Runner[],
  bytes: number,
  rounds: number,
  asides: readonly string[],
): Section => ({
  title: `Speed over ${bytes} bytes of ${SHAKESPEARE}`,
  notes: [`Median of ${rounds} rounds in turn. KB are 1000 bytes.`, ...asides],
  table: {
    heading: ["packer", "KB/s", "fastest", "slowest", "µs a byte", "setting"],
    rows: runners.map(({ name, seconds, setting }): readonly Cell[] => {
      const none = seconds.length === 0
      const rate = (s: number): Cell => number(none ? undefined : bytes / 1000 / s, 0)
      const middle = none ? 0 : median(seconds)
      return [
        name,
        rate(middle),
        rate(Math.min(...seconds)),
        rate(Math.max(...seconds)),
        number(none ? undefined : (middle * 1e6) / bytes, 2),
        setting,
      ]
    }),
  },
})

const modeSection = (modes: readonly { readonly name: string; readonly us: Modes }[], bytes: number): Section => ({
  title: "Microseconds a byte of each mode",
  notes: [
    `${bytes} bytes, the median of rounds in turn, after the rest was learnt; 16 MB. A distribution is the chances of all 256 bytes, as an array. Encoding and decoding learn as they go.`,
  ],
  table: {
    heading: ["mode", ...modes.map(({ name }) => name)],
    rows: (Object.keys(modes[0]!.us) as (keyof Modes)[]).map((mode) => [
      mode,
      ...modes.map(({ us }) => number(us[mode], 2)),
    ]),
  },
})

const memorySection = (memory: readonly Memory[]): Section => ({
  title: "Memory",
  notes: [
    "The program's buffers, the views of its memory in WebAssembly, and what the predictor says: state and what it works with. Constants, tables of fixed numbers, are beside it.",
  ],
  table: {
    heading: ["memory asked for", "declared", "held", "said", "difference", "constants"],
    rows: memory.map(({ asked, declared, held, said, difference, constants }) =>
      [asked, declared, held, said, difference, constants].map((value) => `${value}`),
    ),
  },
})
