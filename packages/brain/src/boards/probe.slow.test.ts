import { expect, test } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { counting, deep, hanging, known, weighted } from "./testing/modules.ts"
import { buildProbe, type ProbeRequest } from "./testing/probe.ts"
import { TARGETS, type Target } from "./testing/targets.ts"

const MS_MAX = 120_000
const request = (entry: number, bytes: ArrayLike<number>): ProbeRequest => ({ entry, input: Uint8Array.from(bytes) })
const bytesOf = ({ buffer }: { readonly buffer: ArrayBufferLike }): readonly number[] => [...new Uint8Array(buffer)]

/** What `weighted` computes. */
function weigh(x: Int8Array): Uint8Array {
  const weights = [
    [1, -2, 300, -32768, 32767, 5],
    [9, 8, -7, 600, 5, -4],
  ]
  const sums = weights.map((row) => row.reduce((sum, w, i) => sum + w * x[i]!, 0))
  return Uint8Array.from([...bytesOf(Int32Array.from(sums)), ...bytesOf(Uint16Array.of(sums[0]! ^ sums[1]!))])
}
/** What `counting` has counted after each request, its state at the end. */
function count(requests: readonly ProbeRequest[]): readonly Uint8Array[] {
  const totals = new Int32Array(3)
  let out = 0
  return requests.map(({ entry, input }) => {
    if (entry === 1) totals.fill(0)
    else {
      for (const [i, step] of input.entries()) totals[i] = Math.imul(totals[i]!, 31) + step
      out = (totals.reduce((all, total, i) => all ^ (total >>> i), 0) >>> 0) % 251
    }
    return Uint8Array.from([out, ...bytesOf(totals)])
  })
}

/** Cycles of a call of `known`, added up by hand from the manuals' tables: those that count are named in cortex/cycles.c. */
const MANUAL: Readonly<Partial<Record<Target, number>>> = {
  // call, nop nop, mul, clr ldi, five rounds of dec and brne (of which four branch), push pop, ret
  "atmega328p on simavr": 4 + 2 + 2 + 2 + (5 * 2 + 4) + 4 + 4,
  "atmega2560 on simavr": 5 + 2 + 2 + 2 + (5 * 2 + 4) + 4 + 5,
  // bl, push, movs, five rounds of subs and bne, muls, ldr nop str, b, pop
  "atmega328p on avr8js": 4 + 2 + 2 + 2 + (5 * 2 + 4) + 4 + 4,
  "atmega2560 on avr8js": 5 + 2 + 2 + 2 + (5 * 2 + 4) + 4 + 5,
  "cortex-m0 on QEMU": 4 + 3 + 1 + (5 * 2 + 4 * 2) + 1 + 5 + 3 + 6,
  "cortex-m0plus on QEMU": 3 + 3 + 1 + (5 * 2 + 4) + 1 + 5 + 2 + 5,
  "cortex-m4 on QEMU": 3 + 3 + 1 + (5 * 2 + 4 * 2) + 1 + 4 + 3 + 5,
}

for (const target of Object.keys(TARGETS) as Target[]) {
  const { missing, cycles, seesStack } = TARGETS[target]
  test(
    `constants lie in flash and answers are the same bytes: ${target}`,
    async (context) => {
      requireOrSkip(context, missing())
      const inputs = Array.from({ length: 64 }, (_, n) => Int8Array.from({ length: 6 }, (_, i) => n * 37 + i * 91))
      using probe = await buildProbe(weighted.module, weighted.ports, target)
      const answers = await probe.run(inputs.map((x) => request(0, bytesOf(x))))
      expect(answers.outputs).toEqual(inputs.map(weigh))
      if (cycles !== "none") expect(answers.cycles).toHaveLength(inputs.length)
      expect(await probe.run(inputs.map((x) => request(0, bytesOf(x))))).toEqual(answers)
    },
    MS_MAX,
  )

  test(
    `a state stays from call to call until an entry forgets it, and a fresh chip has none: ${target}`,
    async (context) => {
      requireOrSkip(context, missing())
      const requests = Array.from({ length: 50 }, (_, n) => request(n % 20 === 19 ? 1 : 0, [n, 255 - n, n * 5]))
      using probe = await buildProbe(counting.module, counting.ports, target)
      for (const _ of [1, 2]) expect((await probe.run(requests)).outputs).toEqual(count(requests))
    },
    MS_MAX,
  )

  test(
    `the stack that a call takes is seen, and no more: ${target}`,
    async (context) => {
      requireOrSkip(context, missing())
      using probe = await buildProbe(deep.module, deep.ports, target)
      const { outputs, stackBytes } = await probe.run([request(0, [7]), request(0, [200])])
      expect(outputs).toEqual([Uint8Array.of((7 + 7 + 69) & 255), Uint8Array.of((200 + 200 + 69) & 255)])
      if (!seesStack) expect(stackBytes).toBeUndefined()
      else {
        expect(stackBytes).toBeGreaterThanOrEqual(300)
        expect(stackBytes).toBeLessThan(360)
      }
    },
    MS_MAX,
  )

  test(
    `cycles are those of the manual: ${target}`,
    async (context) => {
      requireOrSkip(context, missing())
      using probe = await buildProbe(known.module, known.ports, target)
      const answers = await probe.run([request(0, [0]), request(0, [0])])
      expect(answers.cycles).toEqual(MANUAL[target] && [MANUAL[target], MANUAL[target]])
    },
    MS_MAX,
  )

  test(
    `what never comes back is killed: ${target}`,
    async (context) => {
      requireOrSkip(context, missing())
      using probe = await buildProbe(hanging.module, hanging.ports, target)
      expect((await probe.run([request(0, [0]), request(0, [2])])).outputs).toHaveLength(2)
      await expect(probe.run([request(0, [0]), request(0, [1])], 1500)).rejects.toThrow("killed after 1500 ms")
    },
    MS_MAX,
  )
}

for (const chip of ["atmega328p", "atmega2560"] as const)
  test(
    `simavr and avr8js count the same cycles, call by call: ${chip}`,
    async (context) => {
      const targets = [`${chip} on simavr`, `${chip} on avr8js`] as const
      for (const target of targets) requireOrSkip(context, TARGETS[target].missing())
      const requests = Array.from({ length: 20 }, (_, n) => request(0, [n, 255 - n, n * 5]))
      const counted = targets.map(async (target) => {
        using probe = await buildProbe(counting.module, counting.ports, target)
        return (await probe.run(requests)).cycles
      })
      const [simavr, avr8js] = await Promise.all(counted)
      expect(simavr).toHaveLength(requests.length)
      expect(avr8js).toEqual(simavr)
    },
    MS_MAX,
  )
