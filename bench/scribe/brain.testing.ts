/** What this bench looks at inside the brain package: the wall keeps everybody but tests to what `open-brains` exports. */
export { corpusFrom, interleaved, readCorpus } from "../../packages/brain/src/data/corpus.ts"
