import { describe, expect, test } from "vitest"
import { buffer, i32, let_, load, local, loop, store } from "../ir/build.ts"
import type { Block, Buffer, Program } from "../ir/program.ts"
import { validate } from "../ir/validate.ts"
import { bit, history, node, partial, position } from "../kernels/expert_ports.ts"
import { carriedBy, faultOfExpert } from "./expert.ts"
import { harness } from "./harness.ts"
import { harnessOptions, MEMORY_MAX, scribeExperts } from "./scribe.ts"

const votes = buffer("output", "i16", "votes", 1)
const memory = buffer("state", "i32", "memory", 4)
const says: Block = [store(votes, i32(0), i32(100))]
const expert = (parts: {
  readonly body?: Block
  readonly entries?: Program["entries"]
  readonly more?: readonly Buffer[]
}): Program => ({
  name: "one",
  buffers: [history(64), position, partial, node, bit, votes, memory, ...(parts.more ?? [])],
  body: parts.body ?? says,
  entries: parts.entries ?? {},
})

describe("the contract of experts", () => {
  test("those of a scribe keep it, and their whole is sound", () => {
    for (const memoryBytes of [2 ** 10, 2 ** 13, 2 ** 14, 2 ** 16, 2 ** 20, 2 ** 22]) {
      const experts = scribeExperts({ memoryBytes })
      expect(experts.map(({ program }) => faultOfExpert(program))).toEqual(experts.map(() => undefined))
      expect(validate(harness(experts, harnessOptions({ memoryBytes })))).toEqual([])
    }
  })
  test("the outcome is in reach of `learn` alone", () => {
    const reads: Block = [store(memory, i32(0), load(bit, i32(0)))]
    expect(faultOfExpert(expert({ entries: { learn: reads } }))).toBeUndefined()
    expect(faultOfExpert(expert({ body: [...says, ...reads] }))).toBe("its `body` reads the outcome")
    for (const entry of ["start", "remember", "reset"])
      expect(faultOfExpert(expert({ entries: { [entry]: reads } }))).toBe(`its \`${entry}\` reads the outcome`)
    // However deep it hides.
    const hidden: Block = [loop("i", 2, [let_("x", load(memory, load(bit, i32(0)))), store(votes, i32(0), local("x"))])]
    expect(faultOfExpert(expert({ body: hidden }))).toBe("its `body` reads the outcome")
  })
  test("a prediction changes nothing that was learnt", () => {
    const changes: Block = [store(memory, i32(1), i32(7))]
    expect(faultOfExpert(expert({ body: [...says, ...changes], entries: { learn: changes } }))).toBe(
      "its prediction changes `memory`, which it learns",
    )
    expect(faultOfExpert(expert({ entries: { learn: changes } }))).toBeUndefined()
  })
  test("what it is given is not its own, and it votes", () => {
    const own = { ...bit, access: "state" as const }
    expect(faultOfExpert({ ...expert({}), buffers: [votes, own] })).toBe("it owns `bit`, which is given to it")
    expect(faultOfExpert({ ...expert({}), buffers: [bit] })).toBe("it has no output `votes` of i16")
    const peek = buffer("input", "i32", "next", 1)
    expect(faultOfExpert(expert({ more: [peek] }))).toBe("it asks for `next`, which nobody gives")
  })
  test("a harness takes nobody who breaks it", () => {
    const cheat = expert({ body: [store(votes, i32(0), load(bit, i32(0)))] })
    expect(() =>
      harness([{ name: "cheat", about: "", program: cheat }], harnessOptions({ memoryBytes: 2 ** 16 })),
    ).toThrow("reads the outcome")
  })
  test("what is carried from byte to byte is what is written though nothing is learnt", () => {
    const starts: Block = [store(memory, i32(2), i32(1))]
    expect(carriedBy(expert({ entries: { start: starts } }))).toEqual(["memory"])
    expect(carriedBy(expert({ entries: { learn: starts } }))).toEqual([])
  })
})

test("no memory is more than was asked for, nor another power than it has", () => {
  for (let memoryBytes = 2 ** 14; memoryBytes <= MEMORY_MAX; memoryBytes *= 2) {
    const { buffers } = harness(scribeExperts({ memoryBytes }), harnessOptions({ memoryBytes }))
    const bytes = { u8: 1, i8: 1, u16: 2, i16: 2, i32: 4, u32: 4, f32: 4, f64: 8 }
    const taken = buffers.reduce(
      (sum, each) => sum + (each.access === "constant" ? 0 : each.length * bytes[each.dtype]),
      0,
    )
    expect(taken, `of ${memoryBytes}`).toBeLessThanOrEqual(memoryBytes)
    expect(taken, `of ${memoryBytes}`).toBeGreaterThan(memoryBytes * 0.7)
  }
  expect(() => scribeExperts({ memoryBytes: 20_000_000 })).toThrow("power of two")
})
