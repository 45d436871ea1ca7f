import type { Json } from "../../base/json.ts"
import * as ir from "../build.ts"
import type { Binary, Block, Buffer, Expression } from "../program.ts"

/** What somebody might put into a program so that it reads what it should not, never ends, or breaks an engine. */
export interface Trick {
  /** Added to a program; their names begin with `evil`. */
  readonly buffers: readonly Json[]
  readonly body: readonly Json[]
  readonly entries?: Json
  /** The code that it is refused with; none when it does no harm and runs. */
  readonly code?: `OB${number}`
}

const [bytes, words, floats, out] = [
  ir.buffer("state", "u8", "evil_bytes", 5),
  ir.buffer("state", "i32", "evil_words", 4),
  ir.buffer("state", "f32", "evil_floats", 4),
  ir.buffer("scratch", "i32", "evil_out", 10),
]
const [byte, word, float] = [ir.load(bytes, ir.i32(0)), ir.load(words, ir.i32(1)), ir.load(floats, ir.i32(2))]
const { i32, local, add, sub, mul, max, min, binary, unary } = ir
const [INT_MIN, INT_MAX] = [i32(-(2 ** 31)), i32(2 ** 31 - 1)]
const op = (name: Binary, left: Expression, right: Expression): Expression => binary(name, left, right)
const put = (index: Expression, value: Expression = i32(1)): Block => [ir.store(out, index, value)]
const abs = (e: Expression): Expression => max(e, sub(i32(0), e)) // INT_MIN is its own

const trick = (body: Block, code?: Trick["code"], ...more: readonly (Buffer | Json)[]): Trick => ({
  buffers: [bytes, words, floats, out, ...more] as unknown as readonly Json[],
  body: body as unknown as readonly Json[],
  ...(code && { code }),
})
const odd = (statement: Json): Block => [statement] as unknown as Block
const harmless = (body: Block, ...more: readonly (Buffer | Json)[]): Trick => trick(body, undefined, ...more)
const nested = (depth: number, inner: Block, around: (body: Block, n: number) => Block): Block =>
  Array.from({ length: depth }).reduce<Block>((body, _, n) => around(body, n), inner)

const INDICES: Readonly<Record<string, Trick>> = {
  "an index straight from memory": trick(put(word), "OB210"),
  "a sum that wraps below zero": trick(put(min(add(ir.and(word, 7), i32(2 ** 31 - 3)), i32(9))), "OB210"),
  "a difference that wraps": trick(put(min(sub(ir.and(word, 7), INT_MIN), i32(9))), "OB210"),
  "a product that wraps to a small number": trick(put(min(mul(word, i32(65536)), i32(9))), "OB210"),
  "an absolute value, which INT_MIN has not": trick(put(min(abs(word), i32(9))), "OB210"),
  "an absolute value that is clamped": harmless(put(ir.clamp(abs(word), 0, 9))),
  "a shift by 32, which is one by 0": trick(put(ir.shl(i32(10), 32)), "OB210"),
  "a shift by 33, which is one by 1": harmless(put(ir.shl(i32(4), 33))),
  "a logical shift by 32, which keeps the sign": trick(put(min(ir.shrU(word, 32), i32(9))), "OB210"),
  "a shift by what is in memory": trick(put(ir.shrU(i32(-1), word)), "OB210"),
  "a signed remainder": trick(put(op("i32.rem_s", word, i32(10))), "OB210"),
  "a remainder by zero, which is the number itself": trick(put(op("i32.rem_u", word, i32(0))), "OB210"),
  "a remainder by what may be zero": trick(put(op("i32.rem_u", word, byte)), "OB210"),
  "a remainder by a negative number": trick(put(op("i32.rem_u", word, i32(-10))), "OB210"),
  "a quotient by what may be zero": trick(put(op("i32.div_u", i32(9), ir.and(word, 3))), "OB210"),
  "a mask that is negative": trick(put(ir.and(word, -8)), "OB210"),
  "a clamp the wrong way round": trick(put(max(min(word, i32(9)), i32(-1))), "OB210"),
  "a clamp that meets nothing": harmless(put(max(min(word, i32(9)), i32(0)))),
  "a choice with one bad side": trick(put(ir.select(byte, i32(0), i32(10))), "OB210"),
  "a comparison of NaN": harmless(put(op("f32.eq", float, float))),
  "an index from a float": trick(put(unary("i32.from_f32", float)), "OB210"),
  "an index from a float, clamped": harmless(put(ir.clamp(unary("i32.from_f32", float), 0, 9))),
  "the bits of a float under a mask": harmless(put(ir.and(unary("i32.bits_of_f32", float), 7))),
  "a sum of products of bytes": trick(put(ir.dot4(word, word)), "OB210"),
  "a sum of products of halves": trick(put(min(ir.dot2(word, word), i32(9))), "OB210"),
  "the largest index there is": trick(put(INT_MAX), "OB210"),
  "a word that reaches over the end": trick(put(i32(0), ir.loadPacked(4, bytes, i32(2))), "OB210"),
  "the last word": harmless(put(i32(0), ir.loadPacked(4, bytes, i32(1)))),
  "a word below the beginning": trick(put(i32(0), ir.loadPacked(2, bytes, sub(ir.and(byte, 3), i32(1)))), "OB210"),
  "a word of whole words": trick(put(i32(0), ir.loadPacked(2, words, i32(0))), "OB210"),
  "a word of three bytes": trick(
    put(i32(0), { ...ir.loadPacked(2, bytes, i32(0)), packed: 3 } as unknown as Expression),
    "OB211",
  ),
  "bytes loaded as words": trick(put(i32(0), ir.load({ ...bytes, dtype: "i32" }, i32(4))), "OB210"),
}

