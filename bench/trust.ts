/** `./check bench trust`: what a person relies on, measured: why it answered, what its numbers are worth, how it learns. */
import { runBench } from "./shared/part.ts"
import { measureCalibration } from "./trust/calibration.ts"
import { measureCorrections } from "./trust/corrections.ts"
import { measureCurves } from "./trust/curves.ts"
import { measureEditions } from "./trust/editions.ts"
import { measureExplanations } from "./trust/explain.ts"
import { measurePeers } from "./trust/peers.ts"

const PARTS = {
  explain: measureExplanations,
  corrections: measureCorrections,
  calibration: measureCalibration,
  curves: measureCurves,
  editions: measureEditions,
  peers: measurePeers,
}
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
