/** A net that writes names letter by letter, in integers all through: a graph that a chip of 8 bits can run. */
import { sizeOf } from "@open-brains/core/base/shape.ts"
import type { Net } from "@open-brains/core/graph/dims_text.ts"
import type { Node } from "@open-brains/core/graph/graph.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { drawSymbol, SHARPNESS_MAX, STEPS_PER_BIT } from "@open-brains/core/kernels/draw.ts"
import { nibbleRows } from "@open-brains/core/kernels/nibble_rows.ts"
import { RANDOM_STEP, randomWord } from "@open-brains/core/kernels/random_word.ts"

/** The end of a name, which stands before its beginning too, then a … z. */
export const SYMBOLS = 27

export interface Shape {
  /** Letters back that each have a row of their own at each place. */
  readonly context: number
  /** Rows that the last three letters share, by a hash: a power of two. */
  readonly triples: number
  readonly hidden: number
}
export const SHAPE: Shape = { context: 6, triples: 512, hidden: 56 }

/** Steps to 1 of the numbers before the rectifier, of the matrix, and so of a logit in nats. */
export const [HIDDEN_STEPS, MATRIX_STEPS] = [12, 64]
const LOGIT_STEPS = HIDDEN_STEPS * MATRIX_STEPS
/** The temperature at which the net says what it has learnt: 1, in sixteenths. */
export const TEMPERATURE = 16
/** What a gap between two logits is multiplied by for the table of shares, in 2⁻¹⁶, at a temperature of a sixteenth. */
const SHARPNESS = Math.round((65536 * STEPS_PER_BIT * Math.LOG2E * TEMPERATURE) / LOGIT_STEPS)
if (SHARPNESS > SHARPNESS_MAX) throw new Error("bug: logits are too coarse for the table of shares")

export const rowsOf = ({ context, triples }: Shape): number => SYMBOLS * context + triples
/** How many rows are added up. */
export const slotsOf = ({ context }: Shape): number => context + 1

/** Which number of a row each hidden unit has: the even ones first, as they are added up (kernels/nibble_rows.ts). */
export const unitsOf = (hidden: number): readonly number[] =>
  Array.from({ length: hidden }, (_, unit) => (2 * unit < hidden ? 2 * unit : 2 * unit + 1 - hidden))

/**
 * Rows that a context has, the last symbol first: 27 k + s_k for each place k, then the triple's, by
 * (s₀ + 27 s₁ + 729 s₂) mod triples.
 */
export function slotsFor(context: ArrayLike<number>, { context: places, triples }: Shape): readonly number[] {
  const hash = (context[0]! + SYMBOLS * context[1]! + SYMBOLS * SYMBOLS * context[2]!) % triples
  return [...Array.from({ length: places }, (_, k) => SYMBOLS * k + context[k]!), SYMBOLS * places + hash]
}
function slotsOfNode(context: Node, shape: Shape): Node {
  const wide = op.convert(context, "i32")
  const number = (value: number, length: number): Node => op.fill(value, { shape: [length], dtype: "i32" })
  const own = op.add(wide, op.multiply(op.iota([shape.context], 0), number(SYMBOLS, shape.context)))
  const symbol = (k: number): Node => op.multiply(op.slice(wide, [k], [k + 1]), number(SYMBOLS ** k, 1))
  const hash = op.bitwiseAnd(op.add(op.add(symbol(0), symbol(1)), symbol(2)), number(shape.triples - 1, 1))
  return op.concatenate([own, op.add(hash, number(SYMBOLS * shape.context, 1))], 0)
}

/** The outputs of one run of a kernel: rows, as what it takes is. */
function outputsOf(program: Program, names: readonly string[], inputs: readonly Node[]): readonly Node[] {
  const rows = inputs.map((each) => op.reshape(each, [1, sizeOf(each.shape)]))
  return names.map((output) => op.node("kernel", rows, { program, output }))
}
const wordOf = (counter: Node): Node => outputsOf(randomWord(), ["word"], [counter])[0]!
const flat = (row: Node): Node => op.reshape(row, [sizeOf(row.shape)])

/**
 * h = clamp(Σ rows + bias, 0, 255), z = h · matrix; shares of symbols by a table, one of them drawn.
 *
 * Entries: `begin` takes a seed and a temperature in sixteenths (16 as learnt, and so is 0); `step` gives the next
 * `character`, 1 … 26 for a … z and 0 for the end, after which the next one begins another name, and the `shares` of all,
 * of which there are `total`. Where `given` is not 0, it is the letter that comes, whatever was drawn.
 * State: the last letters, the counter of the random words, and how much sharper than learnt the shares are: where all is
 * 0, a name begins.
 */
export function namesNet(shape: Shape): Net {
  const { hidden } = shape
  const context = op.weight("context", "u8", [shape.context])
  const counter = op.weight("counter", "i32", [1])
  const sharper = op.weight("sharper", "i32", [1])
  const one = (value: number): Node => op.fill(value, { shape: [1], dtype: "i32" })
  const asLearnt = one(Math.floor(SHARPNESS / TEMPERATURE))

  const table = op.weight("table_nibbles", "u8", [rowsOf(shape), hidden / 2])
  const program = nibbleRows(rowsOf(shape), hidden, slotsOf(shape))
  const sums = op.concatenate(outputsOf(program, ["even", "odd"], [table, slotsOfNode(context, shape)]), 1)
  const inside = op.add(op.convert(sums, "i32"), op.convert(op.weight("bias", "i16", [1, hidden]), "i32"))
  const h = op.convert(inside, "u8")
  const logits = op.matmul(h, op.weight("matrix", "i8", [hidden, SYMBOLS]))

  const drawing = [logits, op.add(asLearnt, sharper), wordOf(counter)]
  const [shares, total, drawn] = outputsOf(drawSymbol(SYMBOLS), ["shares", "total", "drawn"], drawing)
  const given = op.smaller(op.convert(op.input("given", "u8", [1]), "i32"), one(SYMBOLS - 1))
  const symbol = op.select(op.equal(given, one(0)), op.convert(flat(drawn!), "i32"), given)
  const character = op.convert(symbol, "u8")
  const isEnd = op.broadcast(op.equal(symbol, one(0)), 0, shape.context)
  const shifted = op.concatenate([character, op.slice(context, [0], [shape.context - 1])], 0)

  const seed = op.input("seed", "i32", [1])
  const asked = op.convert(op.input("temperature", "u8", [1]), "i32")
  const temperature = op.select(op.equal(asked, one(0)), one(TEMPERATURE), asked)
  return {
    maxima: {},
    state: { context: 1, counter: 1, sharper: 1 },
    at: () => ({
      begin: {
        outputs: {},
        updates: [
          { weight: context, value: op.fill(0, context) },
          { weight: counter, value: flat(wordOf(seed)) },
          { weight: sharper, value: op.subtract(op.divide(one(SHARPNESS), temperature), asLearnt) },
        ],
      },
      step: {
        outputs: { character, shares: shares!, total: total! },
        updates: [
          { weight: context, value: op.select(op.convert(isEnd, "u8"), op.fill(0, context), shifted) },
          { weight: counter, value: op.add(counter, one(RANDOM_STEP)) },
        ],
      },
    }),
  }
}
