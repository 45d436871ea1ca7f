/** `./check bench engine`: the compiler's speed beside the machine's limits and its peers, and its bits beside themselves. */
import { measureCompiling } from "./engine/compiling/compiling.ts"
import { measureDigests } from "./engine/digests/digests.ts"
import { measureMlp } from "./engine/mlp/mlp.ts"
import { measureProducts } from "./engine/products.ts"
import { measurePrograms } from "./engine/programs.ts"
import { measureTransformer } from "./engine/transformer/transformer.ts"
import { runBench } from "./shared/part.ts"

const PARTS = {
  products: measureProducts,
  mlp: measureMlp,
  transformer: measureTransformer,
  digests: measureDigests,
  programs: measurePrograms,
  compiling: measureCompiling,
}
process.exitCode = await runBench("engine", PARTS, process.argv.slice(2))
