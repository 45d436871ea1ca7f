/** How fast: a text to its label in this process, and a whole `./brain ask`. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { load } from "open-brains"
import { repository } from "../../scripts/testing.ts"
import { median, number, quantile, type Section, say, timings } from "../shared/report.ts"

export interface Speed {
  readonly medianMicroseconds: number
  readonly lateMicroseconds: number
  readonly askMs: number
  /** `node -e 0`: what no command in Node can be faster than. */
  readonly nodeMs: number
  readonly section: Section
}

/** `path` is a module taught from CLINC150; `texts` are what it is asked, one after another. */
export async function measureSpeed(path: string, texts: readonly string[], passes: number): Promise<Speed> {
  say("timing answers")
  const { ask } = await load(path)
  for (let pass = 0; pass < 3; pass++) for (const text of texts) ask(text) // warm-up
  const microseconds = new Float64Array(passes * texts.length)
  let n = 0
  for (let pass = 0; pass < passes; pass++)
    for (const text of texts) {
      const start = performance.now()
      ask(text)
      microseconds[n++] = (performance.now() - start) * 1000
    }
  const answers = [...microseconds]
  const asks = timings(15, () => void run(join(repository, "brain"), ["ask", path, texts[0]!]))
  const starts = timings(15, () => void run(process.execPath, ["-e", "0"]))
  const rows = [
    ["text -> label in WebAssembly, one call", `${answers.length}`, "µs", ...spread(answers, 1)],
    ["./brain ask MODULE TEXT, the whole process", `${asks.length}`, "ms", ...spread(asks, 0)],
    ["node -e 0, the whole process", `${starts.length}`, "ms", ...spread(starts, 0)],
  ]
  return {
    medianMicroseconds: median(answers),
    lateMicroseconds: quantile(answers, 0.99),
    askMs: median(asks),
    nodeMs: median(starts),
    section: {
      title: "Speed",
      notes: [
        `${texts.length} messages, ${passes} times each, after three passes that are not counted; processes after one that is not.`,
      ],
      table: { heading: ["what", "times", "unit", "minimum", "median", "99th percentile", "maximum"], rows },
    },
  }
}

const spread = (values: readonly number[], digits: number): readonly (string | undefined)[] =>
  [0, 0.5, 0.99, 1].map((share) => number(quantile(values, share), digits))

function run(command: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: "utf8" })
  if (error) throw error
  if (status !== 0) throw new Error(`${words[0]} ended with ${status}: ${stderr.slice(0, 500)}`)
  return stdout
}

/** Teaches a module with the command itself, on the Node that is given or the one of the launcher. */
export function teachByCommand(into: string, node?: string): { readonly weights: string; readonly seconds: number } {
  const words = ["teach", "clinc150", "--into", into, "--base", "none", "--seed", "1", "--json"]
  const start = performance.now()
  const output = node
    ? run(node, ["--disable-warning=ExperimentalWarning", join(repository, "packages/brain/src/main.ts"), ...words])
    : run(join(repository, "brain"), words)
  const seconds = (performance.now() - start) / 1000
  return { weights: (JSON.parse(output) as { readonly weights: string }).weights, seconds }
}
