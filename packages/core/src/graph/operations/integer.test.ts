import { expect, test } from "vitest"
import { wasmEngine } from "../../engine/wasm.ts"
import * as op from "../operations.ts"
import { resultOf } from "../testing/evaluate.ts"

test("the integer square root is exact around every square, and 0 below 0", () => {
  const roots = Array.from({ length: 46_341 }, (_, i) => i)
  const x = [...roots.map((r) => r * r), ...roots.map((r) => r * r - 1), 2 ** 31 - 1, -(2 ** 31), -1]
  const found = resultOf(op.integerSqrt(op.input("x", "i32", [x.length])), { x }, wasmEngine)
  const wanted = [...roots, ...roots.map((r) => Math.max(0, r - 1)), 46_340, 0, 0]
  expect(found.findIndex((root, i) => root !== wanted[i])).toBe(-1)
})
test("lookup: the entry of a byte, the lowest first", () => {
  const table = Array.from({ length: 256 }, (_, i) => 1000 + i)
  const of = (dtype: "i8" | "u8") => op.lookup(op.input("x", dtype, [4]), op.input("table", "i16", [256]))
  expect(resultOf(of("i8"), { x: [-128, -1, 0, 127], table })).toEqual([1000, 1127, 1128, 1255])
  expect(resultOf(of("u8"), { x: [0, 1, 128, 255], table })).toEqual([1000, 1001, 1128, 1255])
})
test("shifts and bits: what integers do in JavaScript, narrow ones staying narrow", () => {
  const x = [0, 1, -1, 5, -6, 100, -128]
  const of = (dtype: "i8" | "i32", name = "x") => op.input(name, dtype, [7])
  expect(resultOf(op.shiftLeft(of("i32"), 30), { x })).toEqual(x.map((v) => v << 30))
  for (const dtype of ["i8", "i32"] as const) {
    const b = [7, -8, 12, 3, 0, -1, 127]
    expect(resultOf(op.shiftRight(of(dtype), 1), { x })).toEqual(x.map((v) => v >> 1))
    expect(resultOf(op.bitwiseAnd(of(dtype), of(dtype, "b")), { x, b })).toEqual(x.map((v, i) => v & b[i]!))
    expect(resultOf(op.bitwiseOr(of(dtype), of(dtype, "b")), { x, b })).toEqual(x.map((v, i) => v | b[i]!))
  }
})
test("sums of integers wrap in i32, and the smallest of a row stays what it is", () => {
  const x = [2 ** 31 - 1, 1, 5, -(2 ** 31), -1, 7]
  expect(resultOf(op.sum(op.input("x", "i32", [2, 3]), 1), { x })).toEqual([(2 ** 31 + 5) | 0, (-(2 ** 31) + 6) | 0])
  expect(resultOf(op.sum(op.input("x", "u8", [300]), 0), { x: Array(300).fill(255) })).toEqual([76_500])
  expect(resultOf(op.minimum(op.input("x", "i32", [2, 3]), 1), { x })).toEqual([1, -(2 ** 31)])
})
