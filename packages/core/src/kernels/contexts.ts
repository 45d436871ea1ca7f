import {
  add,
  and,
  belowU,
  buffer,
  equal,
  i32,
  let_,
  load,
  local,
  mul,
  or,
  select,
  set,
  shl,
  shrU,
  store,
  sub,
  when,
  xor,
} from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"
import { byteBack } from "./expert_ports.ts"

const v = local
const GOLDEN = 0x9e3779b1

/** What a context model looks at. */
export interface Context {
  readonly name: string
  /** For a person. */
  readonly about: string
  /** Words of `carried` that it takes, with the model's own at 0 (default: 1). */
  readonly carries?: number
  /** Binds `context`, an i32, to a hash of the bytes of `past`. `carried` is the model's own from byte to byte: words 1 to 7. */
  readonly hash: (past: Buffer, carried: Buffer) => Block
  /** What it remembers beside its table, and how, after each byte that is learnt. */
  readonly memory?: readonly Buffer[]
  readonly remember?: (past: Buffer) => Block
}

/** Stirs another number into `context`. */
const stir = (value: Expression): Block => [
  set("context", mul(add(v("context"), add(value, i32(1))), i32(0x2f0b4c47))),
  set("context", xor(v("context"), shrU(v("context"), 15))),
]
const open = (seed: number): Block => [let_("context", i32(Math.imul(seed + 1, GOLDEN)))]

/** The last `order` bytes, 0 for none. */
export const lastBytes = (order: number): Context => ({
  name: `order${order}`,
  about: order === 0 ? "no byte before" : order === 1 ? "the last byte" : `the last ${order} bytes`,
  hash: (past) => [...open(order), ...Array.from({ length: order }, (_, k) => stir(byteBack(past, k + 1))).flat()],
})

/** Some of the last bytes, 1 for the last one. */
export const skipping = (...backs: readonly number[]): Context => ({
  name: `skip${backs.join("")}`,
  about: `the bytes ${backs.join(", ")} back`,
  hash: (past) => [
    ...open(64 + backs.reduce((sum, back) => 8 * sum + back, 0)),
    ...backs.flatMap((back) => stir(byteBack(past, back))),
  ],
})

/**
 * The word so far and `before` words before it; letters are those of ASCII, small, and all bytes above. With `gap`, the word
 * so far is left out once.
 */
export const words = (before: 0 | 1 | 2, skips = false): Context => ({
  name: skips ? `word_skip${before}` : before === 0 ? "word" : `word${before + 1}`,
  about:
    before === 0
      ? "the word so far"
      : `the word so far and ${skips ? "the one before the last" : before === 1 ? "the one before" : "the two before"}`,
  carries: 4,
  hash: (past, carried) => [
    let_("byte", byteBack(past, 1)),
    let_("small", or(v("byte"), select(belowU(sub(v("byte"), i32(65)), i32(26)), i32(32), i32(0)))),
    let_("is_letter", or(belowU(sub(v("small"), i32(97)), i32(26)), or(equal(v("byte"), 39), shrU(v("byte"), 7)))),
    let_("word", load(carried, i32(1))),
    when(
      v("is_letter"),
      [
        set("word", mul(add(v("word"), add(v("small"), i32(1))), i32(0x3d4d51cb))),
        set("word", xor(v("word"), shrU(v("word"), 13))),
        store(carried, i32(1), v("word")),
      ],
      [
        when(v("word"), [
          store(carried, i32(3), load(carried, i32(2))),
          store(carried, i32(2), v("word")),
          store(carried, i32(1), i32(0)),
        ]),
        set("word", i32(0)),
      ],
    ),
    ...open(128 + 2 * before + (skips ? 1 : 0)),
    ...stir(v("word")),
    ...(before === 0 ? stir(select(v("word"), i32(0), v("byte"))) : []),
    ...(before >= 1 && !skips ? stir(load(carried, i32(2))) : []),
    ...(before === 2 || skips ? stir(load(carried, i32(3))) : []),
  ],
})

/** What a line looks like so far. */
export type LineContext = "column" | "length" | "words" | "word"
const LINES = {
  column: "the column, and the last byte",
  length: "the column, the length of the line before, and whether a letter came last",
  words: "how many words of the line and letters of the word there are, and the last byte",
  word: "the word so far, and where it stands in its line, to two columns",
} as const satisfies Readonly<Record<LineContext, string>>

/** Where in its line a byte stands: what makes verses, tables and code end their lines. */
export function line(kind: LineContext): Context {
  const [LAST_LENGTH, COLUMN, LETTERS, WORDS, WORD] = [1, 2, 3, 4, 5].map((word) => i32(word))
  return {
    name: `line_${kind}`,
    about: LINES[kind],
    hash: (past, carried) => {
      const at = (word: Expression | undefined): Expression => load(carried, word!)
      const counted = (word: Expression | undefined, more: Expression): Block => [
        store(carried, word!, select(v("ends"), i32(0), add(at(word), more))),
      ]
      const seen: Readonly<Record<LineContext, readonly Expression[]>> = {
        column: [at(COLUMN), v("byte")],
        length: [at(COLUMN), at(LAST_LENGTH), select(v("is_letter"), i32(1), v("byte"))],
        words: [at(WORDS), at(LETTERS), v("byte")],
        word: [shrU(at(COLUMN), 1), at(WORD)],
      }
      return [
        let_("byte", byteBack(past, 1)),
        let_("ends", equal(v("byte"), 10)),
        let_("is_letter", belowU(sub(or(v("byte"), 32), i32(97)), i32(26))),
        when(v("ends"), [store(carried, LAST_LENGTH!, at(COLUMN))]),
        ...counted(COLUMN, i32(1)),
        ...counted(WORDS, equal(v("byte"), 32)),
        store(carried, LETTERS!, select(v("is_letter"), add(at(LETTERS), i32(1)), i32(0))),
        let_("spelt", mul(add(at(WORD), add(or(v("byte"), 32), i32(1))), i32(0x3d4d51cb))),
        store(carried, WORD!, select(v("is_letter"), v("spelt"), i32(0))),
        ...open(200 + Object.keys(LINES).indexOf(kind)),
        ...seen[kind].flatMap(stir),
      ]
    },
  }
}

/** The last bytes that followed the last `order` bytes before, and those bytes. */
export function followers(order: 1 | 2, entries: number, also: number): Context {
  const memory = buffer("state", "i32", "followers", entries)
  const at = (past: Buffer, back: number): Expression => {
    const key = order === 1 ? byteBack(past, back) : or(shl(byteBack(past, back), 8), byteBack(past, back + 1))
    return and(shrU(mul(add(key, i32(1)), i32(GOLDEN)), 8), i32(entries - 1))
  }
  return {
    name: `follow${order}${also}`,
    about: `what followed the last ${order === 1 ? "byte" : "two bytes"} before`,
    memory: [memory],
    hash: (past) => [
      ...open(160 + order + 4 * also),
      ...stir(load(memory, at(past, 1))),
      ...Array.from({ length: also }, (_, k) => stir(byteBack(past, k + 1))).flat(),
    ],
    remember: (past) => [
      let_("place_before", at(past, 2)),
      store(memory, v("place_before"), or(and(shl(load(memory, v("place_before")), 8), 0xffff), byteBack(past, 1))),
    ],
  }
}
