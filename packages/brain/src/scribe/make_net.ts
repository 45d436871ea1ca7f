/** The net that a scribe brings along: how it is made, as a recipe says. */
import { createHash } from "node:crypto"
import { isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { HIDDEN_MAX, quantiseByteNet } from "@open-brains/core/quantise/byte_net.ts"
import { byteNetMetadata, byteNetTensorsOf } from "@open-brains/core/run/byte_net.ts"
import { BASE_RECIPE, type ByteRecipe, type FloatByteNet, trainBytes } from "@open-brains/core/train/bytes.ts"
import { type Corpus, corpusFrom, readCorpus } from "../data/corpus.ts"
import { breathe } from "./reading.ts"

/** All that the bytes of a net are a function of. Plain data. */
export interface NetRecipe {
  readonly corpus: Corpus
  readonly recipe: ByteRecipe
  readonly seed: number
}

/** The largest of each number that a recipe may ask for; what a net may be is asked when it is opened. */
const MOST: Readonly<Record<keyof ByteRecipe, number>> = {
  features: 1024,
  hidden: HIDDEN_MAX,
  batch: 1024,
  steps: 1024,
  updates: 10 ** 6,
  warmUp: 10 ** 6,
  rate: 1,
  beta1: 1,
  beta2: 1,
  epsilon: 1,
  weightDecay: 100,
  clip: 10 ** 6,
  averageDecay: 1,
}
const isWhole: Readonly<Partial<Record<keyof ByteRecipe, true>>> = {
  features: true,
  hidden: true,
  batch: true,
  steps: true,
  updates: true,
  warmUp: true,
}
const NAMES = Object.keys(BASE_RECIPE) as readonly (keyof ByteRecipe)[]

/** What the member `net` of a recipe says. Errors: OB404 when its corpus does not fit, OB806 when something else of it does not. */
export function netRecipeOf(json: Json, shown: string): NetRecipe {
  const bad = (what: string, hint: string): never => refuse({ code: "OB806", seen: `${shown} ${what}.`, hint })
  const net = isJsonObject(json) ? json : bad("has a `net` that is no object", 'Give it "corpus", "recipe" and "seed".')
  const { seed } = net
  if (typeof seed !== "number" || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    return bad("has a `net` without a seed", "Give it a `seed`, a whole number from 0 to 4294967295.")
  const numbers = isJsonObject(net["recipe"]) ? net["recipe"] : {}
  const recipe = Object.fromEntries(
    NAMES.map((name) => {
      const [value, most] = [numbers[name], MOST[name]]
      const fits = typeof value === "number" && value >= (isWhole[name] ? 1 : 0) && value <= most
      if (!fits || (isWhole[name] && !Number.isInteger(value)))
        return bad(
          `says of its net no \`${name}\` that could be`,
          `Give its recipe a \`${name}\` of at most ${most}, such as ${BASE_RECIPE[name]}.`,
        )
      return [name, value]
    }),
  )
  return { corpus: corpusFrom(net["corpus"] ?? null), recipe: recipe as unknown as ByteRecipe, seed }
}

/** A net in integers as a file that says what it was made of: the same of the same, to the bit. Errors: OB403. */
export function netFile(
  { weights, rowOf, rows }: FloatByteNet,
  text: Uint8Array,
  { recipe, seed }: Pick<NetRecipe, "recipe" | "seed">,
): Uint8Array {
  const quantised = quantiseByteNet(weights, rowOf, rows)
  return writeSafetensors(byteNetTensorsOf(quantised), {
    ...byteNetMetadata(quantised),
    corpus: `sha256:${createHash("sha256").update(text).digest("hex")}`,
    recipe: JSON.stringify({ ...recipe, seed }),
  })
}

/**
 * Trains the net: minutes of work, told of in bytes read. The same bytes on every engine.
 * Errors: OB530, OB531 as `readCorpus`; OB401, OB404 as `trainBytes`; OB403.
 */
export async function makeNet(
  from: NetRecipe,
  mirror: string | undefined,
  engine: Engine,
  onBytes?: (done: number, total: number) => void,
): Promise<Uint8Array> {
  const { corpus, recipe, seed } = from
  const text = await readCorpus(corpus, mirror)
  const run = trainBytes(text, recipe, seed, engine)
  const bytesAtOnce = recipe.batch * recipe.steps
  for (let next = run.next(); ; next = run.next()) {
    if (next.done) return netFile(next.value, text, from)
    onBytes?.(next.value.step * bytesAtOnce, next.value.steps * bytesAtOnce)
    await breathe()
  }
}
