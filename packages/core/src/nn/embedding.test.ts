import { expect, test } from "vitest"
import { stream } from "../base/random.ts"
import { input } from "../graph/operations.ts"
import { resultOf } from "../graph/testing/evaluate.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { classCrossEntropy } from "./cross_entropy.ts"
import { embedding, oneHot } from "./embedding.ts"
import { rotary } from "./rotary.ts"
import { expectGradient } from "./testing/gradient.ts"

const tokens = input("tokens", "u8", [2, 2])
const net = embedding(input("table", "f32", [3, 2]), tokens, input("positions", "f32", [4, 2]))
test("embedding: the row of each token, and of its place; a token beyond the table is its last row", () => {
  const given = { table: [1, 2, 10, 20, 100, 200], positions: [0.5, 0, 0, 0.25, 9, 9, 9, 9], tokens: [2, 0, 1, 255] }
  expect(resultOf(net, given)).toEqual([100.5, 200, 1, 2.25, 10.5, 20, 100, 200.25])
  expect(() => embedding(input("table", "f32", [3, 2]), tokens, input("short", "f32", [1, 2]))).toThrow("OB322")
  expectGradient(net)
})
test("a class out of range has no place of its own", () => {
  expect(resultOf(oneHot(input("c", "i8", [4]), 3), { c: [0, 2, -1, 3] })).toEqual([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
})

test("class cross entropy: −ln of the probability given to the class; a class out of range counts nothing", () => {
  const loss = classCrossEntropy(input("x", "f32", [1, 3, 2]), input("target", "i16", [1, 3]))
  const [found] = resultOf(loss, { x: [1, 3, 50, 70, 0, 0], target: [1, -1, 0] })
  expect(found).toBeCloseTo(Math.log(1 + Math.exp(-2)) + Math.log(2), 5)
  expect(resultOf(loss, { x: [0, 1000, 0, 0, 3e38, -3e38], target: [0, 2, 0] })).toEqual([1000])
  expectGradient(loss)
})

test(`rotary: turned pairs keep their length, and products depend on distance alone (SEED=${SEED})`, () => {
  const [places, width] = [6, 4]
  const random = stream(SEED, "mix", 5)
  const y = rotary(input("x", "f32", [1, 1, places, width]))
  const [a, b] = [0, width].map((from) =>
    Array.from({ length: width }, (_, i) => Math.fround(random.uniform(from + i) - 0.5)),
  )
  const turned = [a!, b!].map((row) => {
    const all = resultOf(y, { x: Array.from({ length: places }, () => row).flat() })
    return Array.from({ length: places }, (_, t) => all.slice(t * width, (t + 1) * width))
  })
  const dot = (p: readonly number[], q: readonly number[]): number => p.reduce((sum, v, i) => sum + v * q[i]!, 0)
  expect(turned[0]![0]).toEqual(a)
  for (let t = 0; t < places; t++) expect(dot(turned[0]![t]!, turned[0]![t]!)).toBeCloseTo(dot(a!, a!), 5)
  for (let t = 2; t < places; t++)
    expect(dot(turned[0]![t]!, turned[1]![t - 2]!)).toBeCloseTo(dot(turned[0]![2]!, turned[1]![0]!), 5)
  expect(turned[0]![1]![0]).toBeCloseTo(a![0]! * Math.cos(1) - a![2]! * Math.sin(1), 5)
  expect(turned[0]![1]![3]).toBeCloseTo(a![3]! * Math.cos(0.01) + a![1]! * Math.sin(0.01), 5)
  expectGradient(y, 4)
})
