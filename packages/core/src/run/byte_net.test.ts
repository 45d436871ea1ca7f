import { expect, test } from "vitest"
import { DTYPE, type Numbers, zeros } from "../base/dtype.ts"
import { stream } from "../base/random.ts"
import { instantiate } from "../compile.ts"
import type { Engine, Instance } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { unprovedPromises } from "../ir/independent.ts"
import { SEED } from "../ir/testing/hostile.ts"
import { validate } from "../ir/validate.ts"
import { readSafetensors, writeSafetensors } from "../module/safetensors.ts"
import { type ByteNetShape, byteNetTensors, quantiseByteNet } from "../quantise/byte_net.ts"
import { BYTE_RECIPE, trainBytes } from "../train/bytes.ts"
import { byteNet, byteNetMetadata, byteNetTensorsOf, type Tensors } from "./byte_net.ts"

/** Any bytes, the edges of each dtype more often than others. */
function hostile(shape: ByteNetShape, seed: number): Tensors {
  const tensors = Object.entries(byteNetTensors(shape)).map(([name, [dtype, size]], n) => {
    const random = stream(SEED + seed, "mix", n)
    const [low, high] = DTYPE[dtype].range
    const data = zeros(
      dtype,
      size.reduce((a, b) => a * b, 1),
    )
    for (let i = 0; i < data.length; i++)
      data[i] = [low, high, 0, random.word(2 * i)][random.below(2 * i + 1, 6)] ?? random.word(2 * i)
    return [name, { dtype, shape: size, data }] as const
  })
  return {
    ...Object.fromEntries(tensors),
    shifts: { dtype: "i8", shape: [6], data: Int8Array.of(0, 17, 30, 31, 3, 22) },
  }
}
function opened(tensors: Tensors, engine: Engine): Instance {
  const { program, weights } = byteNet(tensors, engine)
  expect([validate(program), unprovedPromises(program)]).toEqual([[], []])
  const instance = instantiate(program, engine)
  for (const [name, values] of Object.entries(weights)) instance.memory[name]!.set([...values])
  instance.entries["prepare"]!()
  return instance
}
function step({ memory, run }: Instance, byte: number): readonly number[] {
  memory["byte"]![0] = byte
  run()
  return [...memory["frequencies"]!, ...memory["tree"]!, ...memory["h"]!]
}
const sum = (values: Iterable<number>): number => [...values].reduce((all, value) => all + value, 0)

const TEXT = new TextEncoder().encode("the cat sat on the mat; the rat ate the oat. ".repeat(20))
const RECIPE = { ...BYTE_RECIPE, features: 6, hidden: 16, batch: 4, steps: 10, updates: 300, rate: 0.02 }
function learnt(): ReturnType<typeof quantiseByteNet> {
  const run = trainBytes(TEXT, RECIPE, 1, wasmEngine)
  for (let next = run.next(); ; next = run.next())
    if (next.done) return quantiseByteNet(next.value.weights, next.value.rowOf, next.value.rows)
}
const LEARNT = learnt()

test(`any weights, states and bytes: frequencies of 1 or more, 2²⁰ together, the same on both engines (SEED=${SEED})`, () => {
  for (const [i, shape] of [
    { rows: 5, features: 3, hidden: 7 },
    { rows: 1, features: 1, hidden: 1 },
    { rows: 256, features: 20, hidden: 24 },
  ].entries()) {
    const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => opened(hostile(shape, i), engine))
    const random = stream(SEED, "mix", i)
    for (let at = 0; at < 6; at++) {
      const state = Array.from(
        { length: shape.hidden },
        (_, k) => [-32768, 32767, random.word(k)][random.below(99 + k, 3)]!,
      )
      for (const { memory } of [judge!, wasm!]) memory["h"]!.set(state)
      const byte = [-1, 0, 255, 2 ** 31 - 1, -(2 ** 31), 97][at]!
      const found = step(judge!, byte)
      expect(step(wasm!, byte)).toEqual(found)
      const frequencies = found.slice(0, 256)
      expect([sum(frequencies), Math.min(...frequencies) >= 1, found[257]]).toEqual([2 ** 20, true, 2 ** 20])
    }
  }
})

