/** Part 1 and 2: what the machine allows, and the two products that everything else is made of, beside it. */

import { stream } from "@open-brains/core/base/random.ts"
import { compileGraph } from "@open-brains/core/compile.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { input, matmul, weight } from "@open-brains/core/graph/operations.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, number, type Section, say } from "../shared/report.ts"
import { type EngineName, measuredEngine } from "./engines.ts"
import { type NativeLimits, nativeLimits } from "./peaks/native.ts"
import { FLOPS_A_ROUND, wasmLimits } from "./peaks/wasm.ts"
import { bestMs } from "./windows.ts"

const SIDE = 256
const [ROWS, COLUMNS] = [768, 288]
/** Of the first level of cache, of the matrix itself, of the second, the third and none. */
const SIZES = [24 << 10, ROWS * COLUMNS, 512 << 10, 8 << 20, 256 << 20]
const SIZE_NAMES = ["24 KiB", "the matrix, 216 KiB", "512 KiB", "8 MiB", "256 MiB"]

export interface Work {
  readonly run: () => void
  /** What came out otherwise than by the definition; undefined when all did. */
  readonly fault: string | undefined
}

/** c = a · b of f32 [SIDE,SIDE] each; a row of it is held against the sums in order of k. */
export function productOn(engine: Engine): Work {
  const [a, b] = [input("a", "f32", [SIDE, SIDE]), input("b", "f32", [SIDE, SIDE])]
  const { memory, run } = compileGraph({ name: "product", outputs: { c: matmul(a, b) } }, engine)
  const [left, right, c] = [memory["a"]!, memory["b"]!, memory["c"]!]
  const random = stream(1, "mix")
  for (let i = 0; i < SIDE * SIDE; i++) {
    left[i] = random.uniform(i) * 2 - 1
    right[i] = random.uniform(SIDE * SIDE + i) * 2 - 1
  }
  run()
  const isWrong = (row: number, column: number): boolean => {
    let sum = 0
    for (let k = 0; k < SIDE; k++)
      sum = Math.fround(sum + Math.fround(left[row * SIDE + k]! * right[k * SIDE + column]!))
    return sum !== c[row * SIDE + column]
  }
  const wrong = places(SIDE, SIDE).find(([row, column]) => isWrong(row, column))
  return { run, fault: wrong && `The product is wrong at ${wrong}, on ${engine.name}.` }
}

/** y = W · x of i8, sums in i32: a matrix [ROWS,COLUMNS] that stays and a vector that changes. */
export function matrixVectorOn(engine: Engine): Work {
  const [x, w] = [input("x", "i8", [1, COLUMNS]), weight("w", "i8", [ROWS, COLUMNS])]
  const outputs = { y: matmul(x, w, false, true) }
  const { memory, run, entries } = compileGraph({ name: "matrix_vector", outputs, prepares: true }, engine)
  const [vector, matrix, y] = [memory["x"]!, memory["w"]!, memory["y"]!]
  const random = stream(2, "mix")
  for (let i = 0; i < COLUMNS; i++) vector[i] = random.below(i, 256) - 128
  for (let i = 0; i < ROWS * COLUMNS; i++) matrix[i] = random.below(COLUMNS + i, 256) - 128
  entries["prepare"]?.()
  run()
  const isWrong = (row: number): boolean => {
    let sum = 0
    for (let k = 0; k < COLUMNS; k++) sum += matrix[row * COLUMNS + k]! * vector[k]!
    return sum !== y[row]
  }
  const wrong = places(ROWS, 1).find(([row]) => isWrong(row))
  return { run, fault: wrong && `The matrix-vector product is wrong at ${wrong[0]}, on ${engine.name}.` }
}

/** Corners, edges and some in between. */
function places(rows: number, columns: number): readonly (readonly [number, number])[] {
  const random = stream(3, "mix")
  const inside = Array.from(
    { length: 64 },
    (_, i) => [random.below(2 * i, rows), random.below(2 * i + 1, columns)] as const,
  )
  return [[0, 0], [0, columns - 1], [rows - 1, 0], [rows - 1, columns - 1], ...inside]
}

interface Speeds {
  readonly product?: number // G mul-adds, counted as two operations, a second
  readonly matrixVector?: number // G MAC a second
  /** Why nothing was measured. */
  readonly missing?: string
  /** What came out wrong. */
  readonly faults: readonly string[]
}

