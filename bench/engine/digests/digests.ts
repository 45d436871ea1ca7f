/** Part 5: whoever trains a network from the same recipe has the same weights, to the last bit. */
import { nodeBinary } from "../../../scripts/node.ts"
import type { Part, PartOptions } from "../../shared/part.ts"
import { type Cell, say } from "../../shared/report.ts"
import { nodeChild } from "../children.ts"
import type { EngineName } from "../engines.ts"

export type NetworkName = "transformer" | "GRU"
/** What a training brings. */
export interface Learnt {
  /** Of all weights and moments. */
  readonly digest: string
  readonly bytes: number
  /** Losses of the first and the last step: something was learnt. */
  readonly first: number
  readonly last: number
}
const NETWORKS: readonly NetworkName[] = ["transformer", "GRU"]
/** `scattered` is two threads that share every loop they can. */
const ENGINES = ["wasm", "scattered", "native"] as const satisfies readonly EngineName[]

export async function measureDigests({ isQuick }: PartOptions): Promise<Part> {
  const steps = isQuick ? 20 : 200
  const rows: (readonly Cell[])[] = []
  const measures: Part["measures"][number][] = []
  for (const network of NETWORKS) {
    const found: (Learnt | string)[] = []
    for (const major of [26, 24] as const) {
      const node = await nodeBinary(major)
      for (const engine of ENGINES) {
        say(`${network}, ${engine}, Node ${major}`)
        const words = [network, engine, `${steps}`]
        const learnt = nodeChild<Learnt>("digests/child.ts", words, { node, secondsMax: 300 })
        found.push(learnt)
        const place = [network, engine, `${major}`]
        if (typeof learnt === "string") rows.push([...place, learnt])
        else rows.push([...place, learnt.digest, `${learnt.bytes}`, learnt.first.toFixed(4), learnt.last.toFixed(4)])
      }
    }
    measures.push({
      name: `different weights of ${found.length} trainings, ${network}`,
      value: found.some((each) => typeof each === "string")
        ? undefined
        : new Set(found.map((each) => (each as Learnt).digest)).size,
      unit: "digests",
      digits: 0,
      bars: { is: "at most", must: 1 },
    })
  }
  return {
    measures,
    sections: [
      {
        title: "Same weights",
        notes: [
          `${steps} steps of AdamW on a small network, each training in a process of its own. The digest is SHA-256 over all weights and moments. \`scattered\` is WebAssembly on two threads that share every loop that they can, however small.`,
        ],
        table: { heading: ["network", "engine", "Node", "digest", "bytes", "first loss", "last loss"], rows },
      },
    ],
    isSame: measures.every(({ value }) => value === 1),
  }
}
