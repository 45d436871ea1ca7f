import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { printRequantise, type Requantise } from "@open-brains/core/emit/c99/chip/requantise_arm.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../../../scripts/testing.ts"
import { SEED } from "./cases.ts"
import { MACHINES, missingMachine, run } from "./machine.ts"

/** The formula of docs/adr/0003-requantise.md, without a bound. */
function requantised({ shift, data }: Requantise, x: number, m: number): number {
  const y = Number((BigInt(x) * BigInt(m) + (1n << BigInt(shift - 1))) >> BigInt(shift))
  return Math.max(DTYPE[data].range[0], Math.min(DTYPE[data].range[1], y))
}
interface Case {
  readonly function: Requantise
  readonly values: readonly (readonly [x: number, m: number])[]
}
const cases: fc.Arbitrary<Case> = fc
  .record({
    data: fc.constantFrom("u8", "i8", "i16"),
    shift: fc.integer({ min: 17, max: 31 }),
    bits: fc.constantFrom(16, 24, 32),
    random: fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })),
  } as const)
  .map(({ data, shift, bits, random }) => {
    const next = (): number => random.next().value as number
    const whole = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
    const most = 2 ** (bits - 1)
    const x = (m: number): number => {
      // About a half of some y as often as anywhere: there rounding shows.
      const tie =
        Math.floor(((whole(DTYPE[data].range[0], DTYPE[data].range[1]) + 0.5) * 2 ** shift) / m) + whole(-1, 1)
      const [one, two] = [next(), next()]
      const end = two < 0.5 ? -most : most - 1
      return one < 0.1 ? end : one < 0.6 ? Math.max(-most, Math.min(most - 1, tie)) : whole(-most, most - 1)
    }
    const m = (): number => (next() < 0.2 ? (next() < 0.5 ? 1 : 32767) : whole(1, 32767))
    const values = Array.from({ length: 40 }, m).map((each) => [x(each), each] as const)
    return { function: { name: "r", data, shift, bits }, values }
  })

const all = fc.sample(cases, { numRuns: 40, seed: SEED })
for (const [name, machine] of Object.entries(MACHINES))
  test(`requantise on ${name} equals the formula (SEED=${SEED})`, (context) => {
    requireOrSkip(context, missingMachine(machine))
    const texts = all.map(({ function: each, values }, n) => {
      const columns = [0, 1].map((at) => values.map((pair) => (pair[at] === -(2 ** 31) ? "INT32_MIN" : pair[at])))
      return `${printRequantise({ ...each, name: `r${n}` })}static void say_${n}(void) {
  static const int32_t x[] = {${columns[0]}}, m[] = {${columns[1]}};
  for (int32_t i = 0; i < ${values.length}; ++i) show(r${n}(x[i], m[i]));
}
`
    })
    const main = `int main(void) {\n${all.map((_, n) => `  say_${n}();`).join("\n")}\n  return 0;\n}\n`
    const { numbers } = run(machine, texts.join("") + main)
    expect(numbers).toEqual(all.flatMap(({ function: of, values }) => values.map(([x, m]) => requantised(of, x, m))))
  })
