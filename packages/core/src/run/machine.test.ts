import { expect, test, vi } from "vitest"
import type { Numbers } from "../base/dtype.ts"
import { wasmEngine } from "../engine/wasm.ts"
import type { Net } from "../graph/dims_text.ts"
import type { Node } from "../graph/graph.ts"
import * as graph from "../graph/operations.ts"
import { add, buffer, clamp, i32, load, local, loop, store, sub, table } from "../ir/build.ts"
import type { Expression, Program } from "../ir/program.ts"
import { NET_LIMITS, type OpenNet, openNet } from "./net.ts"
import { PREDICTOR, predictorWeights } from "./testing/predictor.ts"

/** How `predict` is lowered now: as it is, or with its matrix laid out anew by `prepare`, at the place of a table. */
const lowering = vi.hoisted(() => ({ layout: "plain" as "plain" | "forwards" | "backwards", scratch: 0 }))
vi.mock(import("../compile.ts"), async (original) => {
  const compile = await original()
  return {
    ...compile,
    programOf: (entry, engine) =>
      lowering.layout === "plain" || entry.name !== "predict"
        ? compile.programOf(entry, engine)
        : preparing(compile.programOf({ ...entry, prepares: false }, engine)),
  }
})

/** The program with `out` read through a copy, which `prepare` fills: the other way round, if so told. */
function preparing(program: Program): Program {
  const { length } = program.buffers.find(({ name }) => name === "out")!
  const packed = buffer("scratch", "f32", "packed", length)
  const isForwards = lowering.layout === "forwards"
  const ends = table("i32", "ends", isForwards ? [0] : [7, length - 1])
  /** Where an element of `out` lies: as the table says, which had better hold what it should. */
  const placeOf = (index: Expression): Expression =>
    clamp(isForwards ? add(index, load(ends, i32(0))) : sub(load(ends, i32(1)), index), 0, length - 1)
  const out = buffer("input", "f32", "out", length)
  const from = (e: Expression): Expression =>
    e.kind === "load" && e.buffer === "out" ? load(packed, placeOf(e.index)) : e
  const wide = lowering.scratch > 0 ? [buffer("scratch", "f32", "wide", lowering.scratch)] : []
  return {
    ...program,
    buffers: [...program.buffers, packed, ends, ...wide],
    body: mapped(program.body, from),
    entries: { prepare: [loop("at", length, [store(packed, placeOf(local("at")), load(out, local("at")))])] },
  }
}
/** The same data with every expression in it replaced. */
function mapped<T>(data: T, of: (e: Expression) => Expression): T {
  if (Array.isArray(data)) return data.map((each) => mapped(each, of)) as T
  if (typeof data !== "object" || data === null) return data
  const inner = Object.fromEntries(Object.entries(data).map(([key, each]) => [key, mapped(each, of)]))
  return of(inner as unknown as Expression) as T
}

const [rate, bytes] = [Float32Array.of(0.5), Uint8Array.from({ length: 65 }, (_, i) => (i * 31) % 256)]

test.each(["plain", "forwards", "backwards"] as const)(
  "what a binding prepares is there whenever it runs, beside a whole that is laid out %s",
  (whole) => {
    const open = (layout: typeof whole, bindingsMax: number): OpenNet => {
      Object.assign(lowering, { layout, scratch: 0 })
      return openNet(PREDICTOR, predictorWeights(1), wasmEngine, { ...NET_LIMITS, bindingsMax })
    }
    const judge = open("plain", 0) // compiles every binding anew
    const net = open(whole, 3)
    const layouts = { 9: "backwards", 10: "forwards", 11: "plain", 12: "backwards" } as const
    const tell = (entry: string, T: number, inputs = {}): void => {
      Object.assign(lowering, { layout: "plain", scratch: 0 })
      const judged = judge.call(entry, inputs, { T })
      Object.assign(lowering, { layout: layouts[T as 9] ?? whole, scratch: T === 12 ? 1_000_000 : 0 })
      expect(net.call(entry, inputs, { T })).toEqual(judged)
      expect(net.digest()).toBe(judge.digest())
    }
    for (const T of [9, 10, 64, 9, 11, 9, 12, 9, 10, 64, 12, 10]) {
      tell("step", 64, { byte: Uint8Array.of(T) })
      tell("predict", T)
      tell("predict", T)
    }
    for (const T of [12, 64, 9]) {
      tell("learn", 64, { bytes, rate })
      tell("predict", T)
      tell("learn", 5, { bytes: bytes.slice(0, 6), rate })
      tell("predict", T)
    }
    const before = [judge, net].map((each) => each.snapshot())
    tell("learn", 64, { bytes, rate })
    tell("predict", 9)
    for (const [i, each] of [judge, net].entries()) each.restore(before[i]!)
    tell("predict", 9)
    for (const each of [judge, net]) each.call("reset")
    tell("predict", 64)
  },
)

test("equal layouts are prepared once for all bindings", () => {
  Object.assign(lowering, { layout: "forwards", scratch: 0 })
  const programs: Program[] = []
  const watching: typeof wasmEngine = {
    name: "watching",
    instantiate(program, within) {
      programs.push(program)
      return wasmEngine.instantiate(program, within)
    },
  }
  const net = openNet(PREDICTOR, predictorWeights(1), watching)
  const found: Numbers[] = [64, 3].map((T) => net.call("predict", {}, { T })["probability"]!)
  expect(found[1]).toEqual(found[0])
  expect(Object.keys(programs[0]!.entries!)).toContain("predict_prepare")
  expect(programs[1]!.entries).toBeUndefined()
  const names = (program: Program): readonly string[] => program.buffers.map(({ name }) => name)
  expect(names(programs[1]!)).toContain("predict_packed")
})

test("what weights alone decide is given anew when they change, and after another binding has given its own", () => {
  lowering.layout = "plain"
  const w = graph.weight("w", "f32", [1, 1])
  const row = (T: number): Node => graph.multiply(graph.broadcast(w, 1, T), graph.convert(graph.iota([1, T], 1), "f32"))
  const net: Net = {
    maxima: { T: 4 },
    state: { w: 1 },
    at: ({ T }) => ({
      spread: { outputs: { y: graph.matmul(graph.input("by", "f32", [1, 1]), row(T!)) } },
      set: { outputs: {}, updates: [{ weight: w, value: graph.input("x", "f32", [1, 1]) }] },
    }),
  }
  const open = openNet(net, {}, wasmEngine)
  const spread = (T: number): readonly number[] => [...open.call("spread", { by: Float32Array.of(1) }, { T })["y"]!]
  const set = (x: number): unknown => open.call("set", { x: Float32Array.of(x) })
  set(2)
  expect([4, 2, 4, 3, 2].map(spread)).toEqual([
    [0, 2, 4, 6],
    [0, 2],
    [0, 2, 4, 6],
    [0, 2, 4],
    [0, 2],
  ])
  set(5)
  expect([2, 4, 2].map(spread)).toEqual([
    [0, 5],
    [0, 5, 10, 15],
    [0, 5],
  ])
  open.undo(2)
  expect([2, 4].map(spread)).toEqual([
    [0, 0],
    [0, 0, 0, 0],
  ])
})
