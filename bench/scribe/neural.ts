/** The neural expert alone, frozen: bits a character on the last tenth of tinyshakespeare, in floats and in integers. */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bytesOf } from "@open-brains/core/base/dtype.ts"
import { instantiate } from "@open-brains/core/compile.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { byteNet, type Tensors } from "@open-brains/core/run/byte_net.ts"
import { byteTensorsOf, floatBits, integerBits, type Scored } from "@open-brains/core/train/byte_bits.ts"
import { BYTE_RECIPE, type ByteRecipe } from "@open-brains/core/train/bytes.ts"
import { chooseEngine } from "open-brains"
import { mirror, missingData } from "../../scripts/testing.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Measure, mean, number, type Section, say } from "../shared/report.ts"
import { learn } from "./nets.ts"

const SEEDS = [1, 2, 3, 4, 5]
const QUICK: ByteRecipe = { ...BYTE_RECIPE, updates: 400 }
const TEXT = "tinyshakespeare/input.txt"
/** Bytes before the first one that is scored: enough for a state to forget that it began at 0. */
const WARM_UP = 2000

interface Lesson {
  readonly seed: number
  readonly seconds: number | undefined
  readonly weights: number
  readonly bytes: number
  readonly float: number
  readonly integer: number
  readonly tensors: Tensors
}

/**
 * Five nets learn the first nine tenths and are scored on the last one, where they learn nothing. A quick run has one, of
 * a short training on the first 81 %, and is scored on the 9 % after it: the test tenth is left alone.
 */
export function measureNeural({ isQuick }: Pick<PartOptions, "isQuick">): Part {
  const missing = missingData(TEXT)
  if (missing !== undefined) throw new Error(missing)
  const all = readFileSync(join(mirror()!, TEXT))
  const ninth = Math.floor(all.length * 0.9)
  const text = isQuick ? all.subarray(0, ninth) : all
  const start = isQuick ? Math.floor(ninth * 0.9) : ninth
  const scored: Scored = { text, start, warmUp: WARM_UP }
  const recipe = isQuick ? QUICK : BYTE_RECIPE
  const { engine, asides } = chooseEngine("native")
  for (const aside of asides) say(aside)
  const lessons = (isQuick ? SEEDS.slice(0, 1) : SEEDS).map((seed) => lessonOf(scored, recipe, seed, engine))
  const bits = sameBits(lessons[0]!.tensors, scored, engine)
  const speeds = [wasmEngine, engine].map(({ name, ...rest }) => ({
    name,
    us: microseconds(lessons[0]!.tensors, text, { name, ...rest }),
  }))
  const where = `${isQuick ? "validation" : "test"}, ${lessons.length} ${lessons.length === 1 ? "seed" : "seeds"}`
  return {
    measures: measuresOf(lessons, where, isQuick, speeds),
    sections: [sectionOf(lessons, recipe, where), bits.section],
    isSame: bits.isSame,
  }
}

function lessonOf(scored: Scored, recipe: ByteRecipe, seed: number, engine: Engine): Lesson {
  const { net, seconds } = learn(scored.text.subarray(0, scored.start), recipe, seed, engine)
  const tensors = byteTensorsOf(net)
  const lesson: Lesson = {
    seed,
    seconds,
    weights: Object.values(net.weights).reduce((sum, { length }) => sum + length, 0),
    bytes: writeSafetensors(tensors).length,
    float: floatBits(net, scored, engine),
    integer: integerBits(tensors, scored, engine),
    tensors,
  }
  say(`seed ${seed}: ${lesson.float.toFixed(4)} bits a character in floats, ${lesson.integer.toFixed(4)} in integers`)
  return lesson
}

