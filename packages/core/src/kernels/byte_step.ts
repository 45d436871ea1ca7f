import {
  add,
  and,
  binary,
  buffer,
  clamp,
  i32,
  less,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  max,
  min,
  mul,
  parallel,
  select,
  set,
  shl,
  shrS,
  shrU,
  store,
  sub,
  table,
} from "../ir/build.ts"
import type { Block, Buffer, Expression, Program } from "../ir/program.ts"
import { FREQUENCIES_TOTAL, shareOf } from "./byte_frequencies.ts"

const v = local

export interface ByteStepOptions {
  /** R rows, D numbers of each, H numbers of state. */
  readonly rows: number
  readonly features: number
  readonly hidden: number
  /** By how many bits the sums of a product are shifted to the left, and to the right once they were multiplied: 17 to 31. */
  readonly shifts: Readonly<Record<"given" | "state" | "head", { readonly lift: number; readonly shift: number }>>
  /**
   * Lower bits of the state that products leave out: with 8, both factors have 8 bits, which small chips multiply several times
   * as fast. With 0, all is to the bit as in the graph of quantise/byte_net.ts.
   */
  readonly cut: 0 | 8
  /** Of gates: quantise/gru.ts. */
  readonly tables: Readonly<Record<"sigmoid" | "sigmoid_steps" | "tanh" | "tanh_steps", ArrayLike<number>>>
}

/**
 * One step of a net over bytes that keeps next to nothing between its sums: a gate after the other, with what
 * each row of bytes gets in the end, not each byte.
 *
 * Shapes: byte i32 [1], negative for a text that begins; weights by the names of `byteNetTensors`, sharers i32 [R] as
 * `byteSharers` gives them → h i16 [H], the state, and shares i32 [R + 2]: what a byte of each row has, less 1, then the byte
 * that has most and what it has beyond. `nodeChance` reads them. Room: D + 5 · H + 2 · R bytes beside these.
 */
export function byteStep({ rows, features, hidden, shifts, cut, tables }: ByteStepOptions): Program {
  const [byte, rowOf] = [buffer("input", "i32", "byte", 1), buffer("input", "u8", "row_of", 256)]
  const given = productOf("given", features, 3 * hidden)
  const state = productOf("state", hidden, 3 * hidden, hidden)
  const head = productOf("head", hidden, rows)
  const embedded = buffer("input", "i8", "table", rows * features)
  const sharers = buffer("input", "i32", "sharers", rows)
  const h = buffer("state", "i16", "h", hidden)
  const shares = buffer("output", "i32", "shares", rows + 2)
  const seen = buffer("scratch", "i8", "seen", features)
  const shown = cut === 0 ? h : buffer("scratch", "i8", "shown", hidden)
  const show = (name: string): Block =>
    shown === h ? [] : [parallel(name, hidden, [store(shown, v(name), shrS(load(h, v(name)), cut))])]
  const [one, two] = [buffer("scratch", "i16", "one", hidden), buffer("scratch", "i16", "two", hidden)]
  const logits = buffer("scratch", "i16", "logits", rows)
  const constants = Object.entries(tables).map(([name, values]) => table("i16", name, Array.from(values)))
  const [sigmoid, sigmoidSteps, tanh, tanhSteps] = constants as [Buffer, Buffer, Buffer, Buffer]
  /** The sums of one product for one gate, or of all columns: unit by unit, each as `then` has it. */
  const summed = (
    name: string,
    of: Product,
    x: Buffer,
    from: number,
    count: number,
    then: (scaled: Expression, unit: Expression) => Block,
  ) => {
    const [unit, part, sum] = [v(`${name}_unit`), v(`${name}_part`), v(`${name}_sum`)]
    const width = of.multiplier.length
    const column = add(unit, i32(from))
    const weight = load(of.weights, add(mul(part, i32(width)), column))
    const bias =
      of.bias.length === width ? load(of.bias, column) : from === width - of.bias.length ? load(of.bias, unit) : i32(0)
    return parallel(unit, count, [
      let_(sum, i32(0)),
      loop(part, x.length, [set(sum, add(sum, mul(load(x, part), weight)))]),
      ...then(
        requantised(
          add(x === shown && cut > 0 ? shl(sum, cut) : sum, bias),
          load(of.multiplier, column),
          shifts[of.name],
        ),
        unit,
      ),
    ])
  }
  const [RESET, UPDATE, NEW] = [0, hidden, 2 * hidden]
  /** What the byte adds to a gate, then what comes of that and what the state adds. */
  const gate = (
    name: string,
    from: number,
    into: Buffer,
    then: (given: Expression, state: Expression, unit: Expression) => Block,
  ): Block => [
    summed(`${name}_given`, given, seen, from, hidden, (scaled, unit) => [store(into, unit, scaled)]),
    summed(`${name}_state`, state, shown, from, hidden, (scaled, unit) => [
      let_(`${name}_added`, scaled),
      ...then(load(into, unit), v(`${name}_added`), unit),
    ]),
  ]
  const step: Block = [
    let_("is_new", less(load(byte, i32(0)), i32(0))),
    let_("row", mul(rowAt(rowOf, clamp(load(byte, i32(0)), 0, 255), rows), i32(features))),
    parallel("feature", features, [store(seen, v("feature"), load(embedded, add(v("row"), v("feature"))))]),
    ...show("before"),
    ...gate("reset", RESET, one, (x, y, unit) => [
      ...smooth("reset", add(x, y), sigmoid, sigmoidSteps),
      store(one, unit, v("reset")),
    ]),
    ...gate("new", NEW, two, (x, y, unit) => [
      ...smooth("new", add(x, share(load(one, unit), y)), tanh, tanhSteps),
      store(two, unit, v("new")),
    ]),
    ...gate("update", UPDATE, one, (x, y, unit) => [
      ...smooth("update", add(x, y), sigmoid, sigmoidSteps),
      let_("fresh", load(two, unit)),
      let_("stepped", add(v("fresh"), share(v("update"), sub(load(h, unit), v("fresh"))))),
      store(one, unit, select(v("is_new"), i32(0), clamp(v("stepped"), -32768, 32767))),
    ]),
    parallel("taken", hidden, [store(h, v("taken"), load(one, v("taken")))]),
    ...show("after"),
    summed("logit", head, shown, 0, rows, (scaled, unit) => [store(logits, unit, scaled)]),
  ]
  const rest: Block = [
    let_("top", i32(-1)),
    let_("top_byte", i32(0)),
    loop("each_byte", 256, [
      let_("frequency", load(shares, rowAt(rowOf, v("each_byte"), rows))),
      set("top_byte", select(less(v("top"), v("frequency")), v("each_byte"), v("top_byte"))),
      set("top", max(v("top"), v("frequency"))),
    ]),
    store(shares, i32(rows), v("top_byte")),
    store(shares, i32(rows + 1), v("rest")),
  ]
  const { block: sharing, powers } = shareOf({ logits, sharers, parts: shares, shares, rows })
  const weights = [given, state, head].flatMap(({ weights, bias, multiplier }) => [weights, bias, multiplier])
  return {
    name: "byte_step",
    buffers: [
      byte,
      rowOf,
      embedded,
      ...weights,
      sharers,
      h,
      shares,
      seen,
      ...(shown === h ? [] : [shown]),
      one,
      two,
      logits,
      ...constants,
      powers,
    ],
    body: [...step, ...sharing, ...rest],
  }
}

