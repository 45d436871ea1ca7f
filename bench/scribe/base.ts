/**
 * `node bench/scribe/base.ts FILE`: learns the net that modules/scribe begins with, as its recipe.json says, and writes it,
 * in integers, to FILE. Prints what it costs a byte on texts that it has not seen.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { byteTensorsOf, floatBits, integerBits } from "@open-brains/core/train/byte_bits.ts"
import { chooseEngine } from "open-brains"
import { mirror, repository } from "../../scripts/testing.ts"
import { printTable, say } from "../shared/report.ts"
import { interleaved, netFile, readCorpus, scribeRecipeOf } from "./brain.testing.ts"
import { learn } from "./nets.ts"

const WARM_UP = 2000

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error("Usage: node bench/scribe/base.ts FILE")
  process.exit(2)
}
const RECIPE = "modules/scribe/recipe.json"
const from = scribeRecipeOf(readFileSync(join(repository, RECIPE)), RECIPE).net
if (from === undefined) throw new Error(`${RECIPE} makes no net`)
const { corpus, recipe, seed } = from
const text = await readCorpus(corpus, mirror())
const { engine } = chooseEngine("native")
const { net, seconds } = learn(text, recipe, seed, engine)
const tensors = byteTensorsOf(net)
const file = netFile(net, text, from)
writeFileSync(`${path}.part`, file)
renameSync(`${path}.part`, path)

const valid = interleaved([readFileSync(join(mirror()!, "stories-tinystories/valid.txt"))], corpus)
const shakespeare = readFileSync(join(mirror()!, "tinyshakespeare/input.txt"))
const unseen = {
  "stories-tinystories, valid.txt": { text: valid, start: WARM_UP, warmUp: WARM_UP },
  "tinyshakespeare, last tenth": { text: shakespeare, start: Math.floor(shakespeare.length * 0.9), warmUp: WARM_UP },
}
const rows = Object.entries(unseen).map(([name, scored]) => {
  say(`${name} ...`)
  const [floats, integers] = [floatBits(net, scored, engine), integerBits(tensors, scored, engine)]
  return [name, `${scored.text.length - scored.start}`, floats.toFixed(4), integers.toFixed(4)]
})
const taught = seconds === undefined ? "read back" : `learnt in ${seconds.toFixed(0)} s`
console.log(`${text.length} bytes of text, ${net.rows} rows, ${file.length} bytes of weights, ${taught}\n`)
console.log(printTable({ heading: ["text", "bytes", "float, bits a byte", "int8, bits a byte"], rows }))
