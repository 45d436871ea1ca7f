/**
 * Learns the nets of the bench and writes their folders: node bench/boards/nets/make.ts [NAME ...]. Of five seeds the one
 * that is best on the images to choose by is kept; which one, the metadata of its weights say.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { type Net, netToJson } from "@open-brains/core/graph/dims_text.ts"
import { input } from "@open-brains/core/graph/operations.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { tensorsOf } from "@open-brains/core/module/tensors.ts"
import { type FittedSequential, fitSeeds, integersOf } from "@open-brains/core/train/fit_sequential.ts"
import { chooseEngine } from "open-brains"
import { missingData } from "../../../scripts/testing.ts"
import { type Digits, IMAGES, readMnist, small } from "./mnist.ts"
import { BENCH_NETS, type BenchNet, type BenchNetName } from "./recipes.ts"

export const SEEDS = [1, 2, 3, 4, 5]

/** The digits as a net of the bench sees them. */
export const seenBy = ({ isSmall }: BenchNet, { learn, choose, test }: Digits): Digits =>
  isSmall ? { learn: small(learn), choose: small(choose), test: small(test) } : { learn, choose, test }

export interface NetFiles {
  readonly "graph.json": string
  readonly "weights.safetensors": Uint8Array
}
/** A net as its files: `pixels` u8 → `label` and `logits`. */
export function filesOf(fitted: FittedSequential, seed: number): NetFiles {
  const { outputs, weights } = integersOf(fitted, input("pixels", "u8", [1, ...fitted.net.shape]))
  const given = { label: outputs["label"]!, logits: outputs["logits"]! }
  const net: Net = { maxima: {}, state: {}, at: () => ({ step: { outputs: given } }) }
  return {
    "graph.json": canonicalJson(netToJson(net)),
    "weights.safetensors": writeSafetensors(tensorsOf({ graph: given, weights }), {
      labels: canonicalJson(Array.from({ length: 10 }, (_, digit) => `${digit}`)),
      seed: `${seed}`,
    }),
  }
}
export const folderOf = (name: string): string => join(import.meta.dirname, name)

function make(named: readonly string[]): void {
  const names = Object.keys(BENCH_NETS) as BenchNetName[]
  const digits = readMnist()
  const { engine } = chooseEngine("native") // twice as fast here, and the same bits
  for (const name of names) {
    if (named.length > 0 && !named.includes(name)) continue
    const { net, recipe } = BENCH_NETS[name]
    const { fitted, best } = fitSeeds(net, seenBy(BENCH_NETS[name], digits), recipe, SEEDS, engine)
    mkdirSync(folderOf(name), { recursive: true })
    for (const [file, content] of Object.entries(filesOf(fitted[best]!, SEEDS[best]!)))
      writeFileSync(join(folderOf(name), file), content)
    const shares = fitted.map(({ right }) => `${(100 * right.integer).toFixed(2)} %`)
    console.log(`${name}: ${shares.join(", ")} right of the images to choose by; seed ${SEEDS[best]} is kept`)
  }
}

if (import.meta.main) {
  const missing = missingData(IMAGES)
  if (missing === undefined) make(process.argv.slice(2))
  else {
    console.error(missing)
    process.exitCode = 1
  }
}
