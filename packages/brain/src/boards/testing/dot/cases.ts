import { DTYPE } from "@open-brains/core/base/dtype.ts"
import type { Dot, PrintedDot } from "@open-brains/core/emit/c99/chip/dot.ts"
import { TYPE } from "@open-brains/core/emit/c99/prelude.ts"
import fc from "fast-check"
import { expect } from "vitest"
import { type Machine, run } from "./machine.ts"

export const SEED = 8

/** The formula of `Dot`. */
function sumsOf({ runs, length, jump, weights }: Dot, x: readonly number[]): number[] {
  return weights.map((row) => {
    let sum = 0
    for (let r = 0; r < runs; r++) for (let l = 0; l < length; l++) sum += x[r * jump + l]! * row[r * length + l]!
    return sum
  })
}

export interface Case {
  readonly dot: Dot
  readonly x: readonly number[]
}
/** Weights of few or of eight bits, extreme ones often; x likewise. The accumulator is the least that any x fits. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    data: fc.constantFrom("u8", "i8", "i16"),
    outputs: fc.integer({ min: 1, max: 19 }),
    runs: fc.integer({ min: 1, max: 4 }),
    length: fc.integer({ min: 1, max: 70 }),
    gap: fc.integer({ min: 0, max: 9 }),
    overlap: fc.boolean(),
    bounds: fc.constantFrom([-8, 7], [-7, 7], [-128, 127], [-127, 127], [-1, 1]),
    extreme: fc.constantFrom(0, 0.1, 1),
    random: fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })),
  } as const)
  .map(({ data, outputs, runs, length, gap, overlap, bounds, extreme, random }) => {
    const next = (): number => random.next().value as number
    const pick = (low: number, high: number): number =>
      next() < extreme ? (next() < 0.5 ? low : high) : low + Math.floor(next() * (high - low + 1))
    const jump = overlap ? Math.max(1, length - gap) : length + gap
    const weights = Array.from({ length: outputs }, () =>
      Array.from({ length: runs * length }, () => pick(bounds[0]!, bounds[1]!)),
    )
    const [low, high] = DTYPE[data].range
    const most = Math.max(...weights.map((row) => row.reduce((all, w) => all + Math.abs(w) * Math.max(-low, high), 0)))
    const accumulator = most < 2 ** 15 ? 16 : most < 2 ** 23 ? 24 : 32
    const dot: Dot = { name: "t", outputs, runs, length, jump, data, weights, accumulator }
    return { dot, x: Array.from({ length: (runs - 1) * jump + length }, () => pick(low, high)) }
  })

/** C that says all sums of a case. On a board x ends where its RAM does, so that a read beyond is a fault. */
function textOf({ dot, x }: Case, { text, block, call }: PrintedDot): string {
  const type = TYPE[dot.data]
  const blocks = Math.ceil(dot.outputs / block)
  return `static const ${type} t_x[] = {${x.join(",")}};
${text}static void say_${dot.name}(void) {
#ifdef RAM_END
  ${type} *x = (${type} *)(RAM_END - sizeof t_x);
  for (uint32_t n = 0; n < ${x.length}; ++n) x[n] = t_x[n];
#else
  const ${type} *x = t_x;
#endif
  for (int32_t b = 0; b < ${blocks}; ++b) {
    int32_t sums[${block + 1}];
    sums[${block}] = 77;
    ${call("b", "x", "sums")};
    if (sums[${block}] != 77) say("beyond");
    for (int32_t n = 0; n < ${block} && b * ${block} + n < ${dot.outputs}; ++n) show(sums[n]);
  }
}
`.replace(/\bt_/g, `${dot.name}_`)
}
/** Many cases in one program. */
export function expectFormula(machine: Machine, print: (dot: Dot) => PrintedDot, all: readonly Case[]): void {
  const named = all.map(({ dot, x }, n) => ({ dot: { ...dot, name: `t${n}` }, x }))
  const texts = named.map((each) => textOf(each, print(each.dot)))
  const main = `int main(void) {\n${named.map(({ dot }) => `  say_${dot.name}();`).join("\n")}\n  return 0;\n}\n`
  const { numbers, said } = run(machine, texts.join("") + main)
  expect(said).not.toContain("beyond")
  let at = 0
  for (const { dot, x } of named) {
    const { name, weights: _, ...shape } = dot
    expect(numbers.slice(at, at + dot.outputs), `${name} ${JSON.stringify(shape)}`).toEqual(sumsOf(dot, x))
    at += dot.outputs
  }
  expect(numbers.length).toBe(at)
}

/**
 * What a lane can hardly hold: all weights at one end and all x at one end, of lengths about the bounds where the printers
 * choose another packing.
 */
export function extremeCases(): readonly Case[] {
  const products = (["u8", "i8", "i16"] as const).flatMap((data) =>
    [-8, 7, -127, 127, -128].flatMap((weight) => DTYPE[data].range.map((value) => ({ data, weight, value }))),
  )
  return products.flatMap(({ data, weight, value }) =>
    [16, 17, 256, 258, 259].map((length) => {
      const nine = [weight, weight, -weight - 1, weight, 0, weight, weight, -weight - 1, weight]
      const rows = nine.slice(0, length % 2 === 0 ? 7 : 9) // a call of eight rows, and calls of four
      const weights = rows.map((w) => Array.from({ length }, () => w))
      const most =
        length * Math.max(Math.abs(weight), Math.abs(-weight - 1)) * Math.max(...DTYPE[data].range.map(Math.abs))
      const accumulator = most < 2 ** 15 ? 16 : most < 2 ** 23 ? 24 : 32
      const dot: Dot = { name: "t", outputs: rows.length, runs: 1, length, jump: length, data, weights, accumulator }
      return { dot, x: Array.from({ length }, () => value) }
    }),
  )
}
