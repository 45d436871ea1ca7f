/** What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports. */
export { interleaved, readCorpus } from "../../packages/brain/src/data/corpus.ts"
export { scribeRecipeOf } from "../../packages/brain/src/scribe/make.ts"
export { netFile } from "../../packages/brain/src/scribe/make_net.ts"
