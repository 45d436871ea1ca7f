/** Teaches the net from seeds 1 to 5 and says how good each is, for SEED in names.ts: node examples/names/choose.ts */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { readNames } from "./data.ts"
import { atEdge, RECIPE } from "./names.ts"
import { namesNet } from "./net.ts"
import { bitsOf, openNames } from "./say.ts"
import { trainNames } from "./train.ts"

const SEEDS = [1, 2, 3, 4, 5]
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

await atEdge(async () => {
  const { train, validation, test } = await readNames(process.env["BRAIN_MIRROR"])
  console.log("bits a character | validation | test")
  const found = SEEDS.map((seed) => {
    const net = openNames(namesNet(RECIPE.shape), trainNames(train, RECIPE, seed, wasmEngine))
    const bits = [validation, test].map((names) => bitsOf(net, names))
    console.log(`seed ${seed} | ${bits.map((each) => each.toFixed(4)).join(" | ")}`)
    return bits
  })
  for (const [name, of] of [["mean", mean] as const, ["least", (values: number[]) => Math.min(...values)] as const])
    console.log(`${name} | ${[0, 1].map((split) => of(found.map((bits) => bits[split]!)).toFixed(4)).join(" | ")}`)
})