interface Product {
  readonly name: "given" | "state" | "head"
  readonly weights: Buffer
  readonly bias: Buffer
  readonly multiplier: Buffer
}
const productOf = (name: Product["name"], height: number, width: number, biases = width): Product => ({
  name,
  weights: buffer("input", "i8", name, height * width),
  bias: buffer("input", "i32", `${name}_bias`, biases),
  multiplier: buffer("input", "i16", `${name}_multiplier`, width),
})
const rowAt = (rowOf: Buffer, byte: Expression, rows: number): Expression => clamp(load(rowOf, byte), 0, rows - 1)

/** As graph/requantise.ts has it: 16 bits of the sum at a time, since 64 are not to be had. */
function requantised(
  sum: Expression,
  multiplier: Expression,
  { lift, shift }: ByteStepOptions["shifts"]["head"],
): Expression {
  const x = lift === 0 ? sum : shl(sum, lift)
  const m = clamp(multiplier, 0, 32767)
  const product = add(mul(shrS(x, 16), m), shrU(mul(and(x, 65535), m), 16))
  return clamp(shrS(add(product, i32(2 ** (shift - 17))), shift - 16), -32768, 32767)
}
const share = (part: Expression, of: Expression): Expression => shrS(add(mul(part, of), i32(16384)), 15)
/** Binds `name`: the table's entry for the high byte of a gate, and the line to the next one for the low byte. */
const smooth = (name: string, gate: Expression, entries: Buffer, steps: Buffer): Block => [
  let_(`${name}_gate`, gate),
  let_(`${name}_wide`, clamp(add(v(`${name}_gate`), v(`${name}_gate`)), -32768, 32767)),
  let_(`${name}_entry`, add(shrS(v(`${name}_wide`), 8), i32(128))),
  let_(`${name}_along`, mul(load(steps, v(`${name}_entry`)), and(v(`${name}_wide`), 255))),
  let_(name, add(load(entries, v(`${name}_entry`)), shrS(add(v(`${name}_along`), i32(128)), 8))),
]

/**
 * Binds `chance`, 0 … 4095, to the chance of a one after the bits of `now`, 1 … 255, in units of 2⁻¹², rounded down: what
 * `bitProbability` gives, less its last four bits. Sums what the bytes of both halves have, 255 of them for a whole byte.
 */
export function nodeChance(shares: Buffer, rowOf: Buffer, now: Expression): Block {
  const rows = shares.length - 2
  const frequency = (byte: Expression): Expression =>
    total3(
      load(shares, rowAt(rowOf, and(byte, 255), rows)),
      i32(1),
      select(binary("i32.eq", byte, v("most")), load(shares, i32(rows + 1)), i32(0)),
    )
  return [
    let_("most", load(shares, i32(rows))),
    let_("first", now),
    let_("half", i32(1)),
    loop("down", 7, [
      let_("goes", less(v("first"), i32(128))),
      set("first", shl(v("first"), v("goes"))),
      set("half", shl(v("half"), v("goes"))),
    ]),
    set("first", and(shl(v("first"), 1), 255)),
    let_("zeros", i32(0)),
    let_("ones", i32(0)),
    loopUpTo("member", v("half"), 128, [
      let_("of_zeros", add(v("first"), v("member"))),
      let_("of_ones", add(v("of_zeros"), v("half"))),
      set("zeros", add(v("zeros"), frequency(v("of_zeros")))),
      set("ones", add(v("ones"), frequency(v("of_ones")))),
    ]),
    // Sums are 2²⁰ at most; whatever lies in `shares`, the division is not by nothing.
    let_("both", max(and(add(v("zeros"), v("ones")), 2 * FREQUENCIES_TOTAL - 1), i32(1))),
    let_("chance", min(and(binary("i32.div_u", shl(v("ones"), 12), v("both")), 0x7fffffff), i32(4095))),
  ]
}
const total3 = (a: Expression, b: Expression, c: Expression): Expression => add(add(a, b), c)
