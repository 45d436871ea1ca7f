/** What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports. */

export { missingCompiler, nativeProgram } from "../../packages/brain/src/native/c99.ts"
export { nativeEngine } from "../../packages/brain/src/native/engine.ts"
export { judge, type Verdict } from "../../packages/brain/src/native/testing/hostile.ts"
export { readModule } from "../../packages/brain/src/store/folder.ts"
export { threadedEngine } from "../../packages/brain/src/threads/engine.ts"
