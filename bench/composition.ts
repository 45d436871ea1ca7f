/** `./check bench composition`: brains in files: reading them, asking them, containing what goes wrong in them. */
import { measureLanguage } from "./composition/language.ts"
import { measureMistakes } from "./composition/mistakes.ts"
import { measureOverhead } from "./composition/overhead.ts"
import { measureSandbox } from "./composition/sandbox.ts"
import { measureStream } from "./composition/stream.ts"
import { runBench } from "./shared/part.ts"

const PARTS = {
  language: measureLanguage,
  mistakes: measureMistakes,
  overhead: measureOverhead,
  sandbox: measureSandbox,
  stream: measureStream,
}
process.exitCode = await runBench("composition", PARTS, process.argv.slice(2))
