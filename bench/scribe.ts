/** `./check bench scribe`: the predictor of bytes: what it costs in bits and in time, what shakes it, and what it packs. */
import { measureNeural } from "./scribe/neural.ts"
import { measurePacking } from "./scribe/pack.ts"
import { measureQuality } from "./scribe/quality.ts"
import { measureRobustness } from "./scribe/robust.ts"
import { measureSpeed } from "./scribe/speed.ts"
import { runBench } from "./shared/part.ts"

const PARTS = {
  quality: measureQuality,
  speed: measureSpeed,
  robust: measureRobustness,
  pack: measurePacking,
  neural: measureNeural,
}
process.exitCode = await runBench("scribe", PARTS, process.argv.slice(2))
