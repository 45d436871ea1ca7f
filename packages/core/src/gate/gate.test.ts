import fc from "fast-check"
import { expect, test, vi } from "vitest"
import { Refusal } from "../base/problem.ts"
import { type Gate, type GateOptions, openGate, priceOf } from "./gate.ts"

const benchmarks = (count: number, margin?: number): GateOptions["benchmarks"] =>
  Array.from({ length: count }, (_, i) => ({ name: `b${i}`, weight: 1, ...(margin === undefined ? {} : { margin }) }))
const times = (count: number, d: number): readonly number[] => Array<number>(count).fill(d)
/** Items of which so many are better, so many worse, well mixed. */
const items = (count: number, better: number, worse: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => {
    const at = (i * 7919) % count
    return at < better ? 1 : at < better + worse ? -1 : 0
  })
/** Adds the same batch to whatever is wanted until there is a verdict. */
function decided(gate: Gate, batch: (name: string) => readonly [readonly number[], (readonly number[])?]): Gate {
  for (let round = 0; gate.verdict === undefined; round++) {
    expect(round).toBeLessThan(1000)
    for (const name of gate.wanted()) gate.add(name, ...batch(name))
  }
  return gate
}
const verdictOf = (options: GateOptions, batch: Parameters<typeof decided>[1]) =>
  decided(openGate(options), batch).verdict!

const EQUAL = times(100, 0)
const GAIN = items(100, 6, 2)
const LOSS = items(100, 0, 4)

