/** `./check bench trust`: what a person may rely on when a module is corrected, composed or released. */
import { runBench } from "./shared/part.ts"
import { measureCorrections } from "./trust/corrections.ts"

const PARTS = { corrections: measureCorrections }
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
