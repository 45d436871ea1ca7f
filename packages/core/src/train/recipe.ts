import type { Json } from "../base/json.ts"

/** Everything that weights depend on beside data, base and seed: plain numbers, stored as recipe.json. */
export interface Recipe {
  /** Bytes of a text that are read. */
  readonly bytesMax: number
  readonly buckets: number
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
}

export const asJson = (recipe: Recipe): Json => ({ ...recipe })
