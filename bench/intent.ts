/** `./check bench intent`: the text classifier on CLINC150 beside its peers: quality, speed, size, and the same bits. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Refusal, render } from "@open-brains/core/base/problem.ts"
import { nodeBinary } from "../scripts/node.ts"
import { repository } from "../scripts/testing.ts"
import { published, splitsOf } from "./intent/brain.testing.ts"
import { measurePeer, peerSection } from "./intent/peer.ts"
import { lessonOf, qualityOf } from "./intent/quality.ts"
import { measureSameBits, sameWeights, type Teaching } from "./intent/same_bits.ts"
import { measureSpeed, teachByCommand } from "./intent/speed.ts"
import {
  barsTable,
  describeMachine,
  figuresOf,
  type Measure,
  machine,
  mean,
  median,
  printSections,
  type Section,
} from "./shared/report.ts"

interface Outcome {
  readonly measures: readonly Measure[]
  readonly sections: readonly Section[]
  readonly isSame: boolean
}

async function measure(isQuick: boolean, folder: string): Promise<Outcome> {
  const examples = await published("clinc150")
  const split = isQuick ? "validation" : "test"
  const seeds = isQuick ? [1] : [1, 2, 3, 4, 5]
  const messages = splitsOf(examples)[split].map(({ text }) => text)

  const lessons = seeds.map((seed) => lessonOf(examples, seed, split))
  const peer = measurePeer(examples, { split, seeds, isQuick })
  const quality = qualityOf(lessons, split, peer)

  const module = join(folder, "module")
  const byLauncher = teachByCommand(module)
  const again = isQuick ? [] : [{ by: "the command", major: 26 } as const]
  const children = [...again, { by: "the command", major: 24 } as const]
  const teachings: Teaching[] = [
    { by: "this bench", node: process.versions.node, weights: lessons[0]!.digest, seconds: lessons[0]!.seconds },
    { by: "./brain teach clinc150", node: "the launcher's", ...byLauncher },
  ]
  for (const { by, major } of children) {
    const taught = teachByCommand(join(folder, `again-${major}`), await nodeBinary(major))
    teachings.push({ by, node: `${major}`, ...taught })
  }
  const weights = sameWeights(teachings)
  const speed = await measureSpeed(module, messages, isQuick ? 2 : 5)
  const bits = measureSameBits(
    lessons[0]!.parts,
    messages,
    isQuick ? { judged: 40, hostile: 1000 } : { judged: 200, hostile: 10_000 },
  )

  const teachingSeconds = median(lessons.map(({ seconds }) => seconds))
  const ours = {
    name: `Open Brains (mean of ${seeds.length})`,
    accuracy: mean(quality.accuracies),
    auroc: mean(quality.aurocs),
    seconds: teachingSeconds,
    bytes: lessons[0]!.weightsBytes,
    microseconds: speed.medianMicroseconds,
    source: "as `./brain teach clinc150`",
  }
  const measures: readonly Measure[] = [
    ...quality.measures,
    {
      name: "teaching, median",
      value: teachingSeconds,
      unit: "s",
      digits: 1,
      bars: { is: "at most", must: 90, aim: 30 },
      peer: { name: "fastText, tuned", value: peer.seconds },
    },
    { name: "./brain teach clinc150, the whole process", value: byLauncher.seconds, unit: "s", digits: 1 },
    {
      name: "text -> label, median",
      value: speed.medianMicroseconds,
      unit: "µs",
      digits: 1,
      bars: { is: "at most", must: 60, aim: 25 },
      peer: { name: "fastText, tuned, mean", value: peer.microseconds },
    },
    { name: "text -> label, 99th percentile", value: speed.lateMicroseconds, unit: "µs", digits: 1 },
    {
      name: "./brain ask from process start, median",
      value: speed.askMs,
      unit: "ms",
      digits: 0,
      bars: { is: "at most", must: 400, aim: 200 },
      peer: { name: "fasttext predict", value: peer.startMs },
    },
    { name: "node -e 0 from process start, median", value: speed.nodeMs, unit: "ms", digits: 0 },
    { name: "text -> label in the interpreter, mean", value: bits.interpreterMs, unit: "ms", digits: 2 },
    {
      name: "answers that differ between engines",
      value: bits.differing,
      unit: "answers",
      digits: 0,
      bars: { is: "at most", must: 0 },
    },
    {
      name: `different weights of ${teachings.length} teachings, Node 24 and 26`,
      value: weights.digests,
      unit: "digests",
      digits: 0,
      bars: { is: "at most", must: 1 },
    },
  ]
  return {
    measures,
    sections: [quality.section, peerSection(ours, peer, split), speed.section, bits.section, weights.section],
    isSame: bits.differing === 0 && weights.digests === 1,
  }
}

const USAGE = "Usage: ./check bench intent [--json] [--quick]"

async function main(words: readonly string[]): Promise<number> {
  const stranger = words.find((word) => word !== "--json" && word !== "--quick")
  if (stranger !== undefined) {
    console.error(`There is no option \`${stranger}\`.\n${USAGE}`)
    return 2
  }
  const isQuick = words.includes("--quick")
  const folder = mkdtempSync(join(tmpdir(), "bench-intent-"))
  try {
    const { measures, sections, isSame } = await measure(isQuick, folder)
    const own = machine()
    const summary: Section = {
      title: isQuick ? "Figures of a quick run, on the validation split" : "Figures",
      notes: [`${describeMachine(own)}, ${new Date().toISOString().slice(0, 10)}.`],
      table: barsTable(measures),
    }
    const text = printSections([summary, ...sections])
    if (words.includes("--json"))
      console.log(JSON.stringify({ bench: "intent", machine: own, figures: figuresOf(measures) }))
    else process.stdout.write(text)
    if (!isQuick) {
      const command = ["./check bench intent", ...words].join(" ")
      const head = `# Bench: intent\n\nGenerated by \`${command}\`; do not edit.\n\n`
      writeFileSync(join(repository, "bench/results/intent.md"), head + text)
    }
    return isSame ? 0 : 1
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    console.error(error.problems.map(render).join("\n\n"))
    return 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
process.exitCode = await main(process.argv.slice(2))
