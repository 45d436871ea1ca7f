import fc from "fast-check"
import { expect, test } from "vitest"
import { SEED } from "../ir/testing/hostile.ts"
import { drawExamples, type Example, examinations, FOLDS, HELD_OUT_ENOUGH, holdOut, labelsOf } from "./examples.ts"

const example = fc.record({ text: fc.string({ maxLength: 3 }), label: fc.constantFrom("a", "b", "c", undefined) })
const count = (examples: readonly Example[], label: string | undefined): number =>
  examples.filter((each) => each.label === label).length

test(`each label gives its share, keeps one at least, and nothing is lost (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(example, { maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (examples, share) => {
      const [kept, held] = holdOut(examples, share, 7, 0)
      expect(new Set([...kept, ...held])).toEqual(new Set(examples))
      expect(kept.length + held.length).toBe(examples.length)
      for (const label of ["a", "b", "c", undefined]) {
        const all = count(examples, label)
        expect(count(held, label)).toBe(Math.max(0, Math.min(all - 1, Math.round(all * share))))
      }
      expect(kept).toEqual(examples.filter((each) => kept.includes(each))) // in the order given
    }),
    { seed: SEED },
  )
})
test("the same seed and step give the same split, others another", () => {
  const examples = Array.from({ length: 100 }, (_, i): Example => ({ text: `${i}`, label: "ab"[i % 2]! }))
  const held = (seed: number, step: number): string =>
    holdOut(examples, 0.2, seed, step)[1]
      .map(({ text }) => text)
      .join()
  expect(held(1, 0)).toBe(held(1, 0))
  expect(new Set([held(1, 0), held(2, 0), held(1, 1)]).size).toBe(3)
})
test("labels come sorted by code unit; fewer than two are refused", () => {
  const of = (...labels: readonly (string | undefined)[]): readonly string[] =>
    labelsOf(labels.map((label) => ({ text: "", label })))
  expect(of("b", undefined, "a", "É", "Z", "a")).toEqual(["Z", "a", "b", "É"])
  expect(() => of("a", "a", undefined)).toThrow("OB402")
  expect(() => of(undefined)).toThrow("OB402")
})

test(`a draw gives each label one, then its share, and grows without letting go (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(example, { maxLength: 60 }), fc.nat(60), fc.nat(60), (given, a, b) => {
      const examples = given.map((each, i) => ({ ...each, text: `${i}` }))
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const [few, many] = [drawExamples(examples, less, 7), drawExamples(examples, more, 7)]
      expect(few.length).toBe(Math.min(less, examples.length))
      expect(many).toEqual(expect.arrayContaining([...few]))
      expect(few).toEqual(examples.filter((each) => few.includes(each))) // in the order given
      const kinds = new Set(examples.map(({ label }) => label))
      if (less >= kinds.size) expect(new Set(few.map(({ label }) => label))).toEqual(kinds)
      for (const label of kinds) {
        const share = (few.length * count(examples, label)) / Math.max(1, examples.length)
        expect(Math.abs(count(few, label) - share)).toBeLessThanOrEqual(Math.max(1, kinds.size))
      }
    }),
    { seed: SEED },
  )
})
test("another seed draws others", () => {
  const examples = Array.from({ length: 100 }, (_, i): Example => ({ text: `${i}`, label: "ab"[i % 2]! }))
  const drawn = (seed: number): string =>
    drawExamples(examples, 10, seed)
      .map(({ text }) => text)
      .join()
  expect(drawn(1)).toBe(drawn(1))
  expect(drawn(1)).not.toBe(drawn(2))
})

test(`where few are held out, every example but a lone one is asked once, by a net that has not seen it (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(example, { minLength: 1, maxLength: 40 }), fc.boolean(), (given, relearn) => {
      const [train, validation] = holdOut(given, 0.2, 7, 0)
      const exams = examinations({ train, validation }, relearn, 7)
      const turns = exams.length > 1 && !relearn ? exams.slice(1) : exams
      const pool = relearn ? [...train, ...validation] : train
      const lone = pool.filter(({ label }) => count(pool, label) === 1)
      expect(exams.length).toBeLessThanOrEqual(FOLDS + 1)
      if (!relearn) expect(exams[0]).toEqual({ learn: train, held: validation })
      if (lone.length === pool.length) {
        expect(exams).toEqual([{ learn: train, held: validation }])
        return
      }
      expect(turns.flatMap(({ held }) => held)).toHaveLength(pool.length - lone.length)
      for (const { learn, held } of turns) {
        expect(learn.length + held.length).toBe(pool.length)
        expect(held.filter((each) => learn.includes(each))).toEqual([])
        for (const label of new Set(pool.map((each) => each.label))) expect(count(learn, label)).toBeGreaterThan(0)
      }
    }),
    { seed: SEED },
  )
})
test("where enough are held out, they alone are asked", () => {
  const examples = Array.from(
    { length: 3 * HELD_OUT_ENOUGH },
    (_, i): Example => ({ text: `${i}`, label: "ab"[i % 2]! }),
  )
  const [train, validation] = [examples.slice(HELD_OUT_ENOUGH), examples.slice(0, HELD_OUT_ENOUGH)]
  expect(examinations({ train, validation }, true, 7)).toEqual([{ learn: train, held: validation }])
})
