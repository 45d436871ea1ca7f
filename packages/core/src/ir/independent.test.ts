import { describe, expect, test } from "vitest"
import * as ir from "./build.ts"
import { unprovedPromises } from "./independent.ts"
import type { Block, Expression, Program } from "./program.ts"
import { drawFrom } from "./testing/draw.ts"
import { SEED } from "./testing/hostile.ts"
import { validate } from "./validate.ts"

const [x, y, z] = [
  ir.buffer("input", "i8", "x", 4096),
  ir.buffer("state", "i32", "y", 4096),
  ir.buffer("state", "i32", "z", 4096),
]
const program = (...body: Block): Program => ({ name: "p", buffers: [x, y, z], body })
const [i, j, k, n] = ["i", "j", "k", "n"].map((name) => ir.local(name)) as [ir.Local, ir.Local, ir.Local, ir.Local]
const times = (e: ir.Local, by: number) => ir.mul(e, ir.i32(by))
const put = (index: Parameters<typeof ir.load>[1], value: Parameters<typeof ir.load>[1] = ir.i32(1)) =>
  ir.store(y, index, value)
const bytes = ir.buffer("state", "u8", "b", 16)
const any = ir.load(x, ir.i32(0))

describe("proved", () => {
  const proved: Readonly<Record<string, Block>> = {
    "one element a round": [ir.parallel("i", 64, [put(i)])],
    "one element a round, changed in place": [ir.parallel("i", 64, [put(i, ir.add(ir.load(y, i), ir.i32(1)))])],
    "a row a round": [ir.parallel("i", 64, [ir.loop("j", 64, [put(ir.add(times(i, 64), j))])])],
    "a column a round": [ir.parallel("j", 64, [ir.loop("i", 64, [put(ir.add(times(i, 64), j))])])],
    "a column of a tile in the middle": [
      ir.loop("n", 8, [
        ir.parallel("j", 8, [
          ir.loop("i", 64, [ir.loop("k", 2, [put(ir.total(times(i, 64), times(n, 8), j, ir.i32(0)))])]),
        ]),
      ]),
    ],
    "an axis between two others": [
      ir.loop("n", 4, [
        ir.parallel("i", 8, [ir.loop("j", 16, [ir.loop("k", 8, [put(ir.total(times(j, 64), times(i, 8), k))])])]),
      ]),
    ],
    "whole tiles, one beside the other": [
      ir.parallel("n", 8, [
        ir.let_("first", times(n, 8)),
        ir.loop("i", 64, [ir.loop("k", 8, [put(ir.total(times(i, 64), ir.local("first"), k))])]),
      ]),
    ],
    "what the rounds share": [
      ir.let_("base", ir.and(any, 1023)),
      ir.parallel("i", 64, [put(ir.add(ir.local("base"), i), ir.load(z, ir.local("base")))]),
    ],
    "its own sum": [
      ir.parallel("i", 64, [ir.let_("s", any), ir.loop("k", 4, [ir.set("s", k)]), put(i, ir.local("s"))]),
    ],
    "any index below the stride": [ir.parallel("i", 64, [put(ir.add(times(i, 64), ir.and(any, 63)))])],
    "even rounds read beside odd ones": [
      ir.parallel("i", 64, [put(times(i, 2), ir.load(y, ir.add(times(i, 2), ir.i32(1))))]),
    ],
    "a single round": [ir.parallel("i", 1, [put(ir.and(any, 7))])],
  }
  for (const [what, body] of Object.entries(proved))
    test(what, () => expect([validate(program(...body)), unprovedPromises(program(...body))]).toEqual([[], []]))
})

