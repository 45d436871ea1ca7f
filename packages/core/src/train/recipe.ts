import { isJsonObject, type Json, type JsonObject } from "../base/json.ts"
import { refuse, suggest } from "../base/problem.ts"
import { ngramsMax, WORD_TIMES_MAX } from "../kernels/ngrams.ts"
import { LEVELS, type Levels } from "../quantise/coarse.ts"

/** Everything that weights depend on beside data, base and seed: plain numbers, stored as recipe.json. */
export interface Recipe {
  /** Bytes of a text that are read. */
  readonly bytesMax: number
  readonly buckets: number
  /** Runs of words up to this many are features, */
  readonly wordsMax: number
  /** and runs of characters of a word from this many */
  readonly charactersMin: number
  /** to this many. */
  readonly charactersMax: number
  /** How often each run of words counts; absent: once. */
  readonly wordTimes?: number
  readonly dims: number
  readonly epochs: number
  readonly batch: number
  /** Step size at the start; it falls in a straight line to 0. */
  readonly rate: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  /** Share of a target that is spread over all labels. */
  readonly labelSmoothing: number
  /** Share of a text's n-grams that a step does not see. */
  readonly featureDropout: number
  /** Decay of the moving average of the weights that is kept in the end. */
  readonly averageDecay: number
  /** Half the width of the uniform distribution that the table starts from. */
  readonly initialRange: number
  /** How often a message that fits no label is shown, for each time that another is. */
  readonly unsureWeight: number
  /** Whether the held-out examples, once a choice has been made on them, are learnt from too. */
  readonly relearn: boolean
  /**
   * How many times an `unsure` that need not have been a wrong answer costs: the threshold is then the one that costs
   * the least on held-out examples. Absent: as `unsureThreshold` says.
   */
  readonly wrongCosts?: number
  /** How many values a number of the table can take: 3, or the 15 of four bits. Where it is absent, the 255 of int8. */
  readonly levels?: Levels
}

export const asJson = (recipe: Recipe): Json => ({ ...recipe })

/** What `teach` starts from. Found on the validation split of CLINC150: docs/adr/0005-recipe.md. */
export const RECIPE: Required<Omit<Recipe, keyof typeof OPTIONAL | keyof typeof CHOICES>> = {
  bytesMax: 1024,
  buckets: 4096,
  wordsMax: 2,
  charactersMin: 2,
  charactersMax: 5,
  dims: 64,
  epochs: 20,
  batch: 128,
  rate: 0.015,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.2,
  labelSmoothing: 0.05,
  featureDropout: 0.4,
  averageDecay: 0.99,
  initialRange: 0.1,
  unsureWeight: 5,
  relearn: true,
}

const HELD_BACK = { weightDecay: 3, featureDropout: 0.5, labelSmoothing: 0.02 } as const
/**
 * What is tried beside it where labels are few: they need fewer dimensions, and in as many bytes four times the n-grams
 * have a row of their own; rows that are shared less are held back more, and words count
 * more beside their many runs of characters. Found on the validation splits of TREC, SST-2,
 * SNIPS and 17 languages: docs/adr/0018-a-recipe-for-few-labels.md.
 */
export const WIDE = {
  ...{ buckets: 16_384, dims: 16, wordTimes: 3 },
  ...HELD_BACK,
} as const satisfies Partial<Recipe>
/** Two labels part by fewer dimensions still, and the n-grams get four times the rows, the same bytes again; words that count more are no gain there. */
export const WIDE_OF_TWO = { buckets: 65_536, dims: 4, ...HELD_BACK } as const satisfies Partial<Recipe>
/**
 * What a lesson tries beside the recipe, or nothing: nobody has looked at more labels, and among few examples the
 * held-out ones are too few to choose by.
 */
export function wideFor(examples: number, labels: number): Partial<Recipe> | undefined {
  if (examples < 1000 || labels > 32) return undefined
  return labels === 2 ? WIDE_OF_TWO : WIDE
}

/** Least and most of each number; those that count are whole. A stranger's recipe is run by `rebuild`. */
const RANGES: Readonly<
  Record<
    Exclude<keyof Recipe, "relearn" | keyof typeof CHOICES>,
    readonly [least: number, most: number, whole?: "whole"]
  >
