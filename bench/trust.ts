/** `./check bench trust`: whether what modules say of themselves can be relied on. */
import { runBench } from "./shared/part.ts"
import { measureCalibration } from "./trust/calibration.ts"
import { measureCurves } from "./trust/curves.ts"

const PARTS = {
  curves: measureCurves,
  calibration: measureCalibration,
}
process.exitCode = await runBench("trust", PARTS, process.argv.slice(2))
