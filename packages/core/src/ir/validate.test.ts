import { describe, expect, test } from "vitest"
import {
  add,
  and,
  binary,
  buffer,
  clamp,
  constant,
  i32,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  select,
  set,
  store,
  table,
  when,
} from "./build.ts"
import { LIMITS } from "./limits.ts"
import type { Block, Buffer, Expression, Program } from "./program.ts"
import { validate } from "./validate.ts"

const [bytes, words, out] = [
  buffer("input", "u8", "bytes", 256),
  buffer("input", "i32", "words", 8),
  buffer("output", "i32", "out", 10),
]
const program = (body: Block, ...buffers: readonly Buffer[]): Program => ({
  name: "p",
  buffers: [bytes, words, out, ...buffers],
  body,
})
const seen = (p: Program): readonly string[] => validate(p).map((problem) => problem.seen)
const put = (index: Expression, value: Expression = i32(0)): Block => [store(out, index, value)]
const word = load(words, i32(0))
const raw = (e: unknown): Expression => e as Expression

describe("allowed", () => {
  const allowed: Readonly<Record<string, Block>> = {
    "an index from a byte, which has no other range": put(i32(0), load(bytes, load(bytes, i32(3)))),
    "an index under a mask": put(and(word, 7)),
    "an index under a clamp": put(clamp(word, 0, 9)),
    "an index under a remainder": put(binary("i32.rem_u", word, i32(10))),
    "a counter under its maximum, whatever its count": [loopUpTo("i", word, 10, put(local("i")))],
    "a counter plus a number": [loop("i", 5, put(add(local("i"), i32(5))))],
    "a local bound to something in range": [let_("j", and(word, 7)), ...put(local("j"))],
    "a local that is set, but only under a clamp": [
      let_("j", i32(0)),
      loop("i", 20, [...put(local("j")), set("j", clamp(add(local("j"), word), 0, 9))]),
    ],
    "a local that takes its bounds from another that is set": [
      let_("j", i32(0)),
      let_("k", i32(1)),
      loop("i", 2, [set("j", and(word, 3)), set("k", add(local("j"), i32(6))), ...put(local("k"))]),
    ],
    "the same place read in a branch": [when(word, put(i32(9)), put(i32(0)))],
  }
  for (const [what, body] of Object.entries(allowed)) test(what, () => expect(seen(program(body))).toEqual([]))
})

