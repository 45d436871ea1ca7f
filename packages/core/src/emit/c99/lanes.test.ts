import { expect, test } from "vitest"
import {
  add,
  and,
  buffer,
  dot2,
  dot4,
  i32,
  let_,
  load,
  loadPacked,
  local,
  loop,
  mul,
  parallel,
  set,
  store,
  xor,
} from "../../ir/build.ts"
import type { Expression, Program, Statement } from "../../ir/program.ts"
import { validate } from "../../ir/validate.ts"
import { emitC99 } from "./emit.ts"
import { WIDTHS, type Width } from "./vectors.ts"

const [i, k, sum] = [local("i"), local("k"), local("sum")]
const functionOf = (program: Program, width?: Width): string => {
  expect(validate(program)).toEqual([])
  const text = emitC99(program, { width })
  return text.slice(text.indexOf("void p_run"))
}

const [w, x, y] = [buffer("input", "i8", "w", 24 * 6), buffer("input", "i16", "x", 6), buffer("output", "i16", "y", 24)]
test("a matrix-vector product: a whole vector of outputs, then a narrower one, each with its sums in order", () => {
  const weights = loadPacked(2, w, add(mul(k, i32(48)), mul(i, i32(2))))
  const body = [
    parallel("i", 24, [
      let_("sum", i32(0)),
      loop("k", 3, [set("sum", add(sum, dot2(weights, loadPacked(2, x, mul(k, i32(2))))))]),
      store(y, i, sum),
    ]),
  ]
  expect(functionOf({ name: "p", buffers: [w, x, y], body }, 16)).toMatchInlineSnapshot(`
    "void p_run(void) {
      for (int32_t i_ = 0; i_ < 16; i_ += 16) {
        i32x16 sum_v0 = i32x16_splat(INT32_C(0));
        for (int32_t k_ = 0; k_ < INT32_C(3); ++k_) {
          sum_v0 = i32x16_add(sum_v0, i32x16_dot2_i16(i32x16_splat(0), i32x16_pack2_int8_t(&w_[((k_ * INT32_C(48)) + (i_ * INT32_C(2)))]), i32x16_splat(pack2_int16_t(&x_[(k_ * INT32_C(2))]))));
        }
        i32x16_store_int16_t(&y_[i_], sum_v0);
      }
      for (int32_t i_ = 16; i_ < 24; i_ += 8) {
        i32x8 sum_v0 = i32x8_splat(INT32_C(0));
        for (int32_t k_ = 0; k_ < INT32_C(3); ++k_) {
          sum_v0 = i32x8_add(sum_v0, i32x8_dot2_i16(i32x8_splat(0), i32x8_pack2_int8_t(&w_[((k_ * INT32_C(48)) + (i_ * INT32_C(2)))]), i32x8_splat(pack2_int16_t(&x_[(k_ * INT32_C(2))]))));
        }
        i32x8_store_int16_t(&y_[i_], sum_v0);
      }
    }
    "
  `)
})

test("every round runs once, whole vectors first, whatever the count", () => {
  const bytes = buffer("output", "u8", "y", 300)
  for (const width of WIDTHS)
    for (let rounds = 4; rounds <= 300; rounds += rounds < 80 ? 1 : 7) {
      const text = functionOf(
        { name: "p", buffers: [bytes], body: [parallel("i", rounds, [store(bytes, i, i32(1))])] },
        width,
      )
      let next = 0
      for (const [, from, to, step = "1"] of text.matchAll(
        /int32_t i_ = (\d+); i_ < (?:INT32_C\()?(\d+)\)?; (?:i_ \+= (\d+)|\+\+i_)/g,
      )) {
        expect([Number(from), (Number(to) - next) % Number(step)]).toEqual([next, 0])
        expect(Number(step) > 1 || Number(to) - next < WIDTHS[0]).toBe(true)
        next = Number(to)
      }
      expect(next).toBe(rounds)
    }
})

test("bytes are multiplied as unsigned ones only where a mask proves that none is above 127", () => {
  const [a, b, out] = [buffer("input", "i8", "a", 32), buffer("input", "i8", "b", 4), buffer("output", "i32", "out", 8)]
  const [word, other] = [loadPacked(4, a, mul(i, i32(4))), loadPacked(4, b, i32(0))]
  const dotIn = (
    make: (word: Expression, other: Expression) => Expression,
    before: readonly Statement[] = [],
  ): string => {
    const body = [parallel("i", 8, [...before, store(out, i, make(word, other))])]
    return /_(dot4_\w+)\(/.exec(functionOf({ name: "p", buffers: [a, b, out], body }, 8))![1]!
  }
  const bound = local("bound")
  expect({
    plain: dotIn(dot4),
    masked: dotIn((word, other) => dot4(word, and(other, 0x7f7f7f7f))),
    "masked, first": dotIn((word, other) => dot4(and(other, 0x0f0f0f0f), word)),
    "one byte masked too little": [0xff, 0xff << 8, 0xff << 16, 0xff << 24].map((byte) =>
      dotIn((word, other) => dot4(word, and(other, 0x7f7f7f7f | byte))),
    ),
    "masked, then changed": dotIn((word, other) => dot4(word, xor(and(other, 0x7f7f7f7f), 0x01010101))),
    bound: dotIn((word) => dot4(word, bound), [let_(bound, and(other, 0x7f7f7f7f))]),
    "bound, then set": dotIn((word) => dot4(word, bound), [let_(bound, and(other, 0x7f7f7f7f)), set(bound, other)]),
  }).toEqual({
    plain: "dot4_i8",
    masked: "dot4_u7",
    "masked, first": "dot4_u7",
    "one byte masked too little": ["dot4_i8", "dot4_i8", "dot4_i8", "dot4_i8"],
    "masked, then changed": "dot4_i8",
    bound: "dot4_u7",
    "bound, then set": "dot4_i8",
  })
})

test("arithmetic is plain where no value can make it wrap, and a call everywhere else", () => {
  const [n, out] = [buffer("input", "i32", "n", 8), buffer("output", "i32", "out", 8)]
  const at = mul(add(i, i32(1)), i32(2))
  const body = [loop("i", 2, [let_("at", at), store(out, at, add(load(n, i), mul(local("at"), i32(2 ** 29))))])]
  expect(functionOf({ name: "p", buffers: [n, out], body }, 4)).toMatchInlineSnapshot(`
    "void p_run(void) {
      for (int32_t i_ = 0; i_ < INT32_C(2); ++i_) {
        int32_t at_ = ((i_ + INT32_C(1)) * INT32_C(2));
        out_[((i_ + INT32_C(1)) * INT32_C(2))] = i32_add(n_[i_], i32_mul(at_, INT32_C(536870912)));
      }
    }
    "
  `)
})

test("a long loop is not unrolled: the text stays in proportion to the program", () => {
  const out = buffer("output", "i32", "out", 1024)
  const long = (statements: number): number => {
    const inside = Array.from({ length: statements }, () => set("sum", add(sum, load(out, i))))
    const body = [parallel("i", 1024, [let_("sum", i32(0)), loop("k", 2, inside), store(out, i, sum)])]
    return functionOf({ name: "p", buffers: [out], body }, 16).length / statements
  }
  expect(long(10)).toBeGreaterThan(4 * long(1000))
})
