/** A process that judges random graphs in WebAssembly (`node WIDE_FLAGS wide_graphs.ts SEED COUNT`): the last line is what is wrong. */
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { faultsOf, roundsOf, wayOf } from "@open-brains/core/lower/testing/compare.ts"
import { graphFrom } from "@open-brains/core/lower/testing/graphs.ts"

const [seed, count] = process.argv.slice(2).map(Number) as [number, number]
const faults = Array.from({ length: count }, (_, n) => {
  const graph = graphFrom(seed + n)
  const rounds = roundsOf(graph)
  return [2 * seed + 2 * n, 2 * seed + 2 * n + 1].flatMap((way) => faultsOf(graph, wayOf(way), rounds, [wasmEngine]))
}).flat()
console.log(JSON.stringify(faults))
