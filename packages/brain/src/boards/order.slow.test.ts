import {
  add,
  and,
  binary,
  buffer,
  i32,
  let_,
  load,
  local,
  loop,
  max,
  min,
  mul,
  set,
  shrS,
  store,
  table,
  when,
} from "@open-brains/core/ir/build.ts"
import type { Block, Buffer, Expression, Program } from "@open-brains/core/ir/program.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { type Call, expectSameBits } from "./testing/same_bits.ts"
import { TARGETS, type Target } from "./testing/targets.ts"

const [k, n, d, f] = [local("k"), local("n"), local("d"), local("f")]
const [sum, at, place] = [local("sum"), local("at"), local("place")]
const weights = table("i8", "w", [3, -5, 7, 2, 1, 4, -6, 8, 9, -2, 5, 1, -7, 3, 2, 6, 11, -12, 13, 4, 5, 6, 7, -8])
const x = buffer("input", "u8", "x", 4)
const memory = buffer("state", "i16", "memory", 8)
const y = buffer("output", "i32", "y", 6)
const low = (e: Expression, mask: number): Expression => and(e, i32(mask))

/** Σ x[place(k)] · w[4n + k] for 6 outputs, and what is done with each. */
const sums = (from: Expression, rest: Block, outputs = 6): Block => [
  loop(n, outputs, [
    let_(sum, i32(0)),
    loop(k, 4, [set(sum, add(sum, mul(from, load(weights, add(mul(n, i32(4)), k)))))]),
    ...rest,
  ]),
]
/** Rows of a table of 3 numbers, added up. */
const bag = table(
  "i8",
  "bag",
  Array.from({ length: 24 }, (_, i) => ((i * 37) % 200) - 100),
)
const rows = (row: Expression, count: Expression, rest: Block): Block => [
  loop(d, 3, [
    let_(sum, i32(0)),
    {
      ...loop(f, 4, [let_(place, mul(row, i32(3))), set(sum, add(sum, load(bag, add(place, d))))]),
      count,
      maximum: 4,
    } as Block[number],
    ...rest,
  ]),
]
const many = buffer("state", "i32", "many", 4)
const unsigned = table(
  "u8",
  "u",
  Array.from({ length: 32 }, (_, i) => i * 8),
)
const divisors = table("u16", "by", [300, 7, 500, 1000])
const multipliers = table("i16", "m", [512, 1024, 768, 256])
const give = store(y, n, sum)
const remember: Block = [store(memory, i32(0), load(x, i32(0))), store(memory, i32(1), load(x, i32(1)))]
/** What looks like a pattern that the printer knows, and is none, or is just not as narrow as it looks. */
const PROGRAMS: Readonly<Record<string, { readonly buffers: readonly Buffer[]; readonly body: Block }>> = {
  "a sum that changes the data of the next": {
    buffers: [x, memory, y, weights],
    body: [...remember, ...sums(load(memory, k), [give, store(memory, low(n, 3), low(sum, 63))])],
  },
  "the same of three outputs": {
    buffers: [x, memory, y, weights],
    body: [...remember, ...sums(load(memory, k), [give, store(memory, low(n, 3), low(sum, 63))], 3)],
  },
  "a sum that moves where the data of the next begin": {
    buffers: [x, memory, y, weights],
    body: [...remember, let_(at, i32(0)), ...sums(load(memory, add(low(at, 3), k)), [give, set(at, sum)])],
  },
  "data that lie backwards": {
    buffers: [x, y, weights],
    body: sums(load(x, add(mul(k, i32(-1)), i32(3))), [give], 1),
  },
  "data whose place a local of the loop says": {
    buffers: [x, memory, y, weights],
    body: [
      ...remember,
      loop(n, 6, [
        let_(sum, i32(0)),
        loop(k, 4, [
          let_(place, low(mul(k, i32(3)), 3)),
          let_("value", load(memory, place)),
          set(sum, add(sum, mul(local("value"), load(weights, add(mul(n, i32(4)), k))))),
        ]),
        give,
      ]),
    ],
  },
  "data whose place the sum says": {
    buffers: [x, memory, y, weights],
    body: [...remember, ...sums(load(memory, low(sum, 3)), [give])],
  },
  "a sum that is changed afterwards": {
    buffers: [x, memory, y, weights],
    body: [...remember, ...sums(load(memory, k), [set(sum, mul(sum, i32(1000))), give])],
  },
  "a single sum that is changed afterwards": {
    buffers: [x, y, weights],
    body: [
      let_(sum, i32(0)),
      loop(k, 4, [set(sum, add(sum, mul(load(x, k), load(weights, k))))]),
      set(sum, mul(sum, i32(100_000))),
      store(y, i32(0), sum),
    ],
  },
  "rows that change which are next": {
    buffers: [x, memory, y, bag],
    body: [...remember, ...rows(low(load(memory, f), 7), i32(4), [store(y, d, sum), store(memory, d, low(sum, 7))])],
  },
  "rows that a local says, and how many": {
    buffers: [x, memory, y, bag],
    body: [
      let_(at, low(load(x, i32(0)), 3)),
      ...rows(low(add(at, f), 7), low(at, 3), [store(y, d, sum), set(at, sum)]),
    ],
  },
  "rows that the sum says": {
    buffers: [x, y, bag],
    body: [let_(at, low(load(x, i32(0)), 3)), ...rows(low(add(sum, at), 7), i32(4), [store(y, d, sum)])],
  },
  "rows whose sum is changed afterwards": {
    buffers: [x, y, bag],
    body: [...rows(low(load(x, f), 7), i32(4), [set(sum, mul(sum, i32(1000))), store(y, d, sum)])],
  },
  "sums of rows that wrap": {
    buffers: [
      x,
      many,
      table(
        "u8",
        "u",
        Array.from({ length: 32 }, (_, i) => i * 8),
      ),
      y,
    ],
    body: [
      when(binary("i32.eq", load(many, i32(0)), i32(0)), [loop("j", 4, [store(many, local("j"), i32(2 ** 31 - 60))])]),
      loop(f, 2, [
        let_(place, mul(low(load(x, f), 7), i32(4))),
        loop(d, 4, [store(many, d, add(load(many, d), load(unsigned, add(place, d))))]),
      ]),
    ],
  },
  "a negative number divided by an unsigned one": {
    buffers: [x, divisors, y],
    body: [
      loop("j", 4, [
        let_("a", add(load(x, local("j")), i32(-200))),
        store(y, local("j"), binary("i32.div_s", local("a"), load(divisors, low(load(x, i32(0)), 3)))),
      ]),
      let_("b", add(load(x, i32(0)), i32(-200))),
      store(y, i32(4), binary("i32.rem_s", local("b"), load(divisors, low(load(x, i32(1)), 3)))),
    ],
  },
  "a multiplier that a clamp changes": {
    buffers: [x, multipliers, y],
    body: [
      loop("j", 4, [
        let_("v", add(mul(load(x, local("j")), i32(50)), i32(-2000))),
        store(y, local("j"), requantised(local("v"), min(load(multipliers, local("j")), i32(700)))),
      ]),
    ],
  },
}
function requantised(v: Expression, m: Expression): Expression {
  const shift = 20 - 16
  const high = mul(shrS(v, i32(16)), m)
  const lowPart = binary("i32.shr_u", mul(and(v, i32(0xffff)), m), i32(16))
  return min(max(shrS(add(add(high, lowPart), i32(2 ** (shift - 1))), i32(shift)), i32(-128)), i32(127))
}

const calls: readonly Call[] = [
  [7, 3, 5, 1],
  [0, 9, 200, 4],
  [255, 254, 1, 2],
  [0, 100, 3, 250],
  [6, 130, 77, 8],
].map((values) => ({ entry: 0, inputs: { x: Uint8Array.from(values) } }))

const PLACES: readonly Target[] = ["host, checked", "atmega328p on simavr"]
for (const target of PLACES)
  for (const [about, { buffers, body }] of Object.entries(PROGRAMS))
    test(`${about}: ${target}`, async (context) => {
      requireOrSkip(context, TARGETS[target].missing())
      const program: Program = { name: "order", buffers, body }
      expect(validate(program)).toEqual([])
      await expectSameBits(program, target, calls, ["-Wno-type-limits"])
    }, 60_000)
