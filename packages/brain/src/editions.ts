import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { inOrder, isNode } from "@open-brains/core/graph/graph.ts"
import { ngrams } from "@open-brains/core/kernels/ngrams.ts"
import { writeSafetensors } from "@open-brains/core/module/safetensors.ts"
import { tensorsOf } from "@open-brains/core/module/tensors.ts"
import { quantiseClassifier } from "@open-brains/core/quantise/classifier.ts"
import { LEVELS } from "@open-brains/core/quantise/coarse.ts"
import type { Contents } from "@open-brains/core/run/module.ts"
import type { Splits } from "@open-brains/core/train/examples.ts"
import type { Recipe } from "@open-brains/core/train/recipe.ts"
import { type Start, type TeachProgress, type Trial, teach } from "@open-brains/core/train/teach.ts"
import { SCALES, scaleOf } from "@open-brains/core/train/train.ts"

/** A net of a certain size: so many rows of so many numbers, each of so many levels, 255 of them in int8. */
export interface Edition {
  readonly recipe: Recipe
  /** Of its weights.safetensors. */
  readonly bytes: number
}
/** What a number of the table takes. */
export const bitsOf = (levels: Recipe["levels"]): string =>
  levels === 3 ? "1.6 bits" : levels === 15 ? "4 bits" : "8 bits"
export const describeEdition = ({ buckets, dims, levels }: Pick<Recipe, "buckets" | "dims" | "levels">): string =>
  `${buckets} x ${dims}, ${bitsOf(levels)}`

/** The edition that a module is, read off its graph; nothing when it is no sum over the rows of a table. */
export function editionOf({ graph, weights }: Contents): Pick<Recipe, "buckets" | "dims" | "levels"> | undefined {
  const bag = inOrder(Object.values(graph)).find((node) => isNode(node, "gather_sum") && node.inputs[0].dtype === "i8")
  const [buckets, dims] = bag?.inputs[0]?.shape ?? []
  if (buckets === undefined || dims === undefined) return undefined
  const levels = weights["table_trits"] ? 3 : weights["table_nibbles"] ? 15 : undefined
  return { buckets, dims, ...(levels ? { levels } : {}) }
}

/** Bytes of weights.safetensors of a net by this recipe: exact, since they depend on shapes alone. */
export function weightBytes(recipe: Recipe, labels: number): number {
  const { buckets, dims, levels } = recipe
  const zeros = (length: number): Float32Array => new Float32Array(length)
  const { outputs, weights } = quantiseClassifier(
    {
      ...{ table: zeros(buckets * dims), linear: zeros(dims * labels), bias: zeros(labels) },
      ...{ pooledMax: 1, scaleOf, scales: SCALES, ...(levels ? { levels } : {}) },
    },
    ngrams({ ...recipe, bytesMax: 1 }),
  )
  return writeSafetensors(tensorsOf({ graph: outputs, weights })).length
}

/** More rows than this are more than the n-grams of what people write by hand. */
const BUCKETS_MAX = 16_384
/** With fewer, everything meets everything. */
const BUCKETS_MIN = 64

/** The recipe with as many rows as fit; nothing when too few do. */
export function fill(recipe: Recipe, labels: number, bytesMax: number): Edition | undefined {
  const { dims, levels } = recipe
  const step = levels === 3 ? 5 : 1 // rows that share their bytes
  const bytesOfStep = levels === 15 ? Math.ceil(dims / 2) : dims
  const sized = (steps: number): Edition => {
    const sizes = { ...recipe, buckets: step * steps }
    return { recipe: sizes, bytes: weightBytes(sizes, labels) }
  }
  const rest = sized(1).bytes - bytesOfStep
  const most = Math.floor(BUCKETS_MAX / step)
  for (let steps = Math.min(most, Math.floor((bytesMax - rest) / bytesOfStep)); step * steps >= BUCKETS_MIN; steps--) {
    const edition = sized(steps)
    if (edition.bytes <= bytesMax) return edition
  }
  return undefined
}

/** Widths that are tried, the likeliest first: of equals that one is kept. */
const DIMS = [32, 48, 24, 64, 16] as const
/** How much of the lesson the first round sees, */
const SHARE_OF_EPOCHS = 0.3
/** and how many go on to the whole of it. */
const FINALISTS = 3
/** The best shape is taught at these shares of the size too, narrower as it has fewer rows: what less would cost. */
const SMALLER = [0.5, 0.25] as const

/** Every shape that is tried, filled up to the size. Errors: OB570 when none is small enough. */
export function editionsWithin(recipe: Recipe, labels: number, bytesMax: number): readonly Edition[] {
  const found = [...LEVELS, undefined].flatMap((levels) =>
    DIMS.flatMap((dims) => fill(recipeOf(recipe, dims, levels), labels, bytesMax) ?? []),
  )
  if (found.length > 0) return found
  const least = weightBytes({ ...recipeOf(recipe, Math.min(...DIMS), LEVELS[0]), buckets: BUCKETS_MIN + 1 }, labels)
  return refuse({
    code: "OB570",
    seen: `No net for ${labels} labels fits ${bytesMax} bytes: the smallest one has ${least} bytes of weights.`,
    hint: `Allow more: --max-size ${Math.ceil(least / 100) / 10}KB.`,
  })
}

