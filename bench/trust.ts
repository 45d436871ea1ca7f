/** `./check bench trust`: whether what is said of a module's answers holds. */
import { runBench } from "./shared/part.ts"
import { measureExplanations } from "./trust/explain.ts"

const PARTS = {
  explain: measureExplanations,
}
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
