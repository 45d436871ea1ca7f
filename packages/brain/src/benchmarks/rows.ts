import { shuffled, stream } from "@open-brains/core/base/random.ts"
import type { BenchmarkDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Port } from "@open-brains/core/composition/types.ts"
import type { Example } from "@open-brains/core/train/examples.ts"
import type { OpenBenchmark } from "./benchmark.ts"
import { type Item, itemsOfFile } from "./items.ts"
import type { Subject } from "./subject.ts"

/** A benchmark that nobody wrote down: of these items, by the ports of what is asked. Nothing is a bound of it. */
function benchmarkOfItems(name: string, manifest: BenchmarkDeclaration, items: readonly Item[]): OpenBenchmark {
  let order: { readonly seed: number; readonly places: Int32Array } | undefined
  return {
    ...{ name, path: name, manifest, itemCount: items.length },
    async item(seed, index) {
      if (order?.seed !== seed) order = { seed, places: shuffled(items.length, stream(seed, "item")) }
      return items[order.places[index]!]!
    },
    close: async () => undefined,
  }
}
const declared = (file: string, takes: readonly Port[], gives: Port): BenchmarkDeclaration => ({
  ...{ kind: "benchmark", name: "items", about: file, licence: "LicenseRef-unstated" },
  takes,
  gives: [gives],
  benchmarks: [],
  items: { from: "data", file },
  metric: gives.type.type === "label" ? "accuracy" : "exact",
  bound: 0,
})

/**
 * What a data set holds out for the score, as a benchmark of two nets: the examples whose label both can give, or that fit none.
 * Nothing where there are none, or where one of the two is no net from a text to a label.
 */
export function heldOutBenchmark(
  data: string,
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
  const takes: Port = { name: "text", type: { type: "text", bytesMax } }
  const gives: Port = { name: "label", type: { type: "label", labels } }
  return benchmarkOfItems(`what ${data} holds out`, declared(data, [takes], gives), items)
}

/**
 * A file of rows as a suite of something with these ports: a column for each input, and `label`, `expected` or the name of an output. Scored is
 * the only output that is a label or a text, else the one whose name stands in the first line. Errors: OB753, OB501 to OB507.
 */
export async function rowsBenchmark(
  path: string,
  firstLine: string,
  { takes, gives }: Pick<Subject, "takes" | "gives">,
): Promise<OpenBenchmark> {
  const scored = gives.filter(({ type }) => type.type === "label" || type.type === "text")
  const named = scored.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(firstLine))
  const output = (scored.length > 1 ? named[0] : undefined) ?? scored[0] ?? gives[0]!
  const manifest = declared(path, takes, output)
  return benchmarkOfItems(path, manifest, await itemsOfFile(path, manifest))
}
