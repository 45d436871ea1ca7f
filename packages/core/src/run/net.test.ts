import { expect, test } from "vitest"
import type { Numbers } from "../base/dtype.ts"
import type { Engine } from "../engine/engine.ts"
import { interpreterEngine } from "../engine/interpreter.ts"
import { wasmEngine } from "../engine/wasm.ts"
import { type Net, netFromJson, netToJson } from "../graph/dims_text.ts"
import { add, fill, input, weight } from "../graph/operations.ts"
import { NET_LIMITS, type OpenNet, openNet } from "./net.ts"
import { PREDICTOR, predictorFor, predictorWeights } from "./testing/predictor.ts"

const ENGINES = [interpreterEngine, wasmEngine]
const WEIGHTS = predictorWeights(1)
const TEXT = "she sells sea shells by the sea shore, and the shells she sells are sea shells I am sure. "
const [byteOf, rate] = [(i: number): number => TEXT.charCodeAt(i % TEXT.length), Float32Array.of(0.5)]
const byte = new Uint8Array(1) // one for all calls: what a net keeps is its own
function step(net: OpenNet, i: number): Numbers {
  byte[0] = byteOf(i)
  return net.call("step", { byte })["probability"]!
}
const learn = (net: OpenNet, T: number, dims = { T }): number =>
  net.call("learn", { bytes: Uint8Array.from({ length: T + 1 }, (_, i) => byteOf(i)), rate }, dims)["loss"]![0]!

test.each(ENGINES)(
  "a window of any length, in any order, gives the bits of a net built for it alone, on $name",
  (engine) => {
    const net = openNet(netFromJson(JSON.parse(JSON.stringify(netToJson(PREDICTOR)))), WEIGHTS, engine)
    const start = net.snapshot()
    const alone = new Map(
      [1, 3, 17, 64].map((T) => {
        const only = openNet(predictorFor({ T }), WEIGHTS, engine)
        const loss = learn(only, T, {} as { T: number })
        return [T, { loss, digest: only.digest(), next: step(only, 5) }]
      }),
    )
    expect(new Set([...alone.values()].map(({ digest }) => digest)).size).toBe(4)
    for (const T of [3, 17, 64, 17, 1, 3, 64, 3]) {
      net.restore(start)
      expect({ loss: learn(net, T), digest: net.digest(), next: step(net, 5) }).toEqual(alone.get(T))
    }
  },
)

test("every engine learns the same, and what it learns is of use", () => {
  const learnt = ENGINES.map((engine) => {
    const net = openNet(PREDICTOR, WEIGHTS, engine)
    const losses = [64, 17, 40].map((T) => learn(net, T))
    return { net, seen: { losses, digest: net.digest(), snapshot: net.snapshot() } }
  })
  const [{ seen: judged }, { net, seen }] = learnt as [(typeof learnt)[0], (typeof learnt)[0]]
  expect(seen).toEqual(judged)
  expect(seen.losses[0]).toBeGreaterThan(5) // nothing is known of 256 bytes: 5.5 nats
  const losses = Array.from({ length: 100 }, () => learn(net, 64))
  expect(losses.at(-1)).toBeLessThan(2.5)
})

test("predict changes nothing, step and reset do", () => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine)
  const begin = net.digest()
  const empty = net.call("predict")["probability"]!
  expect([...empty].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5)
  expect([net.digest(), net.undoable()]).toEqual([begin, 0])
  const stepped = step(net, 0)
  expect(net.call("predict")["probability"]).toEqual(stepped) // of the state that the step left
  expect(stepped).not.toEqual(empty)
  net.call("reset")
  expect(net.digest()).toBe(begin)
  expect(net.call("predict")["probability"]).toEqual(empty)
  net.undo(1)
  expect(net.call("predict")["probability"]).toEqual(stepped)
})

test("a snapshot and the log since then give the state again, on another engine too", () => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine)
  learn(net, 17)
  const snapshot = net.snapshot()
  const fresh = openNet(PREDICTOR, WEIGHTS, interpreterEngine)
  fresh.restore(snapshot)
  expect(fresh.snapshot()).toEqual(snapshot)
  net.restore(snapshot) // where its log begins
  for (let i = 0; i < 100; i++) step(net, i)
  learn(net, 3)
  const { snapshot: first, log } = net.history()
  expect(first).toEqual(snapshot)
  expect(log.split("\n")).toHaveLength(103)
  expect(fresh.replay(log)).toEqual({ calls: 101 })
  expect(fresh.digest()).toBe(net.digest())
  expect(fresh.history()).toEqual(net.history())
})

