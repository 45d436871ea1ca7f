/** What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports. */
export type { Board } from "../../packages/brain/src/boards/boards.ts"
export { boardNamed } from "../../packages/brain/src/boards/boards.ts"
export { libraryFiles } from "../../packages/brain/src/boards/library.ts"
export type {
  Exported,
  ExportedClassifier,
  ExportedNet,
  ExportedScribe,
} from "../../packages/brain/src/boards/program.ts"
export { exportedProgram } from "../../packages/brain/src/boards/program.ts"
export type { Report } from "../../packages/brain/src/boards/report.ts"
export { reportOn } from "../../packages/brain/src/boards/report.ts"
export type { Sources } from "../../packages/brain/src/boards/sources.ts"
export { sourcesOf } from "../../packages/brain/src/boards/sources.ts"
export {
  buildProbe,
  type ModuleSource,
  type Ports,
  type ProbeAnswers,
  type ProbeRequest,
  portsOf,
} from "../../packages/brain/src/boards/testing/probe.ts"
export { TARGETS, type Target } from "../../packages/brain/src/boards/testing/targets.ts"
export type { PlacedExample } from "../../packages/brain/src/data/split.ts"
export { fill } from "../../packages/brain/src/editions.ts"
export { splitsOf } from "../../packages/brain/src/examples.ts"
export { readModule } from "../../packages/brain/src/store/folder.ts"
export { teachModule } from "../../packages/brain/src/teach.ts"
export { CLINC150_IN_MIRROR, published } from "../../packages/brain/src/testing/published.ts"