test("a gain on the target and no change elsewhere is better", () => {
  const verdict = verdictOf({ benchmarks: benchmarks(3, 0.01), target: "b0" }, (name) => [name === "b0" ? GAIN : EQUAL])
  expect(verdict).toEqual({
    kind: "better",
    accepted: true,
    because: "It is better on b0, and not worse on any of 3 benchmarks.",
    benchmark: "b0",
    items: verdict.items,
  })
})
test("without a target, gains count by weight", () => {
  const uneven = [
    { name: "heavy", weight: 98, margin: 0.01 },
    { name: "light", weight: 2, margin: 0.01 },
  ]
  const gainOn = (where: string) => verdictOf({ benchmarks: uneven }, (name) => [name === where ? GAIN : EQUAL])
  expect([gainOn("heavy").kind, gainOn("light").kind]).toEqual(["better", "better"])
  expect(gainOn("heavy").items).toBeLessThan(gainOn("light").items)
})
test("a loss on one is harmful, whatever is gained on the target", () => {
  const verdict = verdictOf({ benchmarks: benchmarks(3, 0.01), target: "b0" }, (name) => [
    name === "b0"
      ? GAIN
      : name === "b1"
        ? times(100, 0).with(3, -1).with(9, -1).with(50, -1).with(70, -1).with(80, -1)
        : EQUAL,
  ])
  expect(verdict).toMatchObject({ accepted: false, benchmark: "b1" })
  const plain = verdictOf({ benchmarks: benchmarks(1, 0.01) }, () => [times(50, -1)])
  expect(plain).toEqual({
    kind: "harmful",
    accepted: false,
    because: "It is worse than the incumbent on b0 by more than 1.0 points.",
    benchmark: "b0",
    items: 50,
  })
})
test("a loss that items cannot refute ends a trial long before they run out", () => {
  const verdict = verdictOf({ benchmarks: benchmarks(2, 0.01), isSimpler: true }, (name) => [
    name === "b0" ? EQUAL : items(100, 0, 2),
  ])
  expect(verdict).toMatchObject({ kind: "unproven", accepted: false, benchmark: "b1" })
  expect(verdict.because).toBe(
    "It may be worse than the incumbent on b1 by 1.0 points: more items would not show otherwise.",
  )
  expect(verdict.items).toBeLessThan(3000)
})
test("no gain ends a trial without harm, and what is simpler needs none", () => {
  const options = { benchmarks: benchmarks(2, 0.01), target: "b0" }
  expect(verdictOf(options, () => [EQUAL])).toMatchObject({
    kind: "unproven",
    accepted: false,
    because: "It does not gain on b0.",
  })
  expect(verdictOf({ benchmarks: benchmarks(2, 0.01) }, () => [EQUAL])).toMatchObject({ because: "It does not gain." })
  expect(verdictOf({ ...options, isSimpler: true }, () => [EQUAL])).toMatchObject({
    kind: "not worse",
    accepted: true,
    because: "It is simpler, and not worse on any of 2 benchmarks.",
  })
  expect(verdictOf({ ...options, isSimpler: true }, () => [LOSS]).accepted).toBe(false)
})
test("where items run out nothing is proven", () => {
  const noisy = items(100, 50, 50)
  const verdict = verdictOf({ benchmarks: benchmarks(1, 0.01), isSimpler: true, itemsMax: 2000 }, () => [noisy])
  expect(verdict).toMatchObject({ kind: "unproven", benchmark: "b0", items: 2000 })
  expect(verdict.because).toBe("2000 items of b0 do not show that it loses less than 1.0 points.")
  const slow = verdictOf({ benchmarks: benchmarks(1, 0.02), itemsMax: 1000 }, () => [items(250, 6, 3)])
  expect(slow.because).toBe("It does not gain on b0 enough to be seen in 1000 items.")
})
test("equal behaviour passes at once", () => {
  const gate = openGate({ benchmarks: benchmarks(2) })
  gate.acceptEqual()
  expect(gate.verdict).toMatchObject({ kind: "not worse", accepted: true, items: 0 })
  expect(gate.wanted()).toEqual([])
})
test("what is equal to the incumbent and lost against the anchor is refused: small losses do not add up", () => {
  const options: GateOptions = { benchmarks: benchmarks(2, 0.01), target: "b0" }
  const verdict = verdictOf(options, (name) => [name === "b0" ? GAIN : EQUAL, name === "b1" ? LOSS : EQUAL])
  expect(verdict).toMatchObject({ accepted: false, benchmark: "b1" })
  expect(verdict.because).toContain("what the epoch began with")
  expect(verdictOf(options, (name) => [name === "b0" ? GAIN : EQUAL, EQUAL]).kind).toBe("better")
})
test("no harm must be proven against the anchor too: until then items are wanted", () => {
  const gate = openGate({ benchmarks: benchmarks(1, 0.02), isSimpler: true })
  gate.add("b0", times(500, 0), items(500, 40, 40))
  expect(gate.verdict).toBeUndefined()
  expect(gate.wanted()).toEqual(["b0"])
  expect(gate.standing()[0]!.isProvenHarmless).toBe(false)
  expect(gate.standing()[0]!.evidenceOfNoHarm).toBeLessThan(gate.needed.noHarm)
  gate.add("b0", times(5000, 0), times(5000, 0))
  expect(gate.verdict!.accepted).toBe(true)
})
test("no harm on every benchmark and a gain are needed, each to its own height, and retries raise both", () => {
  for (const [attempt, accepted] of [
    [1, 0],
    [9, 3],
  ] as const) {
    const { needed } = openGate({ benchmarks: benchmarks(4), attempt, accepted })
    const price = (2.612 * attempt ** 1.5) / (accepted + 1)
    expect(needed.noHarm).toBeCloseTo(Math.log(20 * price), 12)
    expect(needed.gain).toBeCloseTo(Math.log(100 * price), 12)
    expect(needed.harm).toBeCloseTo(Math.log(20 * 4), 12)
  }
  const gate = openGate({ benchmarks: benchmarks(1, 0.01), target: "b0" })
  while (gate.verdict === undefined) {
    const [before] = gate.standing()
    expect(before!.isProvenHarmless && before!.evidenceOfGain >= gate.needed.gain).toBe(false)
    gate.add("b0", items(20, 4, 0))
  }
  const [after] = gate.standing()
  expect(after!.evidenceOfGain).toBeGreaterThanOrEqual(gate.needed.gain)
  expect(after!.evidenceOfNoHarm).toBeGreaterThanOrEqual(gate.needed.noHarm)
})
test("a retry is never cheaper than a first try, whatever was accepted", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(), (attempt, some) => {
      expect(priceOf(attempt, some % attempt)).toBeGreaterThanOrEqual(2.612 * Math.sqrt(attempt) * (1 - 1e-12))
    }),
  )
  let spent = 0
  for (let t = 1; t < 100_000; t++) spent += 1 / (20 * priceOf(t, 0))
  expect(spent).toBeLessThan(0.05) // all chances of an epoch together
})
test("evidence is held where it sufficed: later doubt about one that was proven asks for no more items", () => {
  const gate = openGate({ benchmarks: benchmarks(2, 0.02), isSimpler: true })
  gate.add("b0", times(400, 0))
  expect(gate.wanted()).toEqual(["b1"])
  gate.add("b0", items(100, 0, 2))
  expect(gate.standing()[0]!.evidenceOfNoHarm).toBeLessThan(gate.needed.noHarm)
  gate.add("b1", times(400, 0))
  expect(gate.verdict!.accepted).toBe(true)
})
test("the target is wanted first, then by weight; one that needs nothing more is not wanted", () => {
  const gate = openGate({
    benchmarks: [
      { name: "a", weight: 1 },
      { name: "b", weight: 5 },
      { name: "c", weight: 1 },
    ],
    target: "c",
  })
  expect(gate.wanted()).toEqual(["c", "b", "a"])
  gate.add("a", times(2000, 0))
  expect(gate.wanted()).toEqual(["c", "b"])
})
test("margins follow weights unless somebody set one", () => {
  const margins = openGate({
    benchmarks: [
      { name: "a", weight: 96 },
      { name: "b", weight: 3.6 },
      { name: "c", weight: 0.4 },
      { name: "d", weight: 0.4, margin: 0.1 },
    ],
  }).standing()
  expect(margins.map(({ margin }) => margin)).toEqual([0.005, 0.01, 0.02, 0.1])
})
test("however large the batches are, the same items give the same verdict", () => {
  const options: GateOptions = { benchmarks: benchmarks(1, 0.01), target: "b0" }
  for (const all of [items(6400, 400, 120), items(6400, 60, 300), items(6400, 64, 64)]) {
    const verdicts = [64, 128, 640, 6400].map((size) => {
      const gate = openGate(options)
      for (let at = 0; at < all.length; at += size) gate.add("b0", all.slice(at, at + size))
      return gate.verdict
    })
    expect(verdicts[0]).toBeDefined()
    for (const verdict of verdicts) expect(verdict).toEqual(verdicts[0])
  }
})
test("after the verdict nothing changes, and no more items do harm", () => {
  const gate = openGate({ benchmarks: benchmarks(1, 0.01), isSimpler: true })
  gate.add("b0", times(5000, 0)) // more than needed, in one go
  const { verdict } = gate
  expect(verdict).toMatchObject({ kind: "not worse", items: 640 })
  gate.add("b0", times(100, -1))
  gate.acceptEqual()
  expect(gate.verdict).toBe(verdict)
  expect(gate.standing()[0]!.items).toBe(640)
})
test("no logarithm of the host has a say in a verdict", () => {
  const differences = Array.from({ length: 300 }, (_, i) => ((i * 37) % 17) / 16 - 0.45)
  const run = () => {
    const gate = openGate({ benchmarks: benchmarks(2), attempt: 3, accepted: 1 })
    for (const name of ["b0", "b1"]) gate.add(name, differences, differences)
    return { verdict: gate.verdict, standing: gate.standing(), needed: { ...gate.needed } }
  }
  const ours = run()
  const host = (["log", "log1p", "log2", "exp", "expm1", "pow"] as const).map((name) =>
    vi.spyOn(Math, name).mockReturnValue(Number.NaN),
  )
  try {
    expect(run()).toEqual(ours)
  } finally {
    for (const each of host) each.mockRestore()
  }
})
test("the same items in the same batches give the same verdict and the same bits", () => {
  const batch = fc.array(fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -1, max: 1, noNaN: true })), {
    maxLength: 50,
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("b0", "b1"), batch), { maxLength: 8 }), (batches) => {
      const run = () => {
        const gate = openGate({ benchmarks: benchmarks(2) })
        for (const [name, differences] of batches) gate.add(name, differences)
        return { verdict: gate.verdict, standing: gate.standing() }
      }
      expect(run()).toEqual(run())
    }),
  )
})

