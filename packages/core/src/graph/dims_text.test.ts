import { expect, test } from "vitest"
import { canonicalJson, type Json } from "../base/json.ts"
import { Refusal } from "../base/problem.ts"
import { stream } from "../base/random.ts"
import { PREDICTOR } from "../run/testing/predictor.ts"
import { entriesToJson, type Net, netFromJson, netToJson } from "./dims_text.ts"
import { add, concatenate, fill, input, multiply, sum, weight } from "./operations.ts"
import { scan } from "./scan.ts"

const JSON_OF_PREDICTOR = netToJson(PREDICTOR)
/** A net of one entry without a state. */
const netOf = (at: (T: number) => ReturnType<typeof add>, T = 64): Net => ({
  maxima: { T },
  state: {},
  at: ({ T }) => ({ predict: { outputs: { y: at(T!) } } }),
})

test("a net comes back from its text as it was, at every binding", () => {
  const net = netFromJson(JSON.parse(JSON.stringify(JSON_OF_PREDICTOR)))
  expect(canonicalJson(netToJson(net))).toBe(canonicalJson(JSON_OF_PREDICTOR))
  expect([net.maxima, net.state]).toEqual([PREDICTOR.maxima, PREDICTOR.state])
  for (const T of [2, 3, 8, 63, 64])
    expect(canonicalJson(entriesToJson(net.at({ T })))).toBe(canonicalJson(entriesToJson(PREDICTOR.at({ T }))))
})

test("an entry is read aloud", () => {
  const [x, w] = [input("x", "f32", [1]), weight("w", "f32", [1])]
  const net: Net = {
    maxima: { T: 16 },
    state: { w: 3 },
    at: ({ T }) => ({
      learn: { outputs: {}, updates: [{ weight: w, value: add(w, x) }] },
      mean: { outputs: { y: multiply(sum(input("xs", "f32", [T! + 1]), 0), fill(1 / (T! + 1), w)) } },
    }),
  }
  const { entries, dims, state, nodes } = netToJson(net) as Readonly<Record<string, Json>>
  expect({ dims, state, entries }).toEqual({
    dims: { T: 16 },
    state: { w: 3 },
    entries: { learn: { outputs: {}, updates: [[0, 2]] }, mean: { outputs: { y: 6 }, updates: [] } },
  })
  expect((nodes as readonly Json[]).slice(3, 6)).toMatchObject([
    { attributes: { name: "xs", shape: [{ dims: ["T"], plus: 1 }] } },
    { attributes: { axis: 0 } },
    { attributes: { value: { dims: ["T"], plus: 1, under: 1 } } },
  ])
})

test("shapes inside the body of a scan depend on dims as all others", () => {
  const net = netOf((T) => {
    const given = { carries: [input("first", "f32", [T])], sequences: [input("xs", "f32", [3, T])] }
    return scan(given, ([sum], [x]) => ({ next: [add(sum!, x!)] })).last[0]!
  })
  const again = netFromJson(netToJson(net))
  for (const T of [1, 7]) expect(entriesToJson(again.at({ T }))).toEqual(entriesToJson(net.at({ T })))
})

test.each<[string, Net]>([
  [
    "a square root of a dim",
    netOf((T) => multiply(input("x", "f32", [T]), fill(1 / Math.sqrt(T), { shape: [T], dtype: "f32" }))),
  ],
  [
    "another structure at another binding",
    netOf((T) =>
      concatenate(
        Array.from({ length: T }, () => input("x", "f32", [1])),
        0,
      ),
    ),
  ],
  ["a number that is only near a form", netOf((T) => input("x", "f32", [T === 33 ? 5 : T]))],
])("no text for %s", (_, net) => {
  expect(() => netToJson(net)).toThrow("error[OB331]")
})

test.each<[string, Readonly<Record<string, Json>>]>([
  ["no entries", { entries: {} }],
  ["entries of no form", { entries: { step: 5 } }],
  ["an entry of no name", { entries: { "a b": { outputs: {}, updates: [] } } }],
  ["an output of no node", { entries: { step: { outputs: { y: 100_000 }, updates: [] } } }],
  ["an update of what is no weight", { entries: { step: { outputs: {}, updates: [[3, 3]] } } }],
  ["half an update", { entries: { step: { outputs: {}, updates: [[0]] } } }],
  [
    "seventeen entries",
    { entries: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`e${i}`, { outputs: {}, updates: [] }])) },
  ],
  ["a dim of 0", { dims: { T: 0 } }],
  ["a dim that is not there", { dims: { U: 64 } }],
  ["seven dims", { dims: Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`d${i}`, 1])) }],
  ["a maximum that no memory has", { dims: { T: 1e9 } }],
  ["a version of 0", { state: { table: 0 } }],
  ["nodes of no form", { nodes: [null] }],
  ["another operation set", { operations: 99 }],
])("a stranger's net is refused: %s", (_, change) => {
  expect(() => netFromJson({ ...(JSON_OF_PREDICTOR as Readonly<Record<string, Json>>), ...change })).toThrow(Refusal)
})

test("a net with anything in the place of anything is read or refused", () => {
  const strange: readonly Json[] = [
    null,
    -1,
    0,
    1.5,
    2 ** 31,
    1e300,
    "",
    "T",
    [],
    {},
    [[]],
    { dims: ["T"], under: 0 },
    { dims: ["T"], times: -1 },
  ]
  const seed = 1
  let [refused, read] = [0, 0]
  for (let n = 0; n < 300; n++) {
    const random = stream(seed, "shuffle", n)
    const below = (i: number, bound: number): number => (random.word(i) >>> 0) % bound
    let draws = 0
    const altered = (json: Json): Json => {
      if (typeof json !== "object" || json === null || below(draws++, 12) === 0)
        return strange[below(draws++, strange.length)]!
      if (Array.isArray(json))
        return json.length === 0 ? json : json.with(draws % json.length, altered(json[draws % json.length]))
      const keys = Object.keys(json)
      const key = keys[below(draws++, keys.length)]
      return key === undefined ? json : { ...json, [key]: altered((json as Readonly<Record<string, Json>>)[key]!) }
    }
    try {
      const net = netFromJson(altered(JSON_OF_PREDICTOR))
      read++
      net.at(Object.fromEntries(Object.entries(net.maxima).map(([name, most]) => [name, Math.min(3, most)])))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      refused++
    }
  }
  expect(refused).toBeGreaterThan(100)
  expect(read).toBeGreaterThan(0)
})
