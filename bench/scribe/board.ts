/**
 * `node bench/scribe/board.ts [--test]`: what the board editions of a scribe cost a byte, with a net and without, beside the
 * smallest scribe of a PC, gzip and xz. Scored is the last tenth of what is learnt of tinyshakespeare; with --test, the test
 * tenth, after everything was chosen. Then the first 2 KB of other kinds of text, from nothing: what a person at a board sees.
 */
import { gzipSync } from "node:zlib"
import { instantiate } from "@open-brains/core/compile.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { harnessOptions } from "@open-brains/core/mix/scribe.ts"
import type { Tensors } from "@open-brains/core/run/byte_net.ts"
import { neuralExpert } from "@open-brains/core/run/neural_expert.ts"
import { scribeProgram } from "@open-brains/core/run/scribe_program.ts"
import { byteTensorsOf } from "@open-brains/core/train/byte_bits.ts"
import { BYTE_RECIPE, type ByteRecipe } from "@open-brains/core/train/bytes.ts"
import { mean, number, printTable, say } from "../shared/report.ts"
import { learn } from "./nets.ts"
import { fastEngine, openWith } from "./open.ts"
import { tenthsOf, wholeTexts } from "./texts.ts"

/** Chosen on the last tenth of what is learnt: 40 numbers of state gave 2.57 bits alone, 48 gave 2.49, 64 gave 2.35. */
const RECIPE: ByteRecipe = { ...BYTE_RECIPE, features: 16, hidden: 64, updates: 8000, weightDecay: 0.05 }
const SMALLEST = 2 ** 14
const FIRST_BYTES = 2048
const SAMPLES = 6

/** A scribe of any kind, as all are measured here. */
interface Reader {
  readonly name: string
  readonly ramBytes: number
  readonly constantBytes: number | undefined
  reset(): void
  /** Bits. */
  read(bytes: Uint8Array, learns: boolean): number
  state(): unknown
  put(state: unknown): void
}

function boardReader(memoryBytes: number, net: Tensors | undefined, engine: Engine): Reader {
  const { program, ramBytes, constantBytes } = scribeProgram(net ? { memoryBytes, net } : { memoryBytes })
  const { memory, run, entries } = instantiate(program, engine)
  const states = program.buffers.filter(({ access }) => access === "state").map(({ name }) => memory[name]!)
  return {
    name: `board, ${memoryBytes / 1024} KB${net ? ", net" : ""}`,
    ramBytes,
    constantBytes,
    reset: () => entries["reset"]!(),
    read(bytes, learns) {
      memory["frozen"]![0] = learns ? 0 : 1
      let sum = 0
      for (const byte of bytes) {
        memory["byte"]![0] = byte
        run()
        sum += memory["cost"]![0]!
      }
      return sum / 256
    },
    state: () => states.map((each) => each.slice()),
    put: (state) => states.forEach((each, i) => void each.set((state as typeof states)[i]!)),
  }
}
function smallestReader(net: Tensors | undefined, engine: Engine): Reader {
  const { historyBytes } = harnessOptions({ memoryBytes: SMALLEST })
  const predictor = openWith(SMALLEST, engine, net ? [neuralExpert(net, { historyBytes, engine, isLean: true })] : [])
  return {
    name: `scribe, 16 KB${net ? ", net" : ""}`,
    ramBytes: predictor.memoryBytes,
    constantBytes: undefined,
    reset: () => predictor.reset(),
    read: (bytes, learns) => predictor.read(bytes, { learns }),
    state: () => predictor.state(),
    put: (state) => predictor.put(state as ReturnType<typeof predictor.state>),
  }
}

const isTest = process.argv.includes("--test")
const { all, seen, scored, where } = tenthsOf(!isTest)
const { engine } = fastEngine()
const net = byteTensorsOf(learn(seen, RECIPE, 1, engine).net)
const samples = wholeTexts().map(({ name, bytes }) => ({
  name,
  firsts: Array.from({ length: SAMPLES }, (_, i) => {
    const at = Math.floor((bytes.length * (i + 1)) / (SAMPLES + 1))
    return bytes.subarray(at, at + FIRST_BYTES)
  }),
}))
const readers = [
  ...[4096, 2048, 1024].flatMap((memoryBytes) => [undefined, net].map((each) => [memoryBytes, each] as const)),
].map(([memoryBytes, each]) => boardReader(memoryBytes, each, engine))
const rows = [...readers, smallestReader(undefined, engine), smallestReader(net, engine)].map((reader) => {
  say(`${reader.name} ...`)
  const firsts = samples.map(({ firsts }) =>
    mean(
      firsts.map((bytes) => {
        reader.reset()
        return reader.read(bytes, true) / bytes.length
      }),
    ),
  )
  reader.reset()
  reader.read(seen, true)
  const state = reader.state()
  const frozen = reader.read(scored, false) / scored.length
  reader.put(state)
  const adaptive = reader.read(scored, true) / scored.length
  return [
    reader.name,
    `${reader.ramBytes}`,
    reader.constantBytes === undefined ? undefined : `${reader.constantBytes}`,
    number(adaptive, 4),
    number(frozen, 4),
    ...firsts.map((bits) => number(bits, 3)),
  ]
})
const packed = (bytes: Uint8Array): number => gzipSync(bytes, { level: 9 }).length
const gzip = [
  "gzip -9",
  undefined,
  undefined,
  number((8 * (packed(all) - packed(seen))) / scored.length, 4),
  undefined,
  ...samples.map(({ firsts }) => number(mean(firsts.map((bytes) => (8 * packed(bytes)) / bytes.length)), 3)),
]
console.log(
  `Bits a byte of ${where} of tinyshakespeare, and of ${SAMPLES} pieces of ${FIRST_BYTES} bytes of other texts:\n`,
)
console.log(
  printTable({
    heading: ["reader", "RAM", "constants", "adaptive", "frozen", ...samples.map(({ name }) => `2 KB of ${name}`)],
    rows: [...rows, gzip],
  }),
)
