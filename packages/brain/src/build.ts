import { canonicalJson } from "@open-brains/core/base/json.ts"
import { assert, refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { graphToJson } from "@open-brains/core/graph/text.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { tensorsOf } from "@open-brains/core/module/tensors.ts"
import { unpacked } from "@open-brains/core/quantise/packed.ts"
import { contentsOf, jsonPart } from "@open-brains/core/run/module.ts"
import { asJson, type Recipe, recipeFrom } from "@open-brains/core/train/recipe.ts"
import { type Start, type Taught, type TeachProgress, teach } from "@open-brains/core/train/teach.ts"
import type { PlacedExample } from "./data/split.ts"
import { splitsOf } from "./examples.ts"
import { inTurns } from "./in_turns.ts"
import { chooseEngine } from "./native/choice.ts"
import type { ModuleFiles } from "./store/folder.ts"

export interface Build {
  readonly taught: Taught
  /** graph.json, recipe.json and weights.safetensors. */
  readonly parts: Readonly<Record<string, Uint8Array>>
}

type OnProgress = (progress: TeachProgress) => void

/** The parts of a module that are a pure function of examples, starts and seed. Errors: OB401, OB402, OB403. */
export function buildModule(
  examples: readonly PlacedExample[],
  starts: readonly Start[],
  seed: number,
  onProgress?: OnProgress,
  engine?: Engine,
): Build {
  const work = building(examples, starts, seed, engine)
  let next = work.next()
  for (; !next.done; next = work.next()) onProgress?.(next.value)
  return next.value
}

/** The same, letting others run a few times a second. */
export const buildInTurns = (
  examples: readonly PlacedExample[],
  starts: readonly Start[],
  seed: number,
  onProgress?: OnProgress,
  engine?: Engine,
): Promise<Build> => inTurns(building(examples, starts, seed, engine), onProgress)

function* building(
  examples: readonly PlacedExample[],
  starts: readonly Start[],
  seed: number,
  engine: Engine = chooseEngine().engine,
): Generator<TeachProgress, Build> {
  const { train, validation } = splitsOf(examples)
  if (train.length === 0)
    refuse({
      code: "OB403",
      seen: "There is no example to learn from.",
      hint: "Give some without a split, or with the split `train`.",
    })
  const taught = yield* teach({ train, validation }, starts, seed, engine)
  const parts = {
    "graph.json": encode(canonicalJson(graphToJson(taught.graph))),
    "recipe.json": encode(canonicalJson(asJson(taught.kept.recipe))),
    "weights.safetensors": writeSafetensors(tensorsOf(taught)),
  }
  return { taught, parts }
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Learning on from a base: its rows, and of the recipe what they are bound to. Errors: OB404, OB405. */
export function startFrom(base: ModuleFiles, recipe: Recipe): Start {
  const theirs = recipeFrom(jsonPart(base, "recipe.json"))
  const { bytesMax, buckets, dims, wordsMax, charactersMin, charactersMax, wordTimes } = theirs
  const { wordTimes: _, ...free } = recipe
  const { weights } = contentsOf(base)
  const [table, scale] = [unpacked(weights, "table", buckets, dims), weights["table_scale"]]
  if (!table || !scale)
    return refuse({
      code: "OB405",
      seen: `${base.path} has no table to learn on from.`,
      hint: "Choose another base, or teach from scratch with --base none.",
    })
  const factor = scale.data[0]
  assert(factor !== undefined, "a scale is one number")
  return {
    name: "base",
    recipe: {
      ...{ ...free, bytesMax, buckets, dims, wordsMax, charactersMin, charactersMax },
      ...(wordTimes === undefined ? {} : { wordTimes }),
    },
    table: Float32Array.from(table, (value) => value * factor),
  }
}

/**
 * What a lesson tries: the base as far as the recipe goes, the base by steps that keep more of it, scratch, and scratch
 * by a wide recipe, if there is one.
 */
export function startsOf(base: ModuleFiles | undefined, recipe: Recipe, wide?: Partial<Recipe>): readonly Start[] {
  const plain: Start = { name: "scratch", recipe }
  const scratch: readonly Start[] = wide ? [plain, { name: "scratch, wide", recipe: { ...recipe, ...wide } }] : [plain]
  if (!base) return scratch
  const start = startFrom(base, recipe)
  const gentle: Start = { ...start, name: "base, smaller steps", recipe: { ...start.recipe, rate: recipe.rate / 3 } }
  return [start, gentle, ...scratch]
}
