import type { FoundBenchmark } from "./library.ts"
import type { Parsed } from "./parse.ts"
import type { BenchmarkDeclaration } from "./parts.ts"
import type { BrainSyntax, FileSyntax } from "./syntax.ts"
import type { Targets } from "./targets.ts"
import { describe, misfit, type Port, type PortType } from "./types.ts"

/** What a row of a file can hold. */
const ASKED: readonly PortType["type"][] = ["text", "number", "label"]

/** Why nobody could be asked by this benchmark, or scored; nothing where it is whole. What is missing was told of. */
export function unfitBenchmark({
  name,
  takes,
  gives,
  metric,
  items,
}: Partial<BenchmarkDeclaration>): { readonly seen: string; readonly hint: string } | undefined {
  const [answer, second] = gives ?? []
  if (items === undefined)
    return {
      seen: `\`${name}\` has no items`,
      hint: 'Name a file of its folder: data "questions.csv", or: generates "questions.js" as javascript',
    }
  const strange = takes?.find(({ type }) => !ASKED.includes(type.type))
  if (strange)
    return { seen: `\`${name}\` asks ${describe(strange.type)}`, hint: `Ask with ${ASKED.join(", ")} alone.` }
  if (answer === undefined) return undefined
  if (second !== undefined)
    return {
      seen: `\`${name}\` scores ${gives!.length} outputs`,
      hint: "Score one, and write another benchmark for the next.",
    }
  const { type } = answer.type
  if (type !== "label" && type !== "text")
    return { seen: `\`${name}\` scores ${describe(answer.type)}`, hint: "Score a label or a text." }
  if (type === "text" && metric !== undefined && metric !== "exact")
    return { seen: `A text has no \`${metric}\``, hint: "Texts are right when they are the same: metric exact" }
  return undefined
}

interface Ports {
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
}
/** Which output a benchmark scores: the only one, else that of the same name. */
export const scoredOutput = (benchmark: Ports, { gives }: Ports): Port | undefined =>
  gives.length === 1 ? gives[0] : gives.find(({ name }) => name === benchmark.gives[0]!.name)
/** For each input of what is asked the one of the benchmark that it is given; the only one whatever it is called. */
export const askedInputs = (benchmark: Ports, { takes }: Ports): readonly (Port | undefined)[] =>
  takes.length === 1 && benchmark.takes.length === 1
    ? benchmark.takes
    : takes.map(({ name }) => benchmark.takes.find((each) => each.name === name))

/** Why a benchmark cannot ask something with these ports, or not score it. Whatever is expected must be possible to answer. */
export function unaskable(benchmark: Ports, asked: Ports): string | undefined {
  const inputs = askedInputs(benchmark, asked)
  if (inputs.length !== benchmark.takes.length || inputs.includes(undefined))
    return `it asks with ${namesOf(benchmark.takes)}, where ${namesOf(asked.takes)} is taken`
  for (const [i, given] of inputs.entries()) {
    const why = misfit(given!.type, asked.takes[i]!.type)
    if (why !== undefined) return `of what it asks with, \`${given!.name}\`: ${why}`
  }
  const output = scoredOutput(benchmark, asked)
  if (output === undefined) return `it scores ${namesOf(benchmark.gives)}, where ${namesOf(asked.gives)} is given`
  const why = misfit(benchmark.gives[0]!.type, output.type)
  return why === undefined ? undefined : `of what it expects as \`${output.name}\`: ${why}`
}
const namesOf = (ports: readonly Port[]): string => ports.map(({ name }) => `\`${name}\``).join(" and ")

/** The last benchmark of a file that was read, or why there is none. */
export function benchmarkIn(parsed: Parsed | undefined, source: string): FoundBenchmark {
  const absent = (seen: string, hint: string): FoundBenchmark => ({
    kind: "absent",
    problem: { code: "OB751", seen, hint },
  })
  if (parsed === undefined)
    return absent(`There is no benchmark ${source}.`, "Name its folder, or a file .brain, beginning with a dot.")
  const [problem] = parsed.problems
  if (problem) return absent(`${source} cannot be read: ${problem.seen}`, problem.hint)
  const last = parsed.syntax.definitions.findLast(
    (each) => each.kind === "module" && each.declaration.kind === "benchmark",
  )
  if (last?.kind !== "module" || last.declaration.kind !== "benchmark")
    return absent(`${source} holds no benchmark.`, "Name a folder whose module.brain begins so: benchmark parcels {")
  return { kind: "benchmark", declaration: last.declaration, file: parsed.syntax.file }
}

/** Whether what a brain lives by can ask it. Problems: OB603, OB751, OB752. */
export function checkBenchmarks({ library, all }: Targets, file: FileSyntax, brain: BrainSyntax, ports: Ports): void {
  const seen = new Set<string>()
  for (const word of brain.benchmarks) {
    if (seen.has(word.text))
      all.report(file, word, "OB603", `The benchmark "${word.text}" is here already.`, "Keep one of the two.")
    seen.add(word.text)
    const found = library.benchmark(file.file, word.text)
    if (found === undefined) continue
    if (found.kind === "absent") {
      all.report(file, word, found.problem.code, found.problem.seen, found.problem.hint)
      continue
    }
    const why = unaskable(found.declaration, ports)
    if (why !== undefined)
      all.report(
        file,
        word,
        "OB752",
        `\`${brain.name.text}\` cannot be asked by "${word.text}": ${why}.`,
        "Let the brain take and give what the benchmark asks and expects, or name another benchmark.",
      )
  }
}
