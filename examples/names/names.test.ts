import { readFileSync } from "node:fs"
import { join } from "node:path"
import { DTYPE } from "@open-brains/core/base/dtype.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { netToJson } from "@open-brains/core/graph/dims_text.ts"
import { inOrder } from "@open-brains/core/graph/graph.ts"
import { shareTable } from "@open-brains/core/kernels/draw.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { unpacked } from "@open-brains/core/quantise/packed.ts"
import { expect, test } from "vitest"
import { mirror, mirrorIsPromised, missingData, requireOrSkip } from "../../scripts/testing.ts"
import { letterOf, readNames, symbolsOf } from "./data.ts"
import { namesNet, rowsOf, SHAPE, SYMBOLS, slotsFor, unitsOf } from "./net.ts"
import { begin, bitsOf, openFolder, sayName, step } from "./say.ts"

const folder = join(import.meta.dirname, "net")
const net = openFolder(folder)
const weights = readSafetensors(readFileSync(join(folder, "weights.safetensors")), "weights.safetensors")

test("the graph that lies here is that of the net, and has whole numbers alone", () => {
  expect(readFileSync(join(folder, "graph.json")).toString()).toBe(canonicalJson(netToJson(namesNet(SHAPE))))
  for (const [, { outputs, updates = [] }] of Object.entries(namesNet(SHAPE).at({})))
    for (const { dtype } of inOrder([...Object.values(outputs), ...updates.map(({ value }) => value)]))
      expect(DTYPE[dtype].scalar).toBe("i32")
  const bytes = Object.values(weights).reduce((sum, { data }) => sum + data.byteLength, 0)
  expect(bytes).toBeLessThan(22_000) // of the 32 KB of an Uno
})

test("a seed's name is the same on every engine, and each time", () => {
  const judge = openFolder(folder, interpreterEngine)
  for (const seed of [1, 2, 3, -1, 2 ** 31 - 1])
    for (const temperature of [0, 8, 16, 255]) {
      const names = [judge, net, net].map((each) => {
        begin(each, seed, temperature)
        return [sayName(each), sayName(each)]
      })
      expect(names[1]).toEqual(names[0])
      expect(names[2]).toEqual(names[0])
    }
  expect(judge.digest()).toBe(net.digest())
})

test("it says these names, as a board does", () => {
  const names = Array.from({ length: 20 }, (_, i) => {
    begin(net, i + 1)
    return sayName(net)
  })
  expect(names.join(" ")).toBe(
    "gracely corina indiam kaniel samoni artan fredo gonvitw roxeyna hetelle " +
      "bason tren iseiy amalea giamah emmi tamiya kuhaan dazlyir emelie",
  )
})

/** The shares of what may come after a beginning, in plain numbers. */
function sharesAfter(beginning: string): readonly number[] {
  const { context: places, hidden } = SHAPE
  const context = [...symbolsOf(beginning).slice(0, -1)].reverse().slice(0, places)
  while (context.length < places) context.push(0)
  const table = unpacked(weights, "table", rowsOf(SHAPE), hidden)!
  const number = (name: string): readonly number[] => [...weights[name]!.data]
  const [bias, matrix] = [number("bias"), number("matrix")]
  const slots = slotsFor(context, SHAPE)
  const h = unitsOf(hidden).map((place, unit) => {
    const sum = slots.reduce((total, slot) => total + table[slot * hidden + place]! + 8, bias[unit]!)
    return Math.min(Math.max(sum, 0), 255)
  })
  const logits = Array.from({ length: SYMBOLS }, (_, c) =>
    h.reduce((sum, value, d) => sum + value * matrix[d * SYMBOLS + c]!, 0),
  )
  const sharpness = Math.floor(Math.round(65536 * 16 * 16 * Math.LOG2E * (1 / 768)) / 16)
  const best = Math.max(...logits)
  return logits.map(
    (z) => shareTable()[Math.min(255, Math.floor((Math.min(best - z, 32_767) * sharpness) / 65536 + 0.5))]!,
  )
}

test("shares are those of the net in plain numbers, and what is given comes", () => {
  for (const name of ["", "a", "ma", "christophe", "zzzzzzzzzzzz"]) {
    begin(net, 7)
    for (const symbol of symbolsOf(name).slice(0, -1)) expect(step(net, symbol).character).toBe(symbol)
    expect([name, [...step(net).shares]]).toEqual([name, sharesAfter(name)])
  }
  begin(net, 7)
  expect(sayName(net, "mar")).toMatch(/^mar/)
  expect(letterOf(step(net, 255).character)).toBe("z") // beyond the letters: the last
})

test("after the end of a name nothing is left of it, and the next one is another", () => {
  begin(net, 5)
  const start = [...step(net).shares]
  begin(net, 5)
  const names = Array.from({ length: 50 }, () => {
    const name = sayName(net)
    const counted = net.snapshot()
    expect([...step(net).shares]).toEqual(start)
    net.restore(counted)
    return name
  })
  expect(new Set(names).size).toBeGreaterThan(45)
})

test("the colder, the surer; a net that was told nothing speaks as it has learnt", () => {
  const chances = [1, 8, 16, 255].map((temperature) => {
    begin(net, 1, temperature)
    const { shares, total } = step(net)
    return Math.max(...shares) / total
  })
  expect(chances).toEqual([...chances].sort((a, b) => b - a))
  expect(chances[0]).toBeGreaterThan(0.9)
  expect(chances[3]).toBeLessThan(0.06)
  const told = [0, 16].map((temperature) => {
    begin(net, 1, temperature)
    return step(net)
  })
  expect(told[0]).toEqual(told[1])
  expect(step(openFolder(folder)).shares).toEqual(told[0]!.shares)
})

test("it foresees names that it has not learnt from, by the chances that it draws with", async (context) => {
  requireOrSkip(context, missingData("names-makemore/names.txt"), mirrorIsPromised())
  const { train, validation, test: held } = await readNames(mirror())
  expect([train.length, validation.length, held.length]).toEqual([23_594, 2949, 2950])
  expect(new Set([...train, ...validation, ...held]).size).toBe(29_493)
  const some = held.slice(0, 500)
  const bits = bitsOf(net, some)
  expect(bits).toBeGreaterThan(2.7)
  expect(bits).toBeLessThan(2.95)
  expect(bitsOf(openFolder(folder, wasmEngine), some)).toBe(bits)
})
