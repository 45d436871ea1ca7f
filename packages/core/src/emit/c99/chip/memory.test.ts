import fc from "fast-check"
import { expect, test } from "vitest"
import { DTYPE, type Dtype } from "../../../base/dtype.ts"
import { add, buffer, i32, load, local, parallel, store } from "../../../ir/build.ts"
import type { Buffer, Program, Statement } from "../../../ir/program.ts"
import { planArena } from "./memory.ts"

const y = buffer("output", "i32", "y", 1)
const fill = (of: Buffer): Statement => parallel(`i_${of.name}`, of.length, [store(of, local(`i_${of.name}`), i32(1))])
const read = (of: Buffer): Statement => store(y, i32(0), load(of, i32(0)))
const copy = (from: Buffer, to: Buffer): Statement => store(to, i32(0), add(load(from, i32(0)), i32(1)))
const scratch = (name: string, dtype: Dtype, length: number): Buffer => buffer("scratch", dtype, name, length)

test("what is never in use at once shares bytes, whatever its dtype; what meets does not", () => {
  const [a, b, c] = [scratch("a", "i32", 10), scratch("b", "u8", 30), scratch("c", "i16", 20)]
  const arena = planArena({
    name: "p",
    buffers: [a, b, c, y],
    body: [fill(a), fill(b), copy(a, b), fill(c), copy(b, c), read(c)],
  })
  expect(arena.bytes).toBe(70) // a and b meet, b and c meet, a and c do not
  expect(arena.starts.get("a")).toBe(arena.starts.get("c"))
})
test("what is read before it is written, or by two entries, keeps its place", () => {
  const [a, b, c] = [scratch("a", "u8", 8), scratch("b", "u8", 8), scratch("c", "u8", 8)]
  const body = [read(a), fill(a), fill(b), read(b), fill(c)]
  expect(planArena({ name: "p", buffers: [a, b, c, y], body, entries: { again: [read(c)] } }).bytes).toBe(24)
  expect(planArena({ name: "p", buffers: [a, b, c, y], body: body.slice(1) }).bytes).toBe(8)
})
test("what may not be written before it is read keeps its place, too", () => {
  const [a, b] = [scratch("a", "u8", 8), scratch("b", "u8", 8)]
  const x = buffer("input", "u8", "x", 1)
  const perhaps: readonly Statement[] = [
    { kind: "if", condition: load(x, i32(0)), yes: [store(a, i32(0), i32(1))], no: [] },
    { ...(fill(a) as Extract<Statement, { kind: "loop" }>), count: load(x, i32(0)) },
  ]
  for (const first of perhaps) {
    const body = [first, read(a), fill(b), read(b)]
    expect(planArena({ name: "p", buffers: [x, a, b, y], body }).bytes).toBe(16)
  }
})
test("a dtype lies where it may be read at once", () => {
  const [a, b] = [scratch("a", "u8", 3), scratch("b", "i32", 1)]
  const { starts, bytes } = planArena({ name: "p", buffers: [a, b, y], body: [fill(a), fill(b), copy(a, b), read(b)] })
  expect([starts.get("b")! % 4, bytes]).toEqual([0, 7])
})
test("no two buffers in use at once overlap", () => {
  const dtypes: readonly Dtype[] = ["u8", "i16", "i32"]
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 9 }), fc.nat(9), fc.nat(9)), {
        minLength: 1,
        maxLength: 12,
      }),
      (drawn) => {
        const all = drawn.map(([dtype, length, a, b], n) => ({
          buffer: scratch(`s${n}`, dtypes[dtype]!, length),
          first: Math.min(a, b),
          last: Math.max(a, b) + 10,
        }))
        const body = Array.from({ length: 20 }, (_, at): readonly Statement[] =>
          all.flatMap(({ buffer: each, first, last }) =>
            at === first ? [fill(each)] : at === last ? [read(each)] : [],
          ),
        )
        // One statement of the top level for each moment: what begins and ends in it meets.
        const moments: Program["body"] = body.map((inside, at) => ({
          ...{ kind: "loop", index: `m${at}`, count: i32(2), maximum: 2, parallel: false },
          body: inside,
        }))
        const { starts } = planArena({ name: "p", buffers: [...all.map((each) => each.buffer), y], body: moments })
        const placed = all.map(({ buffer: { name, dtype, length }, first, last }) => {
          const start = starts.get(name)!
          return { start, end: start + DTYPE[dtype].bytes * length, first, last }
        })
        for (const [n, p] of placed.entries())
          for (const q of placed.slice(n + 1))
            if (p.first <= q.last && q.first <= p.last) expect(p.end <= q.start || q.end <= p.start).toBe(true)
      },
    ),
  )
})
