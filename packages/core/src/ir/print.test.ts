import { expect, test } from "vitest"
import * as ir from "./build.ts"
import { printExpression, printProgram } from "./print.ts"
import type { Program } from "./program.ts"

const [w, x, y] = [
  ir.table("i8", "w", [1, -2, 3, -128, 127, 0, 9, 9, 9]),
  ir.buffer("input", "i8", "x", 3),
  ir.buffer("output", "f32", "y", 3),
]
const [n, k, sum] = [ir.local("n"), ir.local("k"), ir.local("sum")]

test("a program reads like a small language", () => {
  const product = ir.mul(ir.load(x, k), ir.load(w, ir.add(ir.mul(n, ir.i32(3)), k)))
  const program: Program = {
    name: "linear",
    buffers: [w, x, y],
    body: [
      ir.parallel("n", 3, [
        ir.let_("sum", ir.i32(0)),
        ir.loopUpTo("k", ir.load(x, ir.i32(0)), 3, [ir.set("sum", ir.add(sum, product))]),
        ir.when(ir.less(sum, 0), [ir.set("sum", ir.i32(0))], [ir.set("sum", ir.shrS(sum, 2))]),
        ir.store(y, n, ir.unary("f32.from_i32", sum)),
      ]),
    ],
    entries: { reset: [ir.store(y, ir.i32(0), ir.constant("f32", -0))] },
  }
  expect(printProgram(program)).toMatchInlineSnapshot(`
    "program linear
      constant w: i8[9] = 1, -2, 3, -128, 127, 0, 9, 9, ...
      input x: i8[3]
      output y: f32[3]
    run
      parallel n < 3
        let sum: i32 = 0
        for k < min(x[0], 3)
          sum = sum + x[k] * w[n * 3 + k]
        if sum < 0
          sum = 0
        else
          sum = sum >> 2
        y[n] = from_i32(sum)
    reset
      y[0] = -0.0
    "
  `)
})

test("brackets stand where the order would be another without them", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ir.local(name)) as [ir.Local, ir.Local, ir.Local]
  const texts = [
    ir.add(ir.add(a, b), c),
    ir.sub(a, ir.sub(b, c)),
    ir.mul(ir.add(a, b), c),
    ir.add(a, ir.mul(b, c)),
    ir.shl(ir.add(a, b), c),
    ir.and(ir.shl(a, b), c),
    ir.add(ir.less(a, b), c),
    ir.select(ir.equal(a, b), ir.min(a, b), ir.binary("i32.rem_u", a, b)),
    ir.loadPacked(4, x, ir.and(a, 7)),
  ].map((e) => printExpression(e))
  expect(texts).toMatchInlineSnapshot(`
    [
      "a + b + c",
      "a - (b - c)",
      "(a + b) * c",
      "a + b * c",
      "(a + b) << c",
      "(a << b) & c",
      "(a < b) + c",
      "select(a == b, min(a, b), rem_u(a, b))",
      "packed4(x[a & 7])",
    ]
  `)
})
test("floats keep every digit and their sign, and are told from integers", () => {
  const values = [0, -0, 1, 0.1, 2 ** 30, 2 ** -149, Infinity, Number.NaN].map((value) => ir.constant("f32", value))
  expect(values.map((e) => printExpression(e))).toMatchInlineSnapshot(`
    [
      "0.0",
      "-0.0",
      "1.0",
      "0.1",
      "1073741800.0",
      "1e-45",
      "Infinity",
      "NaN",
    ]
  `)
})
test("what is deeper than somebody would read is left out", () => {
  const deep = Array.from({ length: 60 }).reduce<ReturnType<typeof ir.i32>>((e) => ir.max(e, ir.i32(1)), ir.i32(0))
  expect(printExpression(deep, 3)).toBe("max(max(max(..., ...), 1), 1)")
})