const LOOPS: Readonly<Record<string, Trick>> = {
  "a loop longer than what it writes": trick([ir.loop("evil_i", 11, put(local("evil_i")))], "OB210"),
  "a count out of memory under too large a maximum": trick(
    [ir.loopUpTo("evil_i", word, 11, put(local("evil_i")))],
    "OB210",
  ),
  "a count out of memory": harmless([ir.loopUpTo("evil_i", word, 10, put(local("evil_i")))]),
  "a count below zero, and what would be wild inside": harmless([ir.loopUpTo("evil_i", i32(-5), 100, put(INT_MAX))]),
  "the largest count under a small maximum": harmless([ir.loopUpTo("evil_i", INT_MAX, 3, put(local("evil_i")))]),
  "a product of counters that wraps": trick(
    [ir.loop("evil_i", 70_000, put(min(mul(local("evil_i"), local("evil_i")), i32(9))))],
    "OB210",
  ),
  "a counter that is set": trick([ir.loop("evil_i", 9, [ir.set("evil_i", i32(0))])], "OB210"),
  "a counter after its loop": trick([ir.loop("evil_i", 9, []), ...put(local("evil_i"))], "OB210"),
  "a local that grows from round to round": trick(
    [
      ir.let_("evil_j", i32(0)),
      ir.loop("evil_i", 20, [...put(local("evil_j")), ir.set("evil_j", add(local("evil_j"), i32(1)))]),
    ],
    "OB210",
  ),
  "a local that goes round and round": harmless([
    ir.let_("evil_j", i32(0)),
    ir.loop("evil_i", 20, [
      ...put(local("evil_j")),
      ir.set("evil_j", op("i32.rem_u", add(local("evil_j"), i32(1)), i32(10))),
    ]),
  ]),
  "two locals that pass a number on": trick(
    [
      ...[ir.let_("evil_j", i32(0)), ir.let_("evil_k", i32(0))],
      ir.loop("evil_i", 3, [...put(local("evil_j")), ir.set("evil_j", local("evil_k")), ir.set("evil_k", i32(10))]),
    ],
    "OB210",
  ),
  "a local of the branch that was not taken": trick(
    [ir.when(byte, [ir.let_("evil_j", i32(1))]), ...put(local("evil_j"))],
    "OB210",
  ),
  "loops whose maxima multiply to years": trick(
    nested(10, [], (body, n) => [ir.loopUpTo(`evil_i${n}`, word, 2 ** 31 - 1, body)]),
    "OB212",
  ),
  "a maximum beyond all numbers": trick([ir.loopUpTo("evil_i", word, 1e308, [])], "OB210"),
  "a maximum of half a round": trick([ir.loopUpTo("evil_i", word, 0.5, [])], "OB210"),
  "blocks nested deeper than anybody reads": trick(
    nested(100, [], (body) => [ir.when(byte, body)]),
    "OB212",
  ),
  "blocks nested deeper than a stack": trick(
    nested(1000, [], (body) => [ir.when(byte, body)]),
    "OB211",
  ),
  "an expression nested too deep": trick(
    put(
      i32(0),
      Array.from({ length: 100 }).reduce<Expression>((e) => add(e, byte), i32(0)),
    ),
    "OB212",
  ),
  "a promise that rounds are independent, which they are not": harmless([
    ir.parallel("evil_i", 9, put(add(local("evil_i"), i32(1)), ir.load(out, local("evil_i")))),
  ]),
}