const codeOf = (work: () => unknown): string => {
  try {
    work()
    return "none"
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code).join()
    throw error
  }
}
test("OB770: options that fit no gate", () => {
  const wrong: readonly GateOptions[] = [
    { benchmarks: [] },
    { benchmarks: [...benchmarks(1), ...benchmarks(1)] },
    ...[0, -1, Number.NaN, Infinity].map((weight) => ({ benchmarks: [{ name: "a", weight }] })),
    ...[0, 1, Number.NaN].map((margin) => ({ benchmarks: [{ name: "a", weight: 1, margin }] })),
    { benchmarks: benchmarks(1), target: "b1" },
    ...[0, 1.5, Number.NaN].map((attempt) => ({ benchmarks: benchmarks(1), attempt })),
    { benchmarks: benchmarks(1), attempt: 2, accepted: 2 }, // it would make evidence too cheap
    { benchmarks: benchmarks(1), accepted: -1 },
    { benchmarks: benchmarks(1), itemsMax: 0 },
  ]
  expect(wrong.map((options) => codeOf(() => openGate(options)))).toEqual(wrong.map(() => "OB770"))
})
test("OB771: items that fit no trial, and none of a refused batch counts", () => {
  const gate = openGate({ benchmarks: benchmarks(2) })
  gate.add("b0", [0, 0], [0, 0])
  const wrong = [
    () => gate.add("b9", [0]),
    () => gate.add("b0", [0, 2], [0, 0]),
    () => gate.add("b0", [0, 0], [0, Number.NaN]),
    () => gate.add("b0", [0, 0], [0]),
    () => gate.add("b1", [0]),
  ]
  expect(wrong.map(codeOf)).toEqual(wrong.map(() => "OB771"))
  expect(gate.standing().map((each) => each.items)).toEqual([2, 0])
})
