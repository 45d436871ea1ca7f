/** `./check bench composition`: what brains that are put together cost. */
import { measureStream } from "./composition/stream.ts"
import { runBench } from "./shared/part.ts"

const PARTS = { stream: measureStream }
process.exitCode = await runBench("composition", PARTS, process.argv.slice(2))