const NAMES: Readonly<Record<string, Trick>> = {
  "entries that bind a name twice": {
    ...trick([ir.let_("evil_j", i32(0))], "OB210"),
    entries: { step: [ir.let_("evil_j", word), ...put(local("evil_j"))] as unknown as Json },
  },
  "an entry that reaches out of range": { ...trick([], "OB210"), entries: { step: put(word) as unknown as Json } },
  "an entry called like what engines call the body": { ...trick([], "OB210"), entries: { run: [] } },
  "a body that hides behind an entry called like it": { ...trick(put(word), "OB210"), entries: { body: [] } },
  "an entry called like the body": { ...trick([], "OB210"), entries: { body: [] } },
  "an entry called like the body that reaches out of range": {
    ...trick([], "OB210"),
    entries: { body: put(word) as unknown as Json },
  },
  "an entry that is no block": { ...trick([], "OB211"), entries: { step: null } },
  "a buffer in two places": trick([], "OB210", out),
  "a local called like a buffer": trick([ir.let_("evil_out", i32(0))], "OB210"),
  "a name of the language that engines are written in": trick([], "OB210", ir.buffer("scratch", "i8", "__proto__", 1)),
  "names that mean something elsewhere": harmless(
    [
      ir.let_("constructor", i32(3)),
      ir.loop("int", 2, [ir.store({ ...out, name: "memory" }, local("int"), local("constructor"))]),
    ],
    ir.buffer("scratch", "i32", "memory", 2),
  ),
  "code for a name": trick([ir.let_("evil=system(0);x", i32(0))], "OB210"),
  "a name of 65 letters": trick([ir.let_("e".repeat(65), i32(0))], "OB210"),
  "an unknown buffer": trick([ir.store({ ...out, name: "elsewhere" }, i32(0), i32(0))], "OB210"),
}

const NUMBERS: Readonly<Record<string, Trick>> = {
  "divisions that trap elsewhere": harmless([
    ...put(i32(0), op("i32.div_s", INT_MIN, i32(-1))),
    ...put(i32(1), op("i32.rem_s", INT_MIN, i32(-1))),
    ...put(i32(2), op("i32.div_s", word, i32(0))),
    ...put(i32(3), op("i32.div_u", word, sub(word, word))),
    ...put(i32(4), op("i32.rem_u", word, i32(0))),
  ]),
  "conversions that trap elsewhere": harmless([
    ...put(i32(0), unary("i32.from_f32", ir.constant("f32", 1e30))),
    ...put(i32(1), unary("i32.from_f32", binary("f32.div", ir.constant("f32", 0), float))),
  ]),
  "an integer that is too large": trick(odd(constantOf("i32", 2 ** 40)), "OB210"),
  "an integer with a fraction": trick(odd(constantOf("i32", 0.5)), "OB210"),
  "a float that is too large": trick(odd(constantOf("f32", 1e39)), "OB210"),
  "a float that is none": trick(odd({ ...(constantOf("f32", 0) as object), value: null } as Json), "OB211"),
  "a value out of its dtype": trick([], "OB210", ir.table("u8", "evil_table", [256])),
  "fewer values than it is long": trick([], "OB210", { ...ir.table("u8", "evil_table", [1]), length: 2 }),
  "values of a buffer that is no constant": trick([], "OB210", {
    ...ir.table("u8", "evil_table", [1]),
    access: "scratch",
  }),
  "a store into a constant": trick(
    [ir.store(ir.table("u8", "evil_table", [1]), i32(0), i32(0))],
    "OB210",
    ir.table("u8", "evil_table", [1]),
  ),
  "a buffer of no length": trick([], "OB210", ir.buffer("scratch", "i8", "evil_room", 0)),
  "a buffer of less than no length": trick([], "OB210", ir.buffer("scratch", "i8", "evil_room", -1)),
  "a buffer of half an element": trick([], "OB210", ir.buffer("scratch", "i8", "evil_room", 1.5)),
  "more memory than there is": trick([], "OB212", ir.buffer("scratch", "i8", "evil_room", 2 ** 53 - 1)),
  "an integer where a float belongs": trick(
    odd({ kind: "let", name: "evil_j", value: { kind: "unary", op: "f32.sqrt", value: word as unknown as Json } }),
    "OB210",
  ),
  "an operation that is a method": trick(
    odd({ kind: "let", name: "evil_j", value: { kind: "unary", op: "toString", value: word as unknown as Json } }),
    "OB211",
  ),
}
function constantOf(scalar: string, value: number): Json {
  return { kind: "let", name: "evil_j", value: { kind: "constant", scalar, value } }
}

export const TRICKS: Readonly<Record<string, Trick>> = { ...INDICES, ...LOOPS, ...NAMES, ...NUMBERS }