export function measureProducts({ isQuick, folder }: PartOptions): Part {
  const seconds = isQuick ? 2 : 8
  say("limits and products in WebAssembly")
  const limits = wasmLimits(SIZES.at(-1)!)
  const rounds = 20_000
  const own = [() => limits.peak(rounds), ...SIZES.map((bytes) => () => limits.read(bytes))]
  const { speeds: ours, others } = speedsOf("wasm", own, seconds)
  const peak = (rounds * FLOPS_A_ROUND) / others[0]! / 1e6
  const gbs = SIZES.map((bytes, i) => bytes / others[i + 1]! / 1e6)
  say("limits and products in C")
  const inC = nativeLimits(folder, SIZES)
  const { speeds: natives } = speedsOf("native", [], seconds)
  const widest = typeof inC === "string" ? undefined : inC.reduce((a, b) => (b.gflops > a.gflops ? b : a))

  const faults = [...ours.faults, ...natives.faults]
  const missing = [ours.missing, natives.missing, typeof inC === "string" ? inC : undefined]
  const remarks = missing.flatMap((reason) => (reason === undefined ? [] : [`Not measured: ${reason}.`]))
  return {
    measures: [
      ...productMeasures("WASM", ours, peak, gbs[1]!, { share: 0.6, must: 30, aim: 40 }),
      ...productMeasures("native", natives, widest?.gflops, widest?.gbs[1], { share: 0.7, must: 55, aim: 75 }),
    ],
    sections: [limitsSection(peak, gbs, typeof inC === "string" ? [] : inC, [...remarks, ...faults])],
    isSame: faults.length === 0,
  }
}

/** An engine's products, timed in turn with `others`. */
function speedsOf(
  name: EngineName,
  others: readonly (() => void)[],
  seconds: number,
): { readonly speeds: Speeds; readonly others: readonly number[] } {
  const engine = measuredEngine(name)
  if (typeof engine === "string") return { speeds: { missing: engine, faults: [] }, others: bestMs(others, seconds) }
  const works = [productOn(engine), matrixVectorOn(engine)] as const
  const faults = works.flatMap((work) => work.fault ?? [])
  const [product, vector, ...rest] = bestMs([...works.map(({ run }) => run), ...others], seconds)
  const speeds = { product: (2 * SIDE ** 3) / product! / 1e6, matrixVector: (ROWS * COLUMNS) / vector! / 1e6, faults }
  return { speeds, others: rest }
}

function productMeasures(
  name: string,
  { product, matrixVector }: Speeds,
  peak: number | undefined,
  gbs: number | undefined,
  bars: { readonly share: number; readonly must: number; readonly aim: number },
): readonly Measure[] {
  const over = (value: number | undefined, limit: number | undefined): number | undefined =>
    value === undefined || limit === undefined ? undefined : value / limit
  return [
    {
      name: `f32 256^3 product, ${name}, of its mul+add peak`,
      value: over(product, peak),
      unit: "x",
      digits: 2,
      bars: { is: "at least", must: bars.share },
    },
    {
      name: `f32 256^3 product, ${name}`,
      value: product,
      unit: "GFLOP/s",
      digits: 1,
      peer: { name: "mul+add peak", value: peak },
    },
    {
      name: `int8 768x288 matrix-vector, ${name}`,
      value: matrixVector,
      unit: "G MAC/s",
      digits: 1,
      bars: { is: "at least", must: bars.must, aim: bars.aim },
      peer: { name: "GB/s of reading it", value: gbs },
    },
    {
      name: `int8 768x288 matrix-vector, ${name}, of reading it`,
      value: over(matrixVector, gbs),
      unit: "MAC/byte",
      digits: 2,
    },
  ]
}

function limitsSection(
  peak: number,
  gbs: readonly number[],
  inC: readonly NativeLimits[],
  remarks: readonly string[],
): Section {
  const row = (name: string, gflops: number, reads: readonly number[]): readonly Cell[] => [
    name,
    number(gflops, 1),
    ...reads.map((read) => number(read, 1)),
  ]
  return {
    title: "What one core allows",
    notes: [
      "f32 multiplications and additions that are not contracted, 12 chains of them; reading is 16 bytes or a vector a load. The best of short windows; in WebAssembly they take turns with the products, so a ratio is of one moment.",
      ...remarks,
    ],
    table: {
      heading: ["target", "mul+add GFLOP/s", ...SIZE_NAMES.map((name) => `GB/s, ${name}`)],
      rows: [
        row("WebAssembly, 16 bytes", peak, gbs),
        ...inC.map((each) => row(`C, ${each.width} bytes`, each.gflops, each.gbs)),
      ],
    },
  }
}