function recipeOf({ levels: _, ...recipe }: Recipe, dims: number, levels: Recipe["levels"]): Recipe {
  return { ...recipe, dims, ...(levels ? { levels } : {}), ...(levels === 3 ? THREE_LEVELS : {}) }
}
/** Found on the validation split of CLINC150: docs/adr/0015-editions.md. Three levels hold little, and are held to less. */
const THREE_LEVELS = { featureDropout: 0.3, weightDecay: 0.4, labelSmoothing: 0.02 } as const
export const startOf = ({ recipe }: Edition): Start => ({ name: describeEdition(recipe), recipe })

/** How one edition did on the held-out examples. */
export interface EditionTrial extends Omit<Trial, "asked" | "inTurns"> {
  readonly buckets: number
  readonly dims: number
  readonly levels: number
  readonly bytes: number
  /** How often it saw the examples. */
  readonly epochs: number
}
export const trialOf = (
  { recipe, bytes }: Edition,
  { accuracy, bits }: Pick<Trial, "accuracy" | "bits">,
): EditionTrial => ({
  ...{ name: describeEdition(recipe), accuracy, bits, bytes },
  ...{ buckets: recipe.buckets, dims: recipe.dims, levels: recipe.levels ?? 255, epochs: recipe.epochs },
})

/** What goes into the last round, and what the first one found. */
export interface Shortlist {
  readonly finalists: readonly Edition[]
  readonly trials: readonly EditionTrial[]
}

/**
 * The first round: every edition with a part of the epochs, judged by bits on the held-out examples; the best go on to
 * be taught in full, and with them the best shape at a half and a quarter of the size. Without held-out examples the
 * first in the list go on. A pure function of its arguments.
 */
export function* shortlist(
  splits: Pick<Splits, "train" | "validation">,
  editions: readonly Edition[],
  labels: number,
  seed: number,
  engine: Engine,
): Generator<TeachProgress, Shortlist> {
  const trials: EditionTrial[] = []
  for (const [i, edition] of editions.entries()) {
    const brief = { ...edition, recipe: briefly(edition.recipe) }
    const lesson = teach(splits, [startOf(brief)], seed, engine)
    const phase = `net ${i + 1} of ${editions.length}: ${describeEdition(edition.recipe)}`
    let next = lesson.next()
    for (; !next.done; next = lesson.next()) yield { ...next.value, phase }
    trials.push(trialOf(brief, next.value.trials[0]!))
  }
  const order = editions.map((_, i) => i).sort((a, b) => trials[a]!.bits - trials[b]!.bits || a - b)
  const best = editions[order[0]!]!
  const smaller = SMALLER.flatMap((share) => {
    const dims = Math.max(...DIMS.filter((each) => each <= best.recipe.dims * Math.sqrt(share)), Math.min(...DIMS))
    return fill({ ...best.recipe, dims }, labels, Math.floor(best.bytes * share)) ?? []
  })
  return { finalists: [...order.slice(0, FINALISTS).map((i) => editions[i]!), ...smaller], trials }
}
const briefly = (recipe: Recipe): Recipe => ({
  ...recipe,
  relearn: false,
  epochs: Math.max(1, Math.ceil(recipe.epochs * SHARE_OF_EPOCHS)),
})

/** Seconds that the whole search takes, from a few steps of one lesson on this machine. */
export function estimateSeconds(
  splits: Pick<Splits, "train" | "validation">,
  editions: readonly Edition[],
  labels: number,
  seed: number,
  engine: Engine,
): number {
  const [first] = editions
  const lesson = teach(splits, [startOf(first!)], seed, engine)
  for (let step = 0; step < WARM_UP; step++) lesson.next()
  const start = performance.now()
  let steps = 0
  while (steps < MEASURED && !lesson.next().done) steps++
  const seconds = (performance.now() - start) / 1000 / Math.max(1, steps) / workOf(first!.recipe, labels)
  lesson.return(undefined as never)
  const { relearn, epochs, batch } = first!.recipe
  const stepsOf = (rounds: number): number => rounds * Math.ceil(splits.train.length / batch)
  const all = editions.reduce((sum, { recipe }) => sum + workOf(recipe, labels) * stepsOf(briefly(recipe).epochs), 0)
  const largest = Math.max(...editions.map(({ recipe }) => workOf(recipe, labels)))
  const full = FINALISTS + SMALLER.reduce((sum, share) => sum + share, 0) + (relearn ? 1 : 0)
  return seconds * (all + full * largest * stepsOf(epochs))
}
const WARM_UP = 4
const MEASURED = 8
/** Of a step, about: a product forwards and two backwards, rows of texts there and back, and the update of the table. */
const workOf = ({ batch, dims, buckets }: Recipe, labels: number): number =>
  3 * batch * dims * labels + 4 * batch * dims * GRAMS + 6 * buckets * dims
const GRAMS = 100
