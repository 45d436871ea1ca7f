/** Part quality: bits a character, adaptive and frozen, beside packers on the same file; and bits a byte of other texts. */
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Part, PartOptions } from "../shared/part.ts"
import { type Cell, type Measure, mean, number, type Section, say } from "../shared/report.ts"
import { bitsAfter, fastEngine, MEMORY_BYTES, type Opened, openWith, openWithin } from "./open.ts"
import { others } from "./others.ts"
import { bestPpmd, bitsOf, missingPeer, ORDERS, type Peer, packWith, ppmd, xz, zpaq, zstd } from "./peers.ts"
import { SHAKESPEARE, type Tenths, tenthsOf, wholeTexts } from "./texts.ts"

/** All that a small scribe may hold: tables, what it works with, and weights. */
const SMALL_BYTES = 2 ** 18

interface Row {
  readonly name: string
  readonly adaptive?: number | undefined
  readonly frozen?: number | undefined
  /** Adaptive, from the first byte to the last. */
  readonly whole?: number | undefined
  readonly bytes?: number | undefined
  readonly source: string
}

/** Figures that this bench did not measure, and says so. */
const ELSEWHERE: readonly Row[] = [
  { name: "lpaq1", adaptive: 1.912, source: "measured before and elsewhere, not in this run" },
  { name: "paq8px -5", adaptive: 1.738, source: "measured before and elsewhere, not in this run" },
  { name: "nanoGPT, 10.65M parameters", frozen: 2.12, source: "published: 1.4697 nats a character" },
]

export function measureQuality({ isQuick, folder }: PartOptions): Part {
  const tenths = tenthsOf(isQuick)
  const { engine } = fastEngine()
  const whole = rowOf("scribe, 16 MB", { predictor: openWith(MEMORY_BYTES, engine), weightsBytes: 0 }, tenths)
  const small = rowOf("scribe, 256 KB in all", openWithin(SMALL_BYTES, engine), tenths)
  const withNet = netRowOf("scribe, 16 MB, with the net", MEMORY_BYTES, isQuick, tenths, engine)
  const smallWithNet = netRowOf("scribe, 256 KB in all, with the net", SMALL_BYTES, isQuick, tenths, engine)
  const peers = [bestPpmd(tenths.seen, folder, isQuick ? [6] : ORDERS), zpaq, xz, zstd]
  const beside = peers.map((peer): Row => {
    say(`${peer.name} ...`)
    const bits = bitsOf(peer, tenths.seen, tenths.scored, folder)
    return {
      name: peer.name,
      adaptive: bits.scored,
      whole: bits.whole,
      source: missingPeer(peer) ?? "this run: (packed whole - packed seen) * 8 / bytes",
    }
  })
  const bars = (must: number, aim: number): Pick<Measure, "bars"> =>
    isQuick ? {} : { bars: { is: "at most", must, aim } }
  const bits = { unit: "bits a character", digits: 4 }
  const [ppmdRow] = beside
  const peer = { peer: { name: ppmdRow!.name, value: ppmdRow!.adaptive } }
  const measures: readonly Measure[] = [
    { name: `adaptive, 16 MB`, value: whole.adaptive, ...bits, ...bars(1.92, 1.86), ...peer },
    { name: `frozen, 16 MB`, value: whole.frozen, ...bits, ...bars(2.13, 2.08) },
    {
      name: `adaptive, 16 MB, with the net, mean of seeds`,
      value: withNet.adaptive,
      ...bits,
      ...bars(1.88, 1.82),
      ...peer,
    },
    { name: `frozen, 16 MB, with the net`, value: withNet.frozen, ...bits },
    { name: "adaptive, 256 KB in all, without a net", value: small.adaptive, ...bits },
    {
      name: "adaptive, 256 KB in all, with the net, mean of seeds",
      value: smallWithNet.adaptive,
      ...bits,
      ...bars(2.2, 2.12),
    },
    { name: "bytes of the small scribe, with the net", value: smallWithNet.bytes, unit: "bytes", digits: 0 },
  ]
  const ours = [whole, withNet, small, smallWithNet]
  return {
    measures,
    sections: [sectionOf([...ours, ...beside, ...ELSEWHERE], tenths), textsSection(engine, isQuick, folder)],
    isSame: true,
  }
}

