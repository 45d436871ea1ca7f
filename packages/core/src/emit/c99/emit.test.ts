import { expect, test } from "vitest"
import {
  add,
  buffer,
  constant,
  i32,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  mul,
  set,
  store,
  table,
  when,
} from "../../ir/build.ts"
import type { Program } from "../../ir/program.ts"
import { validate } from "../../ir/validate.ts"
import { emitC99 } from "./emit.ts"

const [w, x, y] = [
  table("i8", "w", [1, -2, 3, -128, 127, 0]),
  buffer("input", "i8", "x", 3),
  buffer("output", "i16", "y", 2),
]
const [n, k, sum] = [local("n"), local("k"), local("sum")]
const linear: Program = {
  name: "linear",
  buffers: [w, x, y],
  body: [
    loop("n", 2, [
      let_("sum", i32(0)),
      loop("k", 3, [set("sum", add(sum, mul(load(x, k), load(w, add(mul(n, i32(3)), k)))))]),
      store(y, n, sum),
    ]),
  ],
}

test("the C of a sum of products reads like the loops it came from", () => {
  expect(validate(linear)).toEqual([])
  expect(emitC99(linear)).toMatchInlineSnapshot(`
    "#include <stdint.h>

    typedef union { uint32_t u; int32_t i; } word_bits;
    static inline int32_t wrap(uint32_t bits) { word_bits b; b.u = bits; return b.i; }
    static inline int32_t at_most(int32_t n, int32_t most) { return most < n ? most : n; }
    static inline int32_t choose(int32_t c, int32_t yes, int32_t no) { return c ? yes : no; }
    typedef union { uint16_t u; int16_t i; } half_bits;
    typedef union { uint8_t u; int8_t i; } byte_bits;
    static inline uint8_t to_u8(int32_t v) { return (uint8_t)((uint32_t)v & UINT32_C(255)); }
    static inline uint16_t to_u16(int32_t v) { return (uint16_t)((uint32_t)v & UINT32_C(65535)); }
    static inline int8_t to_i8(int32_t v) { byte_bits b; b.u = to_u8(v); return b.i; }
    static inline int16_t to_i16(int32_t v) { half_bits b; b.u = to_u16(v); return b.i; }
    static inline int32_t i32_add(int32_t a, int32_t b) { return wrap((uint32_t)a + (uint32_t)b); }
    static inline int32_t i32_mul(int32_t a, int32_t b) { return wrap((uint32_t)a * (uint32_t)b); }

    static const int8_t w_[6] = {1,-2,3,-128,127,0};
    int8_t x_[3];
    int16_t y_[2];

    void linear_run(void) {
      for (int32_t n_ = 0; n_ < INT32_C(2); ++n_) {
        int32_t sum_ = INT32_C(0);
        for (int32_t k_ = 0; k_ < INT32_C(3); ++k_) {
          sum_ = i32_add(sum_, i32_mul(x_[k_], w_[i32_add(i32_mul(n_, INT32_C(3)), k_)]));
        }
        y_[n_] = to_i16(sum_);
      }
    }
    "
  `)
})

const body = (program: Program): string => emitC99(program).slice(emitC99(program).indexOf("void "))
test("branches, counts that are known late, and locals that nobody reads", () => {
  const count = load(x, i32(0))
  const inner = [let_("unread", i32(-(2 ** 31))), when(count, [store(y, i32(0), i32(-1))], [store(y, i32(1), i32(1))])]
  expect(body({ name: "p", buffers: [x, y], body: [loopUpTo("n", count, 3, inner)] })).toMatchInlineSnapshot(`
    "void p_run(void) {
      for (int32_t n_ = 0, n_end = at_most(x_[INT32_C(0)], INT32_C(3)); n_ < n_end; ++n_) {
        int32_t unread_ = INT32_MIN; (void)unread_;
        if (x_[INT32_C(0)]) {
          y_[INT32_C(0)] = to_i16((-INT32_C(1)));
        } else {
          y_[INT32_C(1)] = to_i16(INT32_C(1));
        }
      }
    }
    "
  `)
})
test("each entry is a function beside the run", () => {
  const entries = { reset: [store(y, i32(1), i32(0))], step: [] }
  expect(body({ name: "p", buffers: [y], body: [], entries })).toBe(
    "void p_run(void) {}\nvoid p_reset(void) {\n  y_[INT32_C(1)] = to_i16(INT32_C(0));\n}\nvoid p_step(void) {}\n",
  )
})
test("floats are written in hexadecimal, so that no compiler rounds them", () => {
  const out = buffer("output", "f32", "out", 1)
  const values = [0.1, -0, 2 ** -149, -(2 ** -126), Infinity, -Infinity, Number.NaN]
  const stores = values.map((value) => store(out, i32(0), constant("f32", value)))
  const text = emitC99({ name: "p", buffers: [out], body: stores })
  expect(text).toContain("#include <math.h>") // for INFINITY, though no operation needs it
  expect(text.slice(text.indexOf("void "))).toMatchInlineSnapshot(`
    "void p_run(void) {
      out_[INT32_C(0)] = (0xcccccdp-27f);
      out_[INT32_C(0)] = (-0x0p-149f);
      out_[INT32_C(0)] = (0x1p-149f);
      out_[INT32_C(0)] = (-0x800000p-149f);
      out_[INT32_C(0)] = (INFINITY);
      out_[INT32_C(0)] = (-INFINITY);
      out_[INT32_C(0)] = NAN;
    }
    "
  `)
})
