/**
 * `node bench/scribe/base.ts FILE`: learns the net over bytes that a module may begin with, from modules/scribe/corpus.json,
 * and writes it, in integers, to FILE. Prints what it costs a byte on texts that it has not seen.
 */
import { createHash } from "node:crypto"
import { readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Json } from "@open-brains/core/base/json.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { quantiseByteNet } from "@open-brains/core/quantise/byte_net.ts"
import { byteNetMetadata, byteNetTensorsOf } from "@open-brains/core/run/byte_net.ts"
import { floatBits, integerBits } from "@open-brains/core/train/byte_bits.ts"
import { BASE_RECIPE } from "@open-brains/core/train/bytes.ts"
import { chooseEngine } from "open-brains"
import { mirror, repository } from "../../scripts/testing.ts"
import { printTable, say } from "../shared/report.ts"
import { corpusFrom, interleaved, readCorpus } from "./brain.testing.ts"
import { learn } from "./nets.ts"

const SEED = 1
const WARM_UP = 2000

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error("Usage: node bench/scribe/base.ts FILE")
  process.exit(2)
}
const corpus = corpusFrom(JSON.parse(readFileSync(join(repository, "modules/scribe/corpus.json"), "utf8")) as Json)
const text = await readCorpus(corpus, mirror())
const { engine } = chooseEngine("native")
const { net, seconds } = learn(text, BASE_RECIPE, SEED, engine)
const quantised = quantiseByteNet(net.weights, net.rowOf, net.rows)
const tensors = byteNetTensorsOf(quantised)
const digest = createHash("sha256").update(text).digest("hex")
const recipe = JSON.stringify({ ...BASE_RECIPE, seed: SEED })
const file = writeSafetensors(tensors, { ...byteNetMetadata(quantised), corpus: `sha256:${digest}`, recipe })
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