interface Speed {
  readonly name: string
  readonly us: number
}
function measuresOf(
  lessons: readonly Lesson[],
  where: string,
  isQuick: boolean,
  speeds: readonly Speed[],
): readonly Measure[] {
  const integers = lessons.map(({ integer }) => integer)
  const bars = (must: number, aim?: number): Pick<Measure, "bars"> =>
    isQuick ? {} : { bars: { is: "at most", must, ...(aim === undefined ? {} : { aim }) } }
  const bits = { unit: "bits a character", digits: 4 }
  return [
    { name: `static, int8, mean (${where})`, value: mean(integers), ...bits, ...bars(2.5, 2.4) },
    { name: `static, int8, minimum (${where})`, value: Math.min(...integers), ...bits },
    { name: `static, int8, maximum (${where})`, value: Math.max(...integers), ...bits },
    { name: `static, float, mean (${where})`, value: mean(lessons.map(({ float }) => float)), ...bits },
    {
      name: "int8 over float, the most of any seed",
      value: Math.max(...lessons.map(({ float, integer }) => integer - float)),
      ...bits,
      ...bars(0.01),
    },
    { name: "weights", value: lessons[0]!.weights, unit: "", digits: 0, bars: { is: "at most", must: 120_000 } },
    { name: "weights in integers, as a file", value: lessons[0]!.bytes, unit: "bytes", digits: 0 },
    ...speeds.map(({ name, us }) => ({ name: `a byte, ${name}`, value: us, unit: "us", digits: 2 })),
  ]
}

function sectionOf(lessons: readonly Lesson[], recipe: ByteRecipe, where: string): Section {
  const { features, hidden, batch, steps, updates, rate, weightDecay } = recipe
  return {
    title: `The neural expert, static (${where})`,
    notes: [
      `A GRU of ${hidden} over rows of ${features}, ${updates} updates of ${batch} x ${steps} bytes, rate ${rate}, weight decay ${weightDecay}; nothing is learnt where it is scored. Everything was chosen on the last tenth of the part that is learnt from.`,
    ],
    table: {
      heading: ["seed", "float", "int8", "int8 over float", "weights", "bytes", "teaching s"],
      rows: lessons.map(({ seed, float, integer, weights, bytes, seconds }) => [
        `${seed}`,
        number(float, 4),
        number(integer, 4),
        number(integer - float, 4),
        `${weights}`,
        `${bytes}`,
        seconds === undefined ? "read back" : number(seconds, 0),
      ]),
    },
  }
}

const JUDGED = 200
const COMPARED = 20_000
/** Frequencies and sums after each byte: the interpreter is the judge of the first, WebAssembly of the others. */
function sameBits(tensors: Tensors, { text, start }: Scored, own: Engine): { isSame: boolean; section: Section } {
  const digests = ([interpreterEngine, wasmEngine, own] as const).map((engine) => {
    const hash = createHash("sha256")
    let judged = ""
    const count = engine === interpreterEngine ? JUDGED : COMPARED
    step(tensors, text.subarray(start, start + count), engine, (memory, at) => {
      hash.update(bytesOf(memory["frequencies"]!)).update(bytesOf(memory["tree"]!))
      if (at === JUDGED - 1) judged = hash.copy().digest("hex").slice(0, 16)
    })
    return { name: engine.name, count, judged, whole: hash.digest("hex").slice(0, 16) }
  })
  const [judge, wasm] = digests
  const same = digests.map(
    ({ judged, whole, count }) => judged === judge!.judged && (count < COMPARED || whole === wasm!.whole),
  )
  const section: Section = {
    title: "Same bits: frequencies and their sums",
    notes: [`After each of ${COMPARED} bytes of seed 1; the interpreter is the judge of the first ${JUDGED}.`],
    table: {
      heading: ["engine", "bytes", `SHA-256 of the first ${JUDGED}`, "of all", "verdict"],
      rows: digests.map(({ name, count, judged, whole }, i) => [
        name,
        `${count}`,
        judged,
        whole,
        same[i] ? "same" : "DIFFERS",
      ]),
    },
  }
  return { isSame: same.every(Boolean), section }
}

type Memory = ReturnType<Engine["instantiate"]>["memory"]
function step(tensors: Tensors, text: Uint8Array, engine: Engine, seen: (memory: Memory, at: number) => void): void {
  const { program, weights } = byteNet(tensors, engine)
  const { memory, run, entries } = instantiate(program, engine)
  for (const [name, values] of Object.entries(weights)) memory[name]!.set([...values])
  entries["prepare"]?.()
  const byte = memory["byte"]!
  text.forEach((each, at) => {
    byte[0] = each
    run()
    seen(memory, at)
  })
}

/** A byte, the fastest of five stretches. */
function microseconds(tensors: Tensors, text: Uint8Array, engine: Engine): number {
  const marks: number[] = []
  step(tensors, text.subarray(0, 6 * STRETCH + 1), engine, (_, at) => {
    if (at % STRETCH === 0) marks.push(performance.now())
  })
  return Math.min(...marks.slice(2).map((mark, i) => mark - marks[i + 1]!)) * (1000 / STRETCH)
}
const STRETCH = 10_000
