/** What this bench looks at inside the brain package: how a module with many corrections is written at once. */
export { withCorrections } from "../../packages/brain/src/lessons.ts"
export { writeModule } from "../../packages/brain/src/store/folder.ts"
