import { expect, test } from "vitest"
import { add, buffer, i32, let_, load, local, loop, parallel, set, store, table } from "../../ir/build.ts"
import type { Program } from "../../ir/program.ts"
import { validate } from "../../ir/validate.ts"
import { emitLibrary } from "./library.ts"

const [weights, count, sum] = [
  table("i8", "weights", [3, -1]),
  buffer("state", "i32", "count", 2),
  buffer("output", "i32", "sum", 1),
]
const program: Program = {
  name: "counter",
  buffers: [weights, count, sum],
  body: [
    parallel("i", 2, [store(count, local("i"), add(load(count, local("i")), load(weights, local("i"))))]),
    let_("total", i32(0)),
    loop("k", 2, [set("total", add(local("total"), load(count, local("k"))))]),
    store(sum, i32(0), local("total")),
  ],
  entries: { reset: [parallel("r", 2, [store(count, local("r"), i32(0))])] },
}

test("a loop is a function over the buffers it uses, unless it shares a local; each entry is one over the memory", () => {
  expect(validate(program)).toEqual([])
  const starts = new Map(Object.entries({ weights: 0, count: 16, sum: 32 }))
  const text = emitLibrary(program, starts)
  expect(text.slice(text.indexOf("static __attribute__"))).toMatchInlineSnapshot(`
    "static __attribute__((noinline)) void part_0(int32_t *restrict count_, int8_t *restrict weights_) {
      for (int32_t i_ = 0; i_ < INT32_C(2); ++i_) {
        count_[i_] = i32_add(count_[i_], weights_[i_]);
      }
    }
    static __attribute__((noinline)) void part_1(int32_t *restrict count_, int8_t *restrict weights_, int32_t *restrict sum_) {
      part_0(count_, weights_);
      int32_t total_ = INT32_C(0);
      for (int32_t k_ = 0; k_ < INT32_C(2); ++k_) {
        total_ = i32_add(total_, count_[k_]);
      }
      sum_[INT32_C(0)] = total_;
    }
    static __attribute__((noinline)) void part_2(int32_t *restrict count_) {
      for (int32_t r_ = 0; r_ < INT32_C(2); ++r_) {
        count_[r_] = INT32_C(0);
      }
    }
    static __attribute__((noinline)) void part_3(int32_t *restrict count_) {
      part_2(count_);
    }
    void run(unsigned char *memory) { (void)memory; part_1((int32_t *)(memory + 16), (int8_t *)(memory + 0), (int32_t *)(memory + 32)); }
    void run_reset(unsigned char *memory) { (void)memory; part_3((int32_t *)(memory + 16)); }
    "
  `)
})

test("other weights make the same text: one compiled library serves every edition of a module", () => {
  const starts = new Map(Object.entries({ weights: 0, count: 16, sum: 32 }))
  const retrained = { ...program, name: "other", buffers: [table("i8", "weights", [5, 7]), count, sum] }
  expect(emitLibrary(retrained, starts)).toBe(emitLibrary(program, starts))
})
