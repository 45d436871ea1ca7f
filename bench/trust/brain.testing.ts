/** What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports. */
export { contendersOf } from "../../packages/brain/src/curve.ts"
export { isSetApart, needDataSet } from "../../packages/brain/src/data/sets.ts"
export type { PlacedExample } from "../../packages/brain/src/data/split.ts"
export { splitsOf } from "../../packages/brain/src/examples.ts"
export { withCorrections } from "../../packages/brain/src/lessons.ts"
export { readModule, writeModule } from "../../packages/brain/src/store/folder.ts"
export { published } from "../../packages/brain/src/testing/published.ts"
