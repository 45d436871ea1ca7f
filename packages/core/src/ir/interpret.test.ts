import { expect, test } from "vitest"
import { type Dtype, zeros } from "../base/dtype.ts"
import {
  add,
  binary,
  buffer,
  constant,
  i32,
  load,
  loopUpTo,
  max,
  min,
  mul,
  select,
  shl,
  shrS,
  shrU,
  store,
  sub,
  unary,
} from "./build.ts"
import { interpret, memoryOf } from "./interpret.ts"
import { type Binary, type Expression, scalarOf } from "./program.ts"

const [INT_MIN, INT_MAX] = [-(2 ** 31), 2 ** 31 - 1]
const f32 = (value: number): Expression => constant("f32", value)
const f64 = (value: number): Expression => constant("f64", value)

function value(expression: Expression, dtype: Dtype = scalarOf(expression)): number {
  const out = buffer("output", dtype, "out", 1)
  const memory = memoryOf({ name: "one", buffers: [out], body: [] })
  interpret({ name: "one", buffers: [out], body: [store(out, i32(0), expression)] }, memory)
  return memory["out"]![0]!
}
const of = (op: Binary, a: number, b: number): number => value(binary(op, i32(a), i32(b)))

test("i32 is exact where f32 has run out of digits", () => {
  expect(value(add(i32(2 ** 24), i32(1)))).toBe(2 ** 24 + 1)
  expect(value(add(f32(2 ** 24), f32(1)))).toBe(2 ** 24)
  expect(value(mul(i32(INT_MAX), i32(INT_MAX)))).toBe(1) // beyond 2⁵³: a plain product would give 0
})
test("i32 wraps", () => {
  expect(value(add(i32(INT_MAX), i32(1)))).toBe(INT_MIN)
  expect(value(sub(i32(INT_MIN), i32(1)))).toBe(INT_MAX)
  expect(value(mul(i32(INT_MIN), i32(-1)))).toBe(INT_MIN)
})
test("shift counts are taken modulo 32", () => {
  expect(value(shl(i32(1), 33))).toBe(2)
  expect(value(shl(i32(1), -1))).toBe(INT_MIN)
  expect(value(shrU(i32(-1), 33))).toBe(INT_MAX)
  expect(value(shrU(i32(-1), 32))).toBe(-1)
  expect(value(shrS(i32(INT_MIN), 63))).toBe(-1)
})
test("division by 0 gives 0, its remainder the dividend", () => {
  for (const x of [7, -7, 0, INT_MIN]) {
    expect([of("i32.div_s", x, 0), of("i32.div_u", x, 0)]).toEqual([0, 0])
    expect([of("i32.rem_s", x, 0), of("i32.rem_u", x, 0)]).toEqual([x, x])
  }
})
test("INT_MIN / -1 wraps, and nothing remains", () => {
  expect(of("i32.div_s", INT_MIN, -1)).toBe(INT_MIN)
  expect(of("i32.rem_s", INT_MIN, -1)).toBe(0)
})
test("signed division goes towards zero, and unsigned division sees no sign", () => {
  expect([of("i32.div_s", -7, 2), of("i32.rem_s", -7, 2)]).toEqual([-3, -1])
  expect([of("i32.div_u", -7, 2), of("i32.rem_u", -7, 2)]).toEqual([2 ** 31 - 4, 1])
  expect([of("i32.lt_s", -1, 0), of("i32.lt_u", -1, 0)]).toEqual([1, 0])
})
test("an i32 is never -0, which would show as soon as it becomes an f32", () => {
  const zeros = [
    binary("i32.rem_s", i32(-4), i32(2)),
    binary("i32.div_s", i32(0), i32(-5)),
    unary("i32.from_f32", f32(-0.5)),
  ]
  for (const zero of zeros) expect(value(unary("f32.from_i32", zero))).toBe(0)
})

