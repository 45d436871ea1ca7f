/** `./check bench trust`: what a person can rely on, measured: a part for each promise. */
import { runBench } from "./shared/part.ts"
import { measureEditions } from "./trust/editions.ts"

const PARTS = { editions: measureEditions }
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