> = {
  bytesMax: [1, 16_383, "whole"],
  buckets: [1, 65_536, "whole"],
  wordsMax: [1, 3, "whole"],
  charactersMin: [2, 5, "whole"],
  charactersMax: [2, 5, "whole"],
  wordTimes: [1, WORD_TIMES_MAX, "whole"],
  dims: [1, 4096, "whole"],
  epochs: [1, 1000, "whole"],
  batch: [1, 4096, "whole"],
  rate: [0, 1e30], // absurd ones end with OB401, by name
  beta1: [0, 0.9999],
  beta2: [0, 0.999999],
  epsilon: [1e-30, 1],
  weightDecay: [0, 100],
  labelSmoothing: [0, 0.99],
  featureDropout: [0, 0.99],
  averageDecay: [0, 0.999999],
  initialRange: [0, 100],
  unsureWeight: [0, 1000, "whole"],
  wrongCosts: [0, 1e6],
}

/** What a recipe may lack, with a value such as it may have. */
const OPTIONAL = { wrongCosts: 5, wordTimes: 3 } as const
/** The same, of those that are one of a few. */
const CHOICES = { levels: LEVELS } as const

/** A recipe out of a file. Errors: OB404 naming the member that is missing, unknown or out of its range. */
export function recipeFrom(json: Json): Recipe {
  const members: JsonObject = isJsonObject(json) ? json : {}
  const known = [...Object.keys(RECIPE), ...Object.keys(OPTIONAL), ...Object.keys(CHOICES)]
  const stray = Object.keys(members).find((name) => !known.includes(name))
  if (stray !== undefined) refuse({ code: "OB404", seen: `A recipe has no \`${stray}\`.`, hint: suggest(stray, known) })
  for (const [name, choices] of Object.entries(CHOICES)) {
    const found = members[name]
    if (found !== undefined && !(choices as readonly Json[]).includes(found))
      refuse({
        code: "OB404",
        seen: `The recipe's \`${name}\` is ${JSON.stringify(found)}.`,
        hint: `Give it one of ${choices.join(", ")}, or leave it out.`,
      })
  }
  for (const [name, value] of Object.entries({ ...RECIPE, ...OPTIONAL })) {
    const found = members[name]
    if (found === undefined && Object.hasOwn(OPTIONAL, name)) continue
    const range = Object.hasOwn(RANGES, name) ? RANGES[name as keyof typeof RANGES] : undefined
    const fits = range
      ? typeof found === "number" &&
        found >= range[0] &&
        found <= range[1] &&
        (range[2] === undefined || Number.isInteger(found))
      : typeof found === typeof value
    if (!fits)
      refuse({
        code: "OB404",
        seen: `The recipe's \`${name}\` is ${JSON.stringify(found) ?? "absent"}.`,
        hint: range
          ? `Give it a ${range[2] ?? ""} number from ${range[0]} to ${range[1]}, such as ${value}.`.replace("a  ", "a ")
          : `Give it a value such as ${value}.`,
      })
  }
  const recipe = members as unknown as Recipe
  const most = ngramsMax(recipe.bytesMax, recipe.wordTimes)
  if (most > NGRAMS_MAX)
    refuse({
      code: "OB404",
      seen: `By the recipe's \`bytesMax\` and \`wordTimes\` a text may have ${most} n-grams.`,
      hint: `Lower one of them: ${NGRAMS_MAX} are the most.`,
    })
  return recipe
}
/** As many as `train` draws numbers for. */
const NGRAMS_MAX = 65_536

/**
 * Few examples want small batches and many epochs, so that there are steps enough to learn in; more steps than that only
 * learn the examples by heart. Chosen on held-out messages of SNIPS and TREC: docs/adr/0019-temperature-and-choice.md.
 */
export function recipeFor(examples: number, recipe: Recipe = RECIPE): Recipe {
  if (examples >= 4000) return recipe
  if (examples >= 500) return { ...recipe, batch: 64, epochs: 20 }
  return { ...recipe, batch: 32, epochs: examples >= 50 ? 30 : 100 }
}