describe("not proved", () => {
  const unproved: Readonly<Record<string, readonly [Block, string]>> = {
    "one element for all": [[ir.parallel("i", 64, [put(ir.i32(0))])], "`y` may be written"],
    "the neighbour's element": [
      [ir.parallel("i", 64, [put(i, ir.load(y, ir.add(i, ir.i32(1))))])],
      "`y` may be read where another round writes it",
    ],
    "rows that overlap": [
      [ir.parallel("i", 63, [ir.loop("j", 65, [put(ir.add(times(i, 64), j))])])],
      "`y` may be written",
    ],
    "columns that overlap": [
      [ir.parallel("j", 65, [ir.loop("i", 63, [put(ir.add(times(i, 64), j))])])],
      "`y` may be written",
    ],
    "an index out of memory": [[ir.parallel("i", 64, [put(ir.and(ir.load(x, i), 63))])], "`y` may be written"],
    "an offset that memory gives each round": [
      [ir.parallel("i", 64, [put(ir.add(i, ir.and(ir.load(x, i), 63)))])],
      "`y` may be written",
    ],
    "an offset from what another round may have written": [
      [ir.parallel("i", 64, [put(ir.add(i, ir.and(ir.load(y, ir.i32(2000)), 63)))])],
      "`y` may be written",
    ],
    "an index that wraps around": [
      [ir.parallel("i", 64, [put(ir.and(ir.mul(i, ir.i32(2 ** 30)), 63))])],
      "`y` may be written",
    ],
    "a local that passes from round to round": [
      [ir.let_("s", ir.i32(0)), ir.parallel("i", 64, [ir.set("s", ir.add(ir.local("s"), i))])],
      "`s` passes from round to round",
    ],
    "another stride for what is read": [[ir.parallel("i", 64, [put(i, ir.load(y, times(i, 2)))])], "`y` may be read"],
    "packed neighbours of what others write": [
      [ir.parallel("i", 8, [ir.store(bytes, i, ir.loadPacked(2, bytes, i))])],
      "`b` may be read",
    ],
  }
  for (const [what, [body, why]] of Object.entries(unproved))
    test(what, () => {
      const tried = { ...program(...body), buffers: [x, y, z, bytes] }
      expect(validate(tried)).toEqual([])
      expect(unprovedPromises(tried).join()).toContain(why)
    })
})

test(`what is proved holds, tried round by round (SEED=${SEED})`, () => {
  const counts = { proved: 0, tried: 0 }
  for (let seed = SEED; seed < SEED + 3000; seed++) {
    const draw = drawFrom(seed)
    const lengths = Array.from({ length: 3 }, () => draw.between(1, 4))
    const strides = (): readonly number[] => lengths.map(() => draw.pick([0, 1, 2, 3, 4, 6, 8, 12, 16]))
    const at = (stride: readonly number[], offset: number): Expression =>
      ir.total(ir.i32(offset), ...stride.map((by, axis) => times(axes[axis]!, by)))
    const own = strides()
    const accesses = [own, ...(draw.flip() ? [draw.flip() ? own : strides()] : [])].map((stride) => ({
      ...{ stride, offset: draw.between(0, 3) },
    }))
    const [first, second] = accesses
    const value = second ? ir.load(y, at(second.stride, second.offset)) : ir.i32(1)
    const parallelAxis = draw.between(0, 2)
    const nest = lengths.reduceRight<Block>(
      (body, length, axis) => [(axis === parallelAxis ? ir.parallel : ir.loop)(axes[axis]!, length, body)],
      [put(at(first!.stride, first!.offset), value)],
    )
    counts.tried++
    if (unprovedPromises(program(...nest)).length > 0) continue
    counts.proved++
    expect([seed, collides(lengths, parallelAxis, accesses)]).toEqual([seed, false])
  }
  expect(counts.proved).toBeGreaterThan(counts.tried / 10)
})
const axes = [i, j, k]
/** Whether the first access, a store, meets any access of another round, all outer axes equal. */
function collides(
  lengths: readonly number[],
  parallelAxis: number,
  accesses: readonly { readonly stride: readonly number[]; readonly offset: number }[],
): boolean {
  const places = lengths.reduce<number[][]>(
    (all, length) => all.flatMap((place) => Array.from({ length }, (_, n) => [...place, n])),
    [[]],
  )
  const [store] = accesses
  const address = ({ stride, offset }: (typeof accesses)[number], place: readonly number[]): number =>
    stride.reduce((sum, by, axis) => sum + by * place[axis]!, offset)
  const isOtherRound = (a: readonly number[], b: readonly number[]): boolean =>
    a[parallelAxis] !== b[parallelAxis] && a.slice(0, parallelAxis).every((n, axis) => n === b[axis])
  return places.some((a) =>
    places.some((b) => isOtherRound(a, b) && accesses.some((access) => address(store!, a) === address(access, b))),
  )
}