test("undo takes calls back to the bit, through copies of the state and replay", () => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine, { ...NET_LIMITS, undoMax: 10, copyEvery: 4 })
  const digests = [net.digest()]
  for (let i = 0; i < 40; i++) {
    if (i % 7 === 3) learn(net, 1 + (i % 5))
    else step(net, i)
    net.call("predict")
    digests.push(net.digest())
    expect(net.undoable()).toBeGreaterThanOrEqual(Math.min(i + 1, 10))
    expect(net.undoable()).toBeLessThan(14)
  }
  let at = 40
  for (const calls of [0, 1, 3, 2, 4]) {
    net.undo(calls)
    at -= calls
    expect(net.digest()).toBe(digests[at])
  }
  step(net, at) // another future
  learn(net, 2)
  net.undo(2)
  expect(net.digest()).toBe(digests[at])
  expect(() => net.undo(net.undoable() + 1)).toThrow("error[OB336]")
  net.undo(net.undoable())
  expect(net.undoable()).toBe(0)
  expect(digests).toContain(net.digest())
})

test("a damaged log is refused at the line that is damaged, and what stands before it is done", () => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine)
  const digests = [net.digest()]
  for (let i = 0; i < 4; i++) {
    if (i === 2) learn(net, 3)
    else step(net, i)
    digests.push(net.digest())
  }
  const { snapshot, log } = net.history()
  const lines = log.split("\n")
  const replayed = (text: string): void => {
    net.restore(snapshot)
    const { calls, problem } = net.replay(text)
    const line = text.split("\n").findIndex((each, at) => each !== lines[at])
    expect(problem).toMatchObject({ code: "OB335", seen: expect.stringContaining(`Line ${line + 1} `) })
    expect([calls, net.digest()]).toEqual([line - 1, digests[line - 1]])
  }
  for (let line = 1; line <= 4; line++) {
    const altered = (of: (text: string) => string): string => lines.with(line, of(lines[line]!)).join("\n")
    replayed(altered((text) => text.replace(/[0-9a-f]{2}"/, `00"`)))
    replayed(altered((text) => text.replace("entry", "entri")))
    replayed(altered((text) => text.slice(0, -9)))
    replayed(altered(() => "null"))
    if (line < 4) replayed(lines.toSpliced(line, 1).join("\n"))
    replayed(lines.toSpliced(line, 0, lines[line === 1 ? 2 : 1]!).join("\n"))
  }
  net.restore(snapshot)
  expect(net.replay(`${lines.slice(0, 3).join("\n")}\n`)).toEqual({ calls: 2 }) // a log that ends sooner is whole
  for (const text of ["", "\n", lines.slice(1).join("\n"), log.replace('"log":1', '"log":2')])
    expect(() => net.replay(text)).toThrow("error[OB335]")
  step(net, 0)
  expect(() => net.replay(log)).toThrow("another state")
})

test("a snapshot that is damaged or of something else is refused, and the state stays", () => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine)
  step(net, 0)
  const [snapshot, digest] = [net.snapshot(), net.digest()]
  const refused = (into: OpenNet, bytes: Uint8Array): void =>
    expect(() => into.restore(bytes)).toThrow(/error\[OB(?:334|13\d)\]/)
  for (let at = 0; at < snapshot.length; at += at < 900 ? 7 : 997) refused(net, snapshot.with(at, snapshot[at]! ^ 1))
  for (const end of [0, 7, 300, snapshot.length - 1]) refused(net, snapshot.slice(0, end))
  refused(net, Uint8Array.of(...snapshot, 0))
  expect(net.digest()).toBe(digest)
  refused(openNet({ ...PREDICTOR, state: { ...PREDICTOR.state, hidden: 2 } }, WEIGHTS, wasmEngine), snapshot)
  refused(openNet(predictorFor({ T: 3 }), WEIGHTS, wasmEngine), snapshot)
})

test("weights that never change are part of what a snapshot belongs to", () => {
  const [w, count] = [weight("w", "f32", [1, 1]), weight("count", "f32", [1, 1])]
  const net: Net = {
    maxima: {},
    state: { count: 1 },
    at: () => ({ step: { outputs: {}, updates: [{ weight: count, value: add(count, w) }] } }),
  }
  const open = (value: number): OpenNet =>
    openNet(net, { w: { dtype: "f32", shape: [1, 1], data: Float32Array.of(value) } }, wasmEngine)
  expect(() => open(1).restore(open(1).snapshot())).not.toThrow()
  expect(() => open(2).restore(open(1).snapshot())).toThrow("its weights is sha256:")
})

test("a state that is no number has one digest, whatever the bits of its NaN", () => {
  const total = weight("total", "f32", [1, 1])
  const net: Net = {
    maxima: {},
    state: { total: 1 },
    at: () => ({ add: { outputs: {}, updates: [{ weight: total, value: add(total, input("x", "f32", [1, 1])) }] } }),
  }
  const digests = [0x7fc00000, 0x7fc00001, 0xffc12345].map((bits) => {
    const open = openNet(net, {}, interpreterEngine)
    open.call("add", { x: new Float32Array(Uint32Array.of(bits).buffer) })
    return open.digest()
  })
  expect(new Set(digests).size).toBe(1)
})

test("each binding is compiled once; of more than are kept, the one used longest ago goes", () => {
  let compiled = 0
  const counting: Engine = {
    name: "counting",
    instantiate(program, within) {
      compiled++
      return wasmEngine.instantiate(program, within)
    },
  }
  const net = openNet(PREDICTOR, WEIGHTS, counting, { ...NET_LIMITS, bindingsMax: 2 })
  const compiledFor = (T: number): number => {
    const before = compiled
    learn(net, T)
    return compiled - before
  }
  expect(compiled).toBe(1)
  expect([64, 3, 5, 3, 5, 3].map(compiledFor)).toEqual([0, 1, 1, 0, 0, 0])
  expect([7, 3, 5, 7, 64].map(compiledFor)).toEqual([1, 0, 1, 1, 0])
})

test.each<[string, (net: OpenNet) => unknown, RegExp]>([
  ["an unknown entry", (net) => net.call("lern"), /OB333.*\n.*Did you mean `learn`/],
  ["a name of every object", (net) => net.call("constructor"), /OB333/],
  ["an input missing", (net) => net.call("step"), /OB333.*`byte` of `step` is nothing/],
  ["an input too many", (net) => net.call("predict", { byte: Uint8Array.of(1) }), /OB333.*takes no `byte`/],
  ["another dtype", (net) => net.call("step", { byte: Int8Array.of(1) }), /OB333.*Int8Array of 1.*\n.*Uint8Array of 1/],
  ["another length", (net) => net.call("step", { byte: Uint8Array.of(1, 2) }), /OB333/],
  ["the length of the maxima", (net) => learn(net, 64, { T: 17 }), /OB333.*\n.*Uint8Array of 18/],
  ["a dim above its maximum", (net) => learn(net, 65), /OB330/],
  ["a dim below 1", (net) => learn(net, 0), /OB330/],
])("refused: %s, and nothing has happened", (_, call, message) => {
  const net = openNet(PREDICTOR, WEIGHTS, wasmEngine)
  const digest = net.digest()
  expect(() => call(net)).toThrow(message)
  expect([net.digest(), net.undoable()]).toEqual([digest, 0])
})

test("entries that do not fit together are refused", () => {
  const w = (shape: readonly number[]) => weight("w", "f32", shape)
  const update = (node: ReturnType<typeof w>) => ({ outputs: {}, updates: [{ weight: node, value: fill(0, node) }] })
  const open = (net: Partial<Net>): OpenNet =>
    openNet({ maxima: {}, state: { w: 1 }, at: () => ({ reset: update(w([1, 2])) }), ...net }, {}, wasmEngine)
  expect(() => open({})).not.toThrow()
  expect(() => open({ state: {} })).toThrow("`w` changes, but is not declared")
  expect(() => open({ state: { w: 1, v: 1 } })).toThrow("state `v` never changes")
  expect(() => open({ at: () => ({ a: update(w([1, 2])), b: update(w([1, 3])) }) })).toThrow("error[OB332]")
  expect(() => open({ at: () => ({ prepare: update(w([1, 2])) }) })).toThrow("an entry is called `prepare`")
  const growing = open({ maxima: { T: 4 }, at: ({ T }) => ({ reset: update(w([1, T!])) }) })
  expect(() => growing.call("reset", {}, { T: 3 })).toThrow("error[OB332]")
})

test("weights are of the dtype and shape that the net says, and those that never change are there", () => {
  const turned = { ...WEIGHTS, table: WEIGHTS["out"]! }
  expect(() => openNet(PREDICTOR, turned, wasmEngine)).toThrow(/OB333.*weight `table`/)
  const [w, y] = [weight("w", "f32", [1, 1]), input("x", "f32", [1, 1])]
  const net: Net = { maxima: {}, state: {}, at: () => ({ sum: { outputs: { y: add(w, y) } } }) }
  expect(() => openNet(net, {}, wasmEngine)).toThrow(/OB333.*weight `w`/)
})
