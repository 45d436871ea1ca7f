/** Has the net say names on this machine, with the bits that a board has: node examples/names/say.ts [FOLDER] */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { type Net, netFromJson } from "@open-brains/core/graph/dims_text.ts"
import { readSafetensors } from "@open-brains/core/module/safetensors.ts"
import { type OpenNet, openNet } from "@open-brains/core/run/net.ts"
import type { Tensors } from "@open-brains/core/run/state.ts"
import { letterOf, readNames, symbolsOf } from "./data.ts"
import { atEdge } from "./names.ts"
import { TEMPERATURE } from "./net.ts"

/** Nothing of it can be undone: a name is said and gone. */
const LIMITS = { bindingsMax: 1, undoMax: 0, copyEvery: 1024 }
export const openNames = (net: Net, weights: Tensors, engine: Engine = wasmEngine): OpenNet =>
  openNet(net, weights, engine, LIMITS)
export function openFolder(folder: string, engine: Engine = wasmEngine): OpenNet {
  const file = (name: string): Buffer => readFileSync(join(folder, name))
  const net = netFromJson(JSON.parse(file("graph.json").toString()) as Json)
  return openNames(net, readSafetensors(file("weights.safetensors"), "weights.safetensors"), engine)
}

export const begin = (net: OpenNet, seed: number, temperature = TEMPERATURE): unknown =>
  net.call("begin", { seed: Int32Array.of(seed), temperature: Uint8Array.of(temperature) })

export interface Step {
  readonly character: number
  readonly shares: Uint16Array
  readonly total: number
}
/** The next character; with `given`, that letter. */
export function step(net: OpenNet, given = 0): Step {
  const { character, shares, total } = net.call("step", { given: Uint8Array.of(given) })
  return { character: character![0]!, shares: shares as Uint16Array, total: total![0]! }
}

/** Whoever waits for the end of a name waits no longer. */
const LETTERS_MAX = 32
/** One name, which begins as told. */
export function sayName(net: OpenNet, beginning = ""): string {
  let name = ""
  for (const letter of symbolsOf(beginning).slice(0, -1)) name += letterOf(step(net, letter).character)
  while (name.length < LETTERS_MAX) {
    const { character } = step(net)
    if (character === 0) return name
    name += letterOf(character)
  }
  return name
}

/** Bits a character, the end of each name counted, of the chances that characters are drawn with. */
export function bitsOf(net: OpenNet, names: readonly string[]): number {
  let [bits, count] = [0, 0]
  for (const name of names) {
    begin(net, 1)
    for (const symbol of symbolsOf(name)) {
      const { shares, total } = step(net, symbol)
      bits += Math.log2(total / shares[symbol]!)
      count++
    }
  }
  return bits / count
}

if (import.meta.main)
  await atEdge(async () => {
    const net = openFolder(process.argv[2] ?? join(import.meta.dirname, "net"))
    for (let seed = 1; seed <= 20; seed++) {
      begin(net, seed)
      console.log(sayName(net))
    }
    const mirror = process.env["BRAIN_MIRROR"]
    if (!mirror) return console.log("BRAIN_MIRROR names no folder of data sets: nothing is compared with the names.")
    const { train, test } = await readNames(mirror)
    const known = new Set(train)
    begin(net, 1)
    const COUNT = 2000
    const said = Array.from({ length: COUNT }, () => sayName(net))
    const share = said.filter((name) => known.has(name)).length / COUNT
    console.log(`${(100 * share).toFixed(1)} % of ${COUNT} names were learnt from`)
    console.log(`${bitsOf(net, test).toFixed(4)} bits a character of ${test.length} held-out names`)
  })
