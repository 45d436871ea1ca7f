/** Part 4: a training step of a transformer, ours beside PyTorch on the CPU. */
import { existsSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { findProgram } from "../../../scripts/testing.ts"
import type { Part, PartOptions } from "../../shared/part.ts"
import { type Measure, number, type Section, say } from "../../shared/report.ts"
import { figuresOfChild, nodeChild } from "../children.ts"
import { ADAMW, FULL, firstWeights, type Training, tokens, weightShapes } from "./network.ts"

/** Debian's PyTorch is of Debian's Python; another one may come first on PATH. */
const PYTHON = ["/usr/bin/python3", findProgram("python3") ?? ""].find(existsSync)
const BATCHES = 4 // shown in turn
/** After as few steps as are compared, f32 sums in another order have not drifted further. */
const LOSS_TOLERANCE = 1e-5
const COMPARED = 4

interface Trainer {
  readonly name: string
  train(folder: string, steps: number): Training | string
}
const torch = (name: string, threads: number, environment: Readonly<Record<string, string>> = {}): Trainer => ({
  name,
  train(folder, steps) {
    if (PYTHON === undefined) return "python3 is not installed"
    const words = ["-B", join(import.meta.dirname, "peer.py"), folder, `${threads}`, `${steps}`]
    return figuresOfChild<Training>(PYTHON, words, { environment, secondsMax: 60 + 10 * steps })
  },
})
const ours = (name: string, engine: string): Trainer => ({
  name,
  train: (folder, steps) =>
    nodeChild("transformer/ours.ts", [folder, `${steps}`, engine], { secondsMax: 60 + 20 * steps }),
})
/** What PyTorch, oneDNN and OpenBLAS ask for to leave AVX-512 alone. */
const AVX2 = { ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", OPENBLAS_CORETYPE: "Haswell" }
const TRAINERS = {
  torch: torch("PyTorch, 1 thread", 1),
  torchAvx2: torch("PyTorch, 1 thread, kept to AVX2", 1, AVX2),
  torchTwo: torch("PyTorch, 2 threads", 2),
  wasm: ours("Open Brains, wasm", "wasm"),
  native: ours("Open Brains, native", "native"),
  threads: ours("Open Brains, wasm on 2 threads", "threads"),
} as const satisfies Readonly<Record<string, Trainer>>
type Who = keyof typeof TRAINERS
/** Who is asked in a quick run. */
const QUICK: readonly Who[] = ["torch", "wasm", "native"]
type Found = Record<Who, Training | string>

export function measureTransformer({ isQuick, folder }: PartOptions): Part {
  writeFileSync(join(folder, "spec.json"), JSON.stringify({ sizes: FULL, adamw: ADAMW, weights: weightShapes(FULL) }))
  writeFileSync(
    join(folder, "weights.f32"),
    Buffer.concat(Object.values(firstWeights(FULL)).map(({ buffer }) => Buffer.from(buffer))),
  )
  writeFileSync(
    join(folder, "tokens.u8"),
    Buffer.concat(Array.from({ length: BATCHES }, (_, step) => tokens(FULL, step))),
  )
  const who = Object.keys(TRAINERS) as readonly Who[]
  const [rounds, steps] = isQuick ? [1, 3] : [3, 10]
  const found = Object.fromEntries(who.map((each) => [each, "it was not asked"])) as Found
  for (let round = 0; round < rounds; round++)
    for (const each of who) {
      if (isQuick && !QUICK.includes(each)) continue
      say(`${TRAINERS[each].name}, round ${round + 1} of ${rounds}`)
      found[each] = better(found[each], TRAINERS[each].train(folder, steps))
    }
  return partOf(found)
}

/** The faster of two; a failure counts only while there is nothing else. */
function better(a: Training | string, b: Training | string): Training | string {
  if (typeof a === "string") return b
  return typeof b === "string" || a.secondsPerStep <= b.secondsPerStep ? a : b
}

function partOf(found: Found): Part {
  const seconds = (who: Who): number | undefined => {
    const training = found[who]
    return typeof training === "string" ? undefined : training.secondsPerStep
  }
  const over = (peer: Who, who: Who): number | undefined => {
    const [theirs, own] = [seconds(peer), seconds(who)]
    return theirs && own && theirs / own
  }
  const ratio = (name: string, who: Who, bars?: Measure["bars"]): Measure => ({
    name,
    value: over("torch", who),
    unit: "x",
    digits: 2,
    ...(bars && { bars }),
    peer: { name: "kept to AVX2", value: over("torchAvx2", who) },
  })
  const { differences, isSame } = lossesOf(found)
  const who = Object.keys(found) as readonly Who[]
  const section: Section = {
    title: "A training step of a transformer",
    notes: [
      "d128, 4 layers, 4 heads, feed-forward 512, T 256, batch 16, 256 tokens, AdamW, f32: bench/engine/transformer/README.md says it to the last detail. Each trains in a process of its own, in turn, from the same weights on the same batches; the best step of all counts.",
      ...who.flatMap((each) =>
        typeof found[each] === "string" ? [`${TRAINERS[each].name} is missing: ${found[each]}.`] : [],
      ),
    ],
    table: {
      heading: ["trainer", "ms a step", `losses of the first ${COMPARED} steps`],
      rows: who.map((each) => {
        const training = found[each]
        if (typeof training === "string") return [TRAINERS[each].name, undefined, undefined]
        const losses = training.losses.slice(0, COMPARED).map((loss) => loss.toFixed(6))
        return [TRAINERS[each].name, number(training.secondsPerStep * 1000, 0), losses.join(" ")]
      }),
    },
  }
  const step = (name: string, each: Who): Measure => ({
    name: `transformer step, ${name}`,
    value: (seconds(each) ?? Number.NaN) * 1000 || undefined,
    unit: "ms",
    digits: 0,
    peer: { name: TRAINERS.torch.name, value: (seconds("torch") ?? Number.NaN) * 1000 || undefined },
  })
  return {
    measures: [
      ratio("transformer steps/s, WASM, of PyTorch", "wasm", { is: "at least", must: 0.4, aim: 0.65 }),
      ratio("transformer steps/s, native, of PyTorch", "native", { is: "at least", aim: 1.3 }),
      {
        name: "transformer steps/s, WASM on 2 threads, of 1",
        value: over("wasm", "threads"),
        unit: "x",
        digits: 2,
        bars: { is: "at least", must: 1.6 },
        peer: { name: "PyTorch, 2 of 1", value: over("torch", "torchTwo") },
      },
      step("WASM", "wasm"),
      step("native", "native"),
      { name: "transformer losses, largest difference from PyTorch", value: differences, unit: "nats", digits: 6 },
    ],
    sections: [section],
    isSame,
  }
}

/** How far ours are from PyTorch's at most. */
function lossesOf({ torch, wasm, native, threads }: Found): {
  readonly differences: number | undefined
  readonly isSame: boolean
} {
  const own = [wasm, native, threads].filter((each) => typeof each !== "string")
  if (typeof torch === "string" || own.length === 0) return { differences: undefined, isSame: true }
  const apart = own.flatMap(({ losses }) =>
    losses.slice(0, COMPARED).map((loss, i) => Math.abs(loss - torch.losses[i]!)),
  )
  const differences = Math.max(...apart)
  return { differences, isSame: differences <= LOSS_TOLERANCE }
}
