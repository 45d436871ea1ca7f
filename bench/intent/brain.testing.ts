/**
 * What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports,
 * and these are no business of its users.
 */
export { buildModule } from "../../packages/brain/src/build.ts"
export type { PlacedExample } from "../../packages/brain/src/data/split.ts"
export { describeEdition, editionsWithin, shortlist } from "../../packages/brain/src/editions.ts"
export { splitsOf } from "../../packages/brain/src/examples.ts"
export { missingCompiler, VARIANTS } from "../../packages/brain/src/native/c99.ts"
export { answersInC, answersOn, differences, hostileTexts } from "../../packages/brain/src/native/same_bits.ts"
export { published } from "../../packages/brain/src/testing/published.ts"
