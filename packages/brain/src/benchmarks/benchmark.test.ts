import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { SCORE_ONE, scored } from "./answer.ts"
import { openBenchmark } from "./benchmark.ts"
import { dataFolder, ENDLESS, generatorFolder } from "./testing/folders.ts"

const CSV = `message,label\n${Array.from({ length: 40 }, (_, i) => `message ${i},${i % 3 === 0 ? "parcel" : i % 3 === 1 ? "refund" : ""}`).join("\n")}\n`
const textsOf = async (path: string, seed: number, places: readonly number[]): Promise<readonly unknown[]> => {
  const benchmark = await openBenchmark(path)
  const found: unknown[] = []
  for (const place of places) found.push((await benchmark.item(seed, place)).inputs[0])
  await benchmark.close()
  return found
}
const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

test("a seed orders the items of data: all of them once, the same for everybody", async () => {
  const path = dataFolder(temporary(), CSV)
  const [one, again, other] = [
    await textsOf(path, 1, upTo(40)),
    await textsOf(path, 1, upTo(40)),
    await textsOf(path, 2, upTo(40)),
  ]
  expect(again).toEqual(one)
  expect(other).not.toEqual(one)
  expect([...one].sort()).toEqual(
    upTo(40)
      .map((i) => `message ${i}`)
      .sort(),
  )
  expect(one.slice(0, 3)).toEqual(["message 17", "message 28", "message 11"])
})

test("an item keeps its label; an empty one says that none fits", async () => {
  const benchmark = await openBenchmark(dataFolder(temporary(), CSV))
  expect(benchmark.itemCount).toBe(40)
  for (const place of upTo(40)) {
    const { inputs, expected } = await benchmark.item(1, place)
    expect(expected).toBe(["parcel", "refund", undefined][Number(`${inputs[0]}`.slice(8)) % 3])
  }
})

test("an item of a generator is the same in whatever order it is asked for, also when the code remembers", async () => {
  const counting =
    'let n = 0\nfunction answer(seed, index) { n++; return { input: seed + " " + index + " " + n, expected: null } }'
  const path = generatorFolder(temporary(), counting)
  const forward = await textsOf(path, 3, upTo(130))
  const jumping = await textsOf(path, 3, [129, 0, 64, 63, 128])
  expect(jumping).toEqual([forward[129], forward[0], forward[64], forward[63], forward[128]])
})

test("JSON lines are items too, and several inputs have a column each", async () => {
  const folder = temporary()
  writeFileSync(
    join(folder, "two.brain"),
    'benchmark two {\n about "x" licence "CC0-1.0"\n takes message: text up to 20 bytes\n takes hour: number from 0 to 23\n gives reply: text up to 20 bytes\n data "two.jsonl"\n metric exact\n bound at least 1\n}\n',
  )
  writeFileSync(join(folder, "two.jsonl"), '{"message":"hello","hour":7,"expected":"good morning"}\n')
  const benchmark = await openBenchmark(join(folder, "two.brain"))
  expect(await benchmark.item(1, 0)).toEqual({ inputs: ["hello", 7], expected: "good morning" })
})

test.each([
  ["a label that the benchmark does not name", "message,label\nx,weather\n"],
  ["a text that is too long", `message,label\n${"x".repeat(201)},parcel\n`],
  ["no column of labels", "message,kind_of\nx,parcel\n"],
  ["no column of texts", "texts,label\nx,parcel\n"],
  ["no items", "message,label\n"],
])("data with %s are refused", async (_, csv) => {
  await expect(openBenchmark(dataFolder(temporary(), csv))).rejects.toThrow("error[OB753]")
})

test("a generator is cut off, and says which item it does not give", async () => {
  const endless = `${ENDLESS.replace("answer", "whole")}\nfunction answer(seed, index) { while (index === 70); return whole(seed, index) }`
  const benchmark = await openBenchmark(generatorFolder(temporary(), endless))
  await benchmark.item(1, 63)
  await expect(benchmark.item(1, 70)).rejects.toThrow("item 70 of seed 1")
  await benchmark.close()
})

const LABELS = ["parcel", "refund", "stock"]
test("right is 1, wrong, unsure and nothing are 0; where no label fits, unsure is right", () => {
  const score = (outcome: Parameters<typeof scored>[0], expected: string | undefined): number =>
    scored(outcome, expected, "accuracy", LABELS).score / SCORE_ONE
  expect(score({ label: "parcel" }, "parcel")).toBe(1)
  expect(score({ label: "refund" }, "parcel")).toBe(0)
  expect(score({ label: undefined, guess: "parcel" }, "parcel")).toBe(0)
  expect(score({ nothing: "late" }, "parcel")).toBe(0)
  expect(score({ label: undefined }, undefined)).toBe(1)
  expect(score({ label: "parcel" }, undefined)).toBe(0)
  expect(score({ nothing: "late" }, undefined)).toBe(0)
  expect(scored("yes", "yes", "exact", []).score).toBe(SCORE_ONE)
  expect(scored("yes ", "yes", "exact", []).score).toBe(0)
})

test("bits count the probability of what was expected, up to sixteen of them", () => {
  const bits = (p: number): number =>
    scored({ label: "parcel", guess: "parcel", probability: p }, "parcel", "bits", LABELS, () => p).score / SCORE_ONE
  expect([bits(1), bits(1 / 2), bits(1 / 256), bits(2 ** -16), bits(0)]).toEqual([1, 15 / 16, 8 / 16, 0, 0])
  // Without a distribution the rest of the probability is shared out among the other labels.
  const other = scored({ label: "parcel", guess: "parcel", probability: 0.5 }, "refund", "bits", LABELS)
  expect(other).toEqual({
    answer: '{"expected":16384,"guess":"parcel","label":"parcel","probability":32768}',
    score: (14 / 16) * SCORE_ONE,
  })
})

test("an answer is canonical, and says nothing of time", () => {
  expect(scored({ nothing: "it took longer than 3 ms" }, "x", "exact", []).answer).toBe('{"nothing":true}')
  expect(scored({ label: undefined, guess: "a", probability: 0.25 }, "a", "accuracy", LABELS).answer).toBe(
    '{"guess":"a","label":null,"probability":16384}',
  )
})