describe("refused", () => {
  const refused: Readonly<Record<string, readonly [Program, string]>> = {
    "an index straight from memory": [program(put(word)), "an index of `out` (length 10) may be -2147483648"],
    "an index one too high": [program([loop("i", 11, put(local("i")))]), "may be 10"],
    "an index that may wrap below 0": [
      program(put(binary("i32.min", add(and(word, 7), i32(2 ** 31 - 3)), i32(9)))),
      "may be -2147483648",
    ],
    "a signed remainder, which may be negative": [program(put(binary("i32.rem_s", word, i32(10)))), "may be -9"],
    "a remainder by what may be 0": [program(put(binary("i32.rem_u", word, load(bytes, i32(0))))), "may be"],
    "a mask that may be negative": [program(put(binary("i32.and", word, word))), "may be"],
    "a local that is set, so that its first bounds are gone": [
      program([let_("j", i32(0)), loop("i", 2, [...put(local("j")), set("j", word)])]),
      "may be -2147483648",
    ],
    "a local out of its block": [
      program([when(word, [let_("j", i32(0))]), ...put(local("j"))]),
      "`j` is not bound here",
    ],
    "a local before its let": [program([...put(local("j")), let_("j", i32(0))]), "`j` is not bound here"],
    "a set before its let": [program([set("j", i32(0))]), "`j` is not bound here"],
    "a counter after its loop": [program([loop("i", 2, []), ...put(local("i"))]), "`i` is not bound here"],
    "a counter that is set": [program([loop("i", 2, [set("i", i32(0))])]), "`i` counts a loop"],
    "a name bound twice, even in separate blocks": [
      program([loop("i", 2, []), loop("i", 2, [])]),
      "`i` is bound twice",
    ],
    "a local called as a buffer": [program([let_("out", i32(0))]), "`out` is bound twice"],
    "a local read as another scalar": [
      program([let_("j", i32(0)), let_("k", local("j", "f32"))]),
      "`j` is i32, not f32",
    ],
    "a set to another scalar": [
      program([let_("j", i32(0)), set("j", constant("f32", 0))]),
      "found f32 where i32 belongs",
    ],
    "an unknown buffer": [
      program([store(buffer("output", "i32", "nowhere", 1), i32(0), i32(0))]),
      "no buffer `nowhere`",
    ],
    "a load as another dtype": [
      program(put(i32(0), load(buffer("input", "i8", "bytes", 256), i32(0)))),
      "`bytes` holds u8, not i8",
    ],
    "a store of another scalar": [program(put(i32(0), constant("f32", 1))), "found f32 where i32 belongs"],
    "an index that is no integer": [program(put(constant("f32", 0))), "found f32 where i32 belongs"],
    "a condition that is no integer": [program([when(constant("f32", 0), [])]), "found f32 where i32 belongs"],
    "a count that is no integer": [program([loopUpTo("i", constant("f32", 0), 1, [])]), "found f32 where i32 belongs"],
    "operands of another scalar": [
      program([let_("j", raw({ kind: "binary", op: "f32.add", left: i32(0), right: i32(0) }))]),
      "found i32 where f32 belongs",
    ],
    "a select of two scalars": [
      program([let_("j", select(i32(0), i32(0), constant("f32", 0)))]),
      "found f32 where i32 belongs",
    ],
    "a store to an input": [program([store(words, i32(0), i32(0))]), "`words` is stored to, but is input"],
    "a store to a constant": [
      program([store(table("i8", "t", [1]), i32(0), i32(0))], table("i8", "t", [1])),
      "`t` is stored to, but is constant",
    ],
    "a loop without bound": [program([loopUpTo("i", word, Infinity, [])]), "a loop may run Infinity times"],
    "a loop of half a round": [program([loop("i", 0.5, [])]), "a loop may run 0.5 times"],
    "an i32 constant that is none": [
      program([let_("j", raw({ kind: "constant", scalar: "i32", value: 2 ** 31 }))]),
      "2147483648 is no i32",
    ],
    "an i32 constant of -0, whose sign an f32 would show": [
      program([let_("j", raw({ kind: "constant", scalar: "i32", value: -0 }))]),
      "is no i32",
    ],
    "an f32 constant that would be rounded": [
      program([let_("j", raw({ kind: "constant", scalar: "f32", value: 0.1 }))]),
      "0.1 is no f32",
    ],
    "a program whose name is C code": [{ ...program([]), name: "p(void){}\nint main" }, "is not a name"],
    "a buffer whose name is C code": [program([], buffer("scratch", "i8", "x[1]; y", 1)), "is not a name"],
    "a local whose name is C code": [program([let_("x = 1; y", i32(0))]), "is not a name"],
    "two buffers of one name": [program([], buffer("scratch", "i8", "out", 1)), "two buffers are called `out`"],
    "a buffer of no length": [program([], buffer("scratch", "i8", "x", 0)), "`x` is 0 long"],
    "a buffer of half a number": [program([], buffer("scratch", "i8", "x", 1.5)), "`x` is 1.5 long"],
    "more memory than the limit": [program([], buffer("scratch", "i32", "x", LIMITS.memoryBytes / 4)), "it asks for"],
    "a constant without its values": [program([], buffer("constant", "i8", "x", 2)), "`x` has no values"],
    "values of an input": [program([], { ...table("i8", "x", [1]), access: "input" }), "`x` has 1 values"],
    "too few values": [program([], { ...table("i8", "x", [1]), length: 2 }), "`x` has 1 values"],
    "a value out of its dtype": [program([], table("i8", "x", [128])), "a value of `x` is no i8"],
    "a float that f32 cannot hold": [program([], table("f32", "x", [1e39])), "a value of `x` is no f32"],
    "an expression too deep": [
      program([
        let_(
          "j",
          Array.from({ length: LIMITS.depth + 1 }).reduce<Expression>((e) => add(e, i32(1)), i32(0)),
        ),
      ]),
      "too deep",
    ],
    "blocks too deep": [
      program(Array.from({ length: LIMITS.depth + 2 }).reduce<Block>((body) => [when(i32(1), body)], [])),
      "too deep",
    ],
    "too many statements": [
      program(Array.from({ length: LIMITS.statements + 1 }, () => store(out, i32(0), i32(0)))),
      "statements",
    ],
  }
  for (const [what, [p, fragment]] of Object.entries(refused))
    test(what, () => expect(seen(p).join("\n")).toContain(fragment))

  test("no more is said than somebody would read, and nothing that a terminal would obey", () => {
    const names = Array.from({ length: 500 }, (_, i) => let_(`\u001b[2J\u202e${i}`, word))
    const problems = validate({ ...program(names), name: "\u001b[2J\u202e" })
    expect(problems).toHaveLength(LIMITS.problems)
    expect(JSON.stringify(problems)).toMatch(/^[ -~]*$/)
  })
})