test("a learnt net knows what follows, on both engines", () => {
  const tensors = byteNetTensorsOf(LEARNT)
  const [judge, wasm] = [interpreterEngine, wasmEngine].map((engine) => opened(tensors, engine))
  let bits = 0
  TEXT.subarray(0, 90).forEach((byte, at) => {
    const found = step(wasm!, byte)
    if (at < 20) expect(step(judge!, byte)).toEqual(found)
    bits -= Math.log2(found[TEXT[at + 1]!]! / 2 ** 20) / 90
  })
  expect(bits).toBeLessThan(0.6)
})

test("a byte below 0 begins anew: the state is 0, and what follows is as after the first time", () => {
  const net = opened(byteNetTensorsOf(LEARNT), wasmEngine)
  const run = (): readonly (readonly number[])[] => [-1, 116, 104, 101].map((byte) => step(net, byte))
  const first = run()
  expect(first[0]!.slice(512).every((value) => value === 0)).toBe(true)
  expect(first[3]!.slice(512).every((value) => value === 0)).toBe(false)
  expect(run()).toEqual(first)
})

test("tensors come back from a file, and say what they are", () => {
  const [tensors, metadata] = [byteNetTensorsOf(LEARNT), byteNetMetadata(LEARNT)]
  const file = writeSafetensors(tensors, metadata)
  expect(byteNet(readSafetensors(file, "net.safetensors"))).toEqual(byteNet(tensors))
  expect(metadata).toMatchObject({ rows: `${new Set(TEXT).size + 1}`, hidden: "16", features: "6" })
  expect(metadata["bytes"]!.split(" ").map(Number)).toEqual([...new Set(TEXT)].sort((a, b) => a - b))
})

test("tensors that do not fit are refused by name, whatever a stranger left out", () => {
  const tensors = byteNetTensorsOf(LEARNT)
  for (const name of Object.keys(tensors)) {
    const { [name]: gone, ...others } = tensors
    expect(() => byteNet(others)).toThrow(`OB333`)
    expect(() => byteNet({ ...others, [name]: { ...gone!, shape: [gone!.data.length, 1, 1] } })).toThrow("OB333")
    expect(() => byteNet({ ...others, [name]: { ...gone!, dtype: "f32" } })).toThrow("OB333")
  }
  const altered = (name: string, data: Numbers, shape = [...tensors[name]!.shape]): Tensors => ({
    ...tensors,
    [name]: { dtype: tensors[name]!.dtype, shape, data },
  })
  for (const shifts of [
    [-1, 20],
    [31, 20],
    [0, 16],
    [0, 32],
  ])
    expect(() => byteNet(altered("shifts", Int8Array.from([0, 20, 0, 20, ...shifts])))).toThrow("OB333")
  expect(() => byteNet(altered("table", new Int8Array(257 * 6), [257, 6]))).toThrow("257 rows")
  expect(() => byteNet(altered("head", new Int8Array(481 * 2), [481, 2]))).toThrow("481 numbers of state")
  expect(() => byteNet(altered("table", new Int8Array(0), [0, 6]))).toThrow("0 rows")
})

test("a lean net gives the same bits and holds no copies of its weights, whatever they are", () => {
  for (const tensors of [byteNetTensorsOf(LEARNT), hostile({ rows: 5, features: 3, hidden: 7 }, 9)]) {
    const { program, weights } = byteNet(tensors, {}, true)
    expect([validate(program), program.entries?.["prepare"]]).toEqual([[], undefined])
    const lean = instantiate(program, wasmEngine)
    for (const [name, values] of Object.entries(weights)) lean.memory[name]!.set([...values])
    const whole = opened(tensors, wasmEngine)
    for (const byte of [-1, ...TEXT.subarray(0, 30)]) expect(step(lean, byte)).toEqual(step(whole, byte))
    expect(sum(program.buffers.map(({ length }) => length))).toBeLessThan(
      sum(byteNet(tensors).program.buffers.map(({ length }) => length)),
    )
  }
})
