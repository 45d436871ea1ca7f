/** What this bench looks at inside the packages: the wall keeps everybody but tests to what they export. */
export { ATTACKS } from "../../packages/brain/src/code/testing/attacks.ts"
export { checkTexts } from "../../packages/core/src/composition/testing/library.ts"
