import type { Engine } from "@open-brains/core/engine/engine.ts"
import { LEVELS } from "@open-brains/core/quantise/coarse.ts"
import type { Splits } from "@open-brains/core/train/examples.ts"
import type { Recipe } from "@open-brains/core/train/recipe.ts"
import type { Start, Taught, TeachProgress } from "@open-brains/core/train/teach.ts"
import { startsOf } from "./build.ts"
import {
  type Edition,
  type EditionTrial,
  editionsWithin,
  estimateSeconds,
  shortlist,
  startOf,
  trialOf,
  weightBytes,
} from "./editions.ts"
import { inTurns } from "./in_turns.ts"
import type { ModuleFiles } from "./store/folder.ts"

export interface Plan {
  readonly bytesMax: number
  /** How many nets are tried in the first round. */
  readonly nets: number
  /** About. */
  readonly seconds: number
}
/** How the best net within a size was found. */
export interface Search {
  readonly bytesMax: number
  readonly trials: readonly EditionTrial[]
  /** Which of the trials was kept. */
  readonly kept: number
  /** The size of the base, when it was too large to begin from. */
  readonly baseBytes?: number
}
interface Finalists extends Omit<Search, "kept"> {
  readonly starts: readonly Start[]
  readonly editions: readonly Edition[]
}
export interface Places {
  readonly splits: Splits
  readonly recipe: Recipe
  readonly labels: number
  readonly seed: number
  readonly engine: Engine
  readonly base?: ModuleFiles
}

/** The starts that `teach` is to choose among: the best shapes of a first round, and the base where it fits. */
export async function shortlistWithin(
  bytesMax: number,
  { splits, recipe, labels, seed, engine, base }: Places,
  { onPlan, onProgress }: { onPlan?: (plan: Plan) => void; onProgress?: (progress: TeachProgress) => void },
): Promise<Finalists> {
  const editions = editionsWithin(recipe, labels, bytesMax)
  const bytesOf = (start: Start): number => weightBytes(start.recipe, labels)
  const fits = (start: Start): boolean => bytesOf(start) <= bytesMax
  const fitting = [...startsOf(undefined, recipe).filter(fits), ...fromBase(base, recipe, fits)]
  const [large] = base ? startsOf(base, recipe) : []
  onPlan?.({ bytesMax, nets: editions.length, seconds: estimateSeconds(splits, editions, labels, seed, engine) })
  const first = await inTurns(shortlist(splits, editions, labels, seed, engine), onProgress)
  return {
    bytesMax,
    trials: first.trials,
    starts: [...first.finalists.map(startOf), ...fitting],
    editions: [...first.finalists, ...fitting.map((start) => ({ recipe: start.recipe, bytes: bytesOf(start) }))],
    ...(large && !fitting.some(({ table }) => table) ? { baseBytes: bytesOf(large) } : {}),
  }
}

/** Learning on from a base, its rows as fine as they fit. */
function fromBase(base: ModuleFiles | undefined, recipe: Recipe, fits: (start: Start) => boolean): readonly Start[] {
  if (!base) return []
  for (const levels of [undefined, ...LEVELS.toReversed()]) {
    const starts = startsOf(base, { ...recipe, ...(levels ? { levels } : {}) }).filter(({ table }) => table)
    if (starts.every(fits)) return starts
  }
  return []
}

/** What was found in both rounds. */
export function finishSearch(finalists: Finalists, { trials, kept }: Taught): Search {
  const { bytesMax, editions, starts, baseBytes } = finalists
  const last = trials.map((trial, i) => ({
    ...trialOf(editions[i]!, trial),
    ...(starts[i]!.table ? { name: `${starts[i]!.name}: ${trialOf(editions[i]!, trial).name}` } : {}),
  }))
  return {
    bytesMax,
    trials: [...finalists.trials, ...last],
    kept: finalists.trials.length + starts.indexOf(kept),
    ...(baseBytes === undefined ? {} : { baseBytes }),
  }
}
