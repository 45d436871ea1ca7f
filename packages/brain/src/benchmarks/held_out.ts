import { shuffled, stream } from "@open-brains/core/base/random.ts"
import type { BenchmarkDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import type { Item } from "./items.ts"
import type { Subject } from "./subject.ts"

/**
 * What a data set holds out for the score, as a benchmark of two nets: the examples whose label both can give, or that fit none.
 * Nothing where there are none, or where one of the two is no net from a text to a label.
 */
export function heldOutBenchmark(
  name: string,
  examples: readonly Example[],
  ...nets: readonly [Subject, Subject]
): OpenBenchmark | undefined {
  const known: string[][] = []
  let bytesMax = Number.POSITIVE_INFINITY
  for (const { takes, gives } of nets) {
    const [asked, given] = [takes[0]?.type, gives[0]?.type]
    if (asked?.type !== "text" || given?.type !== "label") return undefined
    bytesMax = Math.min(bytesMax, asked.bytesMax)
    known.push([...given.labels])
  }
  const labels = known[0]!.filter((label) => known[1]!.includes(label))
  const items = examples
    .filter(({ text }) => Buffer.byteLength(text) <= bytesMax)
    .filter(({ label }) => label === undefined || labels.includes(label))
    .map(({ text, label }): Item => ({ inputs: [text], expected: label }))
  if (items.length === 0 || labels.length === 0) return undefined
  const manifest: BenchmarkDeclaration = {
    kind: "benchmark",
    name: "held-out",
    about: "What the data hold out",
    licence: "LicenseRef-unstated",
    takes: [{ name: "text", type: { type: "text", bytesMax } }],
    gives: [{ name: "label", type: { type: "label", labels } }],
    benchmarks: [],
    items: { from: "data", file: name },
    metric: "accuracy",
    bound: 0,
  }
  let order: { readonly seed: number; readonly places: Int32Array } | undefined
  return {
    ...{ name: `${name}, held out`, path: name, manifest, itemCount: items.length },
    async item(seed, index) {
      if (order?.seed !== seed) order = { seed, places: shuffled(items.length, stream(seed, "item")) }
      return items[order.places[index]!]!
    },
    close: async () => undefined,
  }
}
