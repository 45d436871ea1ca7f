/** What this bench looks at inside the brain package; see bench/intent/brain.testing.ts. */
export { contendersOf } from "../../packages/brain/src/curve.ts"
export { readModule } from "../../packages/brain/src/store/folder.ts"
