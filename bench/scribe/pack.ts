/** Part pack: files of every kind, packed on one engine and unpacked on another, and how many come back exactly. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Predictor } from "@open-brains/core/run/predictor.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { number, type Section, say } from "../shared/report.ts"
import { type Sample, sampleFiles } from "./files.ts"
import { fastEngine, MEMORY_BYTES, openWith } from "./open.ts"

/** The code of these bytes, by a predictor that has read nothing. */
export function pack(predictor: Predictor, bytes: Uint8Array): Uint8Array {
  predictor.reset()
  const code: number[] = []
  for (const byte of bytes) for (const each of predictor.encode(byte)) code.push(each)
  for (const each of predictor.finish()) code.push(each)
  return Uint8Array.from(code)
}

/** The bytes that a code tells of. How many is not part of the code. */
export function unpack(predictor: Predictor, code: Uint8Array, length: number): Uint8Array {
  predictor.reset()
  let at = 0
  const source = (): number => code[at++] ?? 0
  predictor.open(source)
  return Uint8Array.from({ length }, () => predictor.decode(source))
}

/** Engines to pack and unpack on, each with a predictor of its own of so much memory. */
export interface Pair {
  readonly from: Engine
  readonly to: Engine
  readonly memoryBytes: number
  /** Larger files are left out. */
  readonly bytesMax: number
}
export interface Outcome {
  readonly pair: Pair
  readonly files: number
  /** Files that came back otherwise than they were. */
  readonly wrong: number
  readonly bytes: number
  readonly packed: number
  readonly seconds: number
  readonly byKind: Readonly<Record<string, Kind>>
}
interface Kind {
  readonly bytes: number
  readonly packed: number
}
/** An interpreter takes a second for what the others do in a moment: it has smaller files and smaller tables. */
const INTERPRETED = { memoryBytes: 2 ** 16, bytesMax: 2048 }

export function outcomeOf(pair: Pair, files: readonly Sample[]): Outcome {
  const [from, to] = [openWith(pair.memoryBytes, pair.from), openWith(pair.memoryBytes, pair.to)]
  const chosen = files.filter(({ bytes }) => bytes.length <= pair.bytesMax)
  const byKind: Record<string, Kind> = {}
  let [wrong, bytesAll, packedAll] = [0, 0, 0]
  const start = performance.now()
  for (const { kind, bytes } of chosen) {
    const code = pack(from, bytes)
    const back = unpack(to, code, bytes.length)
    if (Buffer.compare(back, bytes) !== 0) wrong++
    const before = byKind[kind] ?? { bytes: 0, packed: 0 }
    byKind[kind] = { bytes: before.bytes + bytes.length, packed: before.packed + code.length }
    bytesAll += bytes.length
    packedAll += code.length
  }
  const seconds = (performance.now() - start) / 1000
  say(
    `${pair.from.name} to ${pair.to.name}: ${chosen.length - wrong} of ${chosen.length} files, ${seconds.toFixed(0)} s`,
  )
  return { pair, files: chosen.length, wrong, bytes: bytesAll, packed: packedAll, seconds, byKind }
}

export function measurePacking({ isQuick }: PartOptions): Part {
  const files = isQuick ? sampleFiles(30, 2 ** 15) : sampleFiles(200, 2 ** 20)
  const { engine: native, asides } = fastEngine()
  const fast = { memoryBytes: MEMORY_BYTES, bytesMax: Number.POSITIVE_INFINITY }
  const slow = isQuick ? { ...INTERPRETED, bytesMax: 256 } : INTERPRETED
  const outcomes = [
    { from: wasmEngine, to: native, ...fast },
    { from: native, to: wasmEngine, ...fast },
    { from: interpreterEngine, to: wasmEngine, ...slow },
    { from: native, to: interpreterEngine, ...slow },
  ].map((pair) => outcomeOf(pair, files))
  const wrong = outcomes.reduce((sum, each) => sum + each.wrong, 0)
  const all = outcomes.reduce((sum, each) => sum + each.files, 0)
  return {
    measures: [
      {
        name: `files that do not come back exactly, of ${all} packed on one engine and unpacked on another`,
        value: wrong,
        unit: "files",
        digits: 0,
        bars: { is: "at most", must: 0 },
      },
    ],
    sections: [pairSection(outcomes, asides), kindSection(outcomes[0]!)],
    isSame: wrong === 0,
  }
}

const pairSection = (outcomes: readonly Outcome[], asides: readonly string[]): Section => ({
  title: "Packed on one engine, unpacked on another",
  notes: [
    "Each file by a scribe that has read nothing, learning as it goes; only the code, without a header. Sizes are spread as logarithms are; one file of each kind is empty and one is as large as any.",
    ...asides,
  ],
  table: {
    heading: ["packed on", "unpacked on", "memory", "files", "came back", "bytes", "packed", "seconds"],
    rows: outcomes.map(({ pair, files, wrong, bytes, packed, seconds }) => [
      pair.from.name,
      pair.to.name,
      `${pair.memoryBytes}`,
      `${files}`,
      `${files - wrong}`,
      `${bytes}`,
      `${packed}`,
      number(seconds, 0),
    ]),
  },
})
const kindSection = ({ byKind }: Outcome): Section => ({
  title: "Bytes by kind of file",
  notes: [],
  table: {
    heading: ["kind", "bytes", "packed", "bits a byte"],
    rows: Object.entries(byKind).map(([kind, { bytes, packed }]) => [
      kind,
      `${bytes}`,
      `${packed}`,
      number((packed * 8) / bytes, 3),
    ]),
  },
})
