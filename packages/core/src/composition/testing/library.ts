import { posix } from "node:path"
import type { Digest } from "../../base/digest.ts"
import { benchmarkIn } from "../benchmark.ts"
import { type Checked, checkBrains } from "../check.ts"
import type { Cost, Found, Library } from "../library.ts"
import { parseBrains } from "../parse.ts"

/** A net of a folder, for tests: it takes text, and gives these labels. */
export interface TestNet extends Cost {
  readonly labels: readonly string[]
  readonly bytesMax?: number
  readonly digest?: string
}
/** What examples of the documentation and of tests use. */
export const NETS: Readonly<Record<string, TestNet>> = {
  desk: { labels: ["parcel", "refund", "stock"], memoryBytes: 300_000, flashBytes: 100_000, latencyMs: 0.05 },
  words: { labels: ["parcel", "refund", "stock"], memoryBytes: 200_000, flashBytes: 50_000, latencyMs: 0.05 },
  mood: { labels: ["calm", "angry"], memoryBytes: 200_000, flashBytes: 50_000, latencyMs: 0.05 },
}

/** A library in memory: texts by path, nets by the name of their folder. */
export function libraryOf(
  texts: Readonly<Record<string, string>>,
  nets: Readonly<Record<string, TestNet>> = NETS,
): Library {
  const brains = Object.entries(texts).filter(([path]) => path.endsWith(".brain"))
  const files = new Map(brains.map(([path, text]) => [path, parseBrains(text, path)]))
  const leadsTo = (file: string, path: string): string => posix.normalize(posix.join(posix.dirname(file), path))
  return {
    files,
    included: leadsTo,
    found(file, source): Found {
      const path = leadsTo(file, source)
      for (const file_ of [path, `${path}/module.brain`]) if (files.has(file_)) return { kind: "brain", file: file_ }
      const net = Object.hasOwn(nets, path) ? nets[path] : undefined
      if (net === undefined)
        return {
          kind: "absent",
          problem: { code: "OB616", seen: `There is no folder ${path}.`, hint: "Name the folder of a module." },
        }
      const { labels, bytesMax = 1024, digest = `sha256:${"0".repeat(64)}`, ...cost } = net
      return {
        kind: "module",
        module: {
          kind: "net",
          name: path,
          folder: path,
          digest: digest as Digest,
          takes: [{ name: "text", type: { type: "text", bytesMax } }],
          gives: [{ name: "label", type: { type: "label", labels } }],
          ...cost,
        },
      }
    },
    benchmark(file, source) {
      const path = leadsTo(file, source)
      const text = texts[path] ?? texts[`${path}/module.brain`]
      if (!source.startsWith(".")) return undefined
      return benchmarkIn(text === undefined ? undefined : parseBrains(text, path), source)
    },
    codeDigest: () => undefined,
    locked: () => undefined,
    isLost: (path) => path.endsWith("lost.js"),
    cost(file, declaration): Cost {
      if (declaration.kind !== "net") {
        const { latencyMs = 1000, outputBytes: _, ...rest } = declaration.limits
        return { latencyMs, ...rest }
      }
      const net = nets[leadsTo(file, declaration.in ?? declaration.name)]
      const { labels: _, bytesMax: __, digest: ___, ...cost } = net ?? { labels: [] }
      return cost
    },
  }
}

/** Checks `main.brain` of some texts. */
export const checkTexts = (texts: string | Readonly<Record<string, string>>, nets = NETS): Checked =>
  checkBrains(libraryOf(typeof texts === "string" ? { "main.brain": texts } : texts, nets), "main.brain")