const SEEDS = [1, 2, 3, 4, 5]
/** The mean of nets of several seeds. What a net learnt is not scored: it has no figure for the whole. */
function netRowOf(name: string, bytesMax: number, isQuick: boolean, tenths: Tenths, engine: Engine): Row {
  const seeds = isQuick ? SEEDS.slice(0, 1) : SEEDS
  const rows = seeds.map((seed) => rowOf(name, others.withNet?.(tenths.seen, bytesMax, engine, seed), tenths))
  const [first] = rows
  if (first?.adaptive === undefined) return first!
  const all = rows.map(({ adaptive }) => adaptive!)
  const source = `this run: mean of ${seeds.length}, ${Math.min(...all).toFixed(4)} to ${Math.max(...all).toFixed(4)}`
  return {
    name,
    adaptive: mean(all),
    frozen: mean(rows.map(({ frozen }) => frozen!)),
    ...(first.bytes === undefined ? {} : { bytes: first.bytes }),
    source,
  }
}

function rowOf(name: string, opened: Opened | undefined, { seen, scored }: Tenths): Row {
  if (opened === undefined) return { name, source: "nothing of the kind yet" }
  const { predictor, weightsBytes } = opened
  const { seen: before, adaptive, frozen } = bitsAfter(predictor, seen, scored)
  const [a, f] = [adaptive / scored.length, frozen / scored.length]
  say(`${name}: ${a.toFixed(4)} adaptive, ${f.toFixed(4)} frozen`)
  const whole = (before + adaptive) / (seen.length + scored.length)
  return { name, adaptive: a, frozen: f, whole, bytes: predictor.memoryBytes + weightsBytes, source: "this run" }
}

function sectionOf(rows: readonly Row[], { seen, scored, where }: Tenths): Section {
  return {
    title: `Bits a character of ${where} of ${SHAKESPEARE}`,
    notes: [
      `Seen: ${seen.length} bytes, scored: ${scored.length}. Adaptive: it goes on learning where it is scored, each bit after it was scored. Frozen: it learns nothing there. The two are not to be compared. Bytes are all that it holds, declared by the program: tables, history, mixer and weights. PPMd's order is the best of several on the last ninth of what is seen. zpaq sizes its tables by the file, in steps of powers of two: where the whole is past a step that the part is not, its difference flatters it, and the whole is the fairer figure.`,
    ],
    table: {
      heading: ["predictor", "adaptive", "frozen", "whole, adaptive", "bytes held", "source"],
      rows: rows.map(({ name, adaptive, frozen, whole, bytes, source }): readonly Cell[] => [
        name,
        number(adaptive, 4),
        number(frozen, 4),
        number(whole, 4),
        number(bytes, 0),
        source,
      ]),
    },
  }
}

/** A quick run reads so much of each text. */
const QUICK_BYTES = 100_000

function textsSection(engine: Engine, isQuick: boolean, folder: string): Section {
  const peers: readonly Peer[] = [ppmd(6), zpaq, xz, zstd]
  const predictor = openWith(MEMORY_BYTES, engine)
  const rows = wholeTexts().map(({ name, bytes: all }): readonly Cell[] => {
    const bytes = isQuick ? all.subarray(0, QUICK_BYTES) : all
    say(`${name} ...`)
    predictor.reset()
    const own = predictor.read(bytes, { learns: true }) / bytes.length
    const packed = peers.map((peer) => packWith(peer, bytes, folder)?.bytes)
    return [
      name,
      `${bytes.length}`,
      number(own, 4),
      ...packed.map((size) => number(size === undefined ? undefined : (size * 8) / bytes.length, 4)),
    ]
  })
  return {
    title: "Bits a byte of whole texts, from nothing",
    notes: [
      `The scribe of 16 MB, adaptive, that has read nothing before; peers: the size of the packed file, with its headers. The TypeScript is this repository's own, as it stands.${isQuick ? ` A quick run reads ${QUICK_BYTES} bytes of each.` : ""}`,
    ],
    table: { heading: ["text", "bytes", "scribe", ...peers.map(({ name }) => name)], rows },
  }
}
