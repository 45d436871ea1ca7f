import { add, and, i32, local, min, mul, or, shl, shrU } from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"
import { correction } from "./correction.ts"
import { mixer, type Selector, WEIGHT_ONE } from "./mixer.ts"
import { narrowMixer } from "./narrow_mixer.ts"

const v = local

/** How votes become a chance, and what is learnt of it. */
export type MixingOptions =
  /** Rows of each of five sets of weights, a power of two up to 256; rows of each of three tables of corrections, a power of two. */
  | { readonly kind: "wide"; readonly rows: number; readonly corrections: number }
  /** For boards: rows of its three sets, by the bits so far, by how many know, and by the last byte; and one row of corrections. */
  | { readonly kind: "narrow"; readonly rows: readonly [bits: number, known: number, last: number] }

/** What chooses among weights beside `now`, the bits so far, and `known`, how many experts know their context. */
export interface Situation {
  /** The byte so many bytes ago. */
  readonly past: (back: number) => Expression
  /** What the match model knows, 0 … 15. */
  readonly stands: Expression
}
export interface Mixing {
  readonly buffers: readonly Buffer[]
  /** Binds `mixed`, a logit, and `chance`, in units of 2⁻¹⁶. */
  readonly mix: Block
  /** From `target`, 65535 for a one and 0 for a zero. */
  readonly learn: Block
  /** After each byte that was learnt. */
  readonly adjust: Block
  readonly reset: Block
}

export const mixingOf = (inputs: Buffer, options: MixingOptions, situation: Situation): Mixing =>
  options.kind === "wide" ? wide(inputs, options, situation) : narrow(inputs, options.rows, situation)

function wide(
  inputs: Buffer,
  { rows, corrections }: Extract<MixingOptions, { kind: "wide" }>,
  { past, stands }: Situation,
): Mixing {
  const selectors: readonly Selector[] = [
    { name: "bits", row: v("now") },
    { name: "known", row: or(shl(stands, 4), min(v("known"), i32(15))) },
    { name: "last", row: past(1) },
    { name: "last_but_one", row: past(2) },
    { name: "bits_known", row: or(and(v("now"), 31), shl(min(shrU(v("known"), 1), i32(7)), 5)) },
  ]
  const mix = mixer(inputs, selectors, rows, WEIGHT_ONE / 8)
  const corrected = correction(
    [1, 2, 3].map((order) => lastOf(past, order)),
    corrections,
  )
  return { ...both(mix, corrected), adjust: mix.adjust }
}

function narrow(inputs: Buffer, [bits, known, last]: readonly [number, number, number], { past }: Situation): Mixing {
  const mix = narrowMixer(inputs, [
    { name: "bits", row: v("now"), rows: bits },
    { name: "known", row: v("known"), rows: known },
    // Its upper bits: bytes that stand near each other are of one kind.
    { name: "last", row: shrU(past(1), 8 - Math.log2(last)), rows: last },
  ])
  return { ...both(mix, correction([v("now")], 1)), adjust: [] }
}

const lastOf = (past: Situation["past"], order: number): Expression =>
  Array.from({ length: order }, (_, k) => past(k + 1)).reduce(
    (hash, byte) => add(mul(hash, i32(0x2f0b4c47)), add(byte, i32(1))),
    v("now") as Expression,
  )
function both(
  mix: Pick<Mixing, "buffers" | "mix" | "learn" | "reset">,
  { buffers, correct, learn, reset }: ReturnType<typeof correction>,
): Omit<Mixing, "adjust"> {
  return {
    buffers: [...mix.buffers, ...buffers],
    mix: [...mix.mix, ...correct],
    learn: [...mix.learn, ...learn],
    reset: [...mix.reset, ...reset],
  }
}
