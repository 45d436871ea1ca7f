/** What the weight `temperature` counts in: 1 / T, the factor of the logits, in units of 2⁻¹³. */
export const TEMPERATURE_ONE = 2 ** 13
/** Left by so many bits first: the factor may be anything below 4, and 1 gives back each logit as it was. */
export const TEMPERATURE_LIFT = 8
/** Of the product: that of `requantise`. */
export const TEMPERATURE_SHIFT = Math.log2(TEMPERATURE_ONE) + TEMPERATURE_LIFT