test("f32 to i32 saturates, drops the fraction, and takes NaN for 0", () => {
  const integer = (x: number): number => value(unary("i32.from_f32", f32(x)))
  expect([1.9, -1.9, -0, 2 ** -149].map(integer)).toEqual([1, -1, 0, 0])
  expect([2 ** 31, 1e30, Infinity].map(integer)).toEqual([INT_MAX, INT_MAX, INT_MAX])
  expect([-(2 ** 31), -1e30, -Infinity].map(integer)).toEqual([INT_MIN, INT_MIN, INT_MIN])
  expect([2 ** 31 - 128, Number.NaN].map(integer)).toEqual([2 ** 31 - 128, 0])
})
test("i32 to f32 rounds to the nearest, ties to even", () => {
  const float = (x: number): number => value(unary("f32.from_i32", i32(x)))
  expect([2 ** 24 + 1, 2 ** 24 + 3, INT_MAX].map(float)).toEqual([2 ** 24, 2 ** 24 + 4, 2 ** 31])
})
test("f32 rounds after every operation", () => {
  expect(value(sub(mul(f32(0.1), f32(10)), f32(1)))).toBe(0) // f64 would leave 1.5e-8
  expect(value(add(f32(2 ** 127), f32(2 ** 127)))).toBe(Infinity)
  expect(value(unary("f32.sqrt", f32(2)))).toBe(Math.fround(Math.SQRT2))
  expect(value(binary("f32.div", f32(1), f32(3)))).toBe(11184811 * 2 ** -25)
})
test("subnormals are kept, not flushed", () => {
  expect(value(mul(f32(2 ** -149), f32(1)))).toBe(2 ** -149)
  expect(value(mul(f32(2 ** -126), f32(0.5)))).toBe(2 ** -127)
  expect(value(mul(f32(2 ** -149), f32(0.5)))).toBe(0) // the tie goes to even
  expect(value(mul(f32(-(2 ** -149)), f32(0.5)))).toBe(-0)
})
test("f32 min and max keep their first operand unless the second wins", () => {
  expect(value(max(f32(Number.NaN), f32(1)))).toBeNaN()
  expect(value(max(f32(1), f32(Number.NaN)))).toBe(1)
  expect(value(min(f32(0), f32(-0)))).toBe(0)
  expect(value(min(f32(-0), f32(0)))).toBe(-0)
})
test("f32 division by zero has a sign, and 0 / 0 is NaN", () => {
  const over = (a: number, b: number): number => value(binary("f32.div", f32(a), f32(b)))
  expect([over(1, 0), over(1, -0), over(-1, 0)]).toEqual([Infinity, -Infinity, -Infinity])
  expect([over(0, 0), value(unary("f32.sqrt", f32(-1)))]).toEqual([Number.NaN, Number.NaN])
  expect(value(unary("f32.sqrt", f32(-0)))).toBe(-0)
})
test("NaN equals nothing and is less than nothing; 0 equals -0", () => {
  const ops = ["f32.eq", "f32.lt", "f32.le"] as const
  expect(ops.map((op) => value(binary(op, f32(Number.NaN), f32(Number.NaN))))).toEqual([0, 0, 0])
  expect(ops.map((op) => value(binary(op, f32(-0), f32(0))))).toEqual([1, 0, 1])
})
test("the bits of a float are its own; every NaN has those of the canonical one", () => {
  const bits = (x: Expression): number => value(unary("i32.bits_of_f32", x))
  expect([1, -0, 2 ** -149, Infinity].map((x) => bits(f32(x)))).toEqual([0x3f800000, INT_MIN, 1, 0x7f800000])
  for (const payload of [0x7fc00001, 0x7f800001, -1]) expect(bits(unary("f32.of_bits", i32(payload)))).toBe(0x7fc00000)
  expect(value(unary("f32.of_bits", i32(INT_MIN)))).toBe(-0)
})
test("f64 keeps what f32 loses", () => {
  expect(value(add(f64(1), f64(2 ** -40)))).toBe(1 + 2 ** -40)
  expect(value(unary("i32.from_f64", f64(-1e300)))).toBe(INT_MIN)
})

test("a store keeps the low bits", () => {
  expect([value(i32(200), "i8"), value(i32(-1), "u8"), value(i32(0x12345), "i16"), value(i32(-2), "u16")]).toEqual([
    -56, 255, 0x2345, 65534,
  ])
})
test("a select computes both and takes the first when its condition is not 0", () => {
  expect(value(select(i32(-1), i32(1), i32(2)))).toBe(1)
  expect(value(select(i32(0), f32(1), f32(-0)))).toBe(-0)
})
test("a loop runs its count at entry, never more than its maximum and never less than 0 times", () => {
  const [n, out] = [buffer("state", "i32", "n", 1), buffer("output", "i32", "out", 1)]
  const more = store(n, i32(0), add(load(n, i32(0)), i32(1))) // changes what the count was read from
  const once = store(out, i32(0), add(load(out, i32(0)), i32(1)))
  const program = { name: "count", buffers: [n, out], body: [loopUpTo("i", load(n, i32(0)), 5, [more, once])] }
  const rounds = [-(2 ** 31), -1, 0, 3, 5, 6, INT_MAX].map((count) => {
    const memory = memoryOf(program)
    memory["n"]![0] = count
    interpret(program, memory)
    return memory["out"]![0]
  })
  expect(rounds).toEqual([0, 0, 0, 3, 5, 5, 5])
})
test("an index out of range and a memory of the wrong kind are our bugs, and say where", () => {
  const x = buffer("state", "f32", "x", 4)
  const stray = { name: "stray", buffers: [x], body: [store(x, i32(0), load(x, i32(4)))] }
  expect(() => interpret(stray, memoryOf(stray))).toThrow("x[4]")
  expect(() => interpret(stray, { x: zeros("i32", 4) })).toThrow("not 4 x f32")
  expect(() => interpret(stray, {})).toThrow("no memory for buffer x")
})
