import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { isAbsolute } from "@open-brains/core/commons/score.ts"
import type { AttestationStatement } from "@open-brains/core/commons/statement.ts"
import { OPERATION_SET } from "@open-brains/core/graph/operations.ts"
import { shortKey } from "../keys/keys.ts"
import { shorten } from "../layout.ts"
import { artifactOf } from "../store/artifact.ts"
import { checkedOut, mineIfThere } from "../store/mine.ts"
import { type AttestedBy, leavesOf, refuseIrreproducible, rootOf } from "./attest.ts"
import { type OpenBenchmark, openBenchmark } from "./benchmark.ts"
import type { Item } from "./items.ts"
import { answersOf, differencesOf, runItems, tallyOf } from "./run.ts"
import { openSubject, refuseUnaskable, type Subject } from "./subject.ts"

export interface VerifyOptions {
  /** Keys whose signature it must have, all of them. */
  readonly keys?: readonly string[]
  /** Where things lie that are not looked for in the store. */
  readonly candidate?: string
  readonly baseline?: string
  readonly benchmarks?: readonly string[]
  readonly in?: string
  readonly onItem?: (done: number, count: number) => void
}
export interface Verified {
  readonly statement: AttestationStatement
  readonly signers: readonly PublicKey[]
  readonly holds: boolean
  /** What is not as it was attested, a sentence each. */
  readonly wrong: readonly string[]
  /** What whoever reads it should know of how it was made, a sentence each. */
  readonly notes: readonly string[]
  /** The first item to which somebody did not say what was attested. */
  readonly first?: {
    readonly side: "candidate" | "baseline"
    readonly index: number
    readonly inputs: Item["inputs"]
    readonly answer: string
  }
}

/**
 * Runs what was attested again, on the modules of those digests, and compares roots, counts and sum. Errors: OB757 for what is not
 * reproducible, OB761 when a module is not here or another one, OB762 when a key did not sign, OB772 when it was made by
 * operations that this version does not know.
 */
export async function verifyAttestation(attested: AttestedBy, options: VerifyOptions = {}): Promise<Verified> {
  const { statement, signers, leaves } = attested
  for (const key of options.keys ?? [])
    if (!signers.some((each) => each === key))
      refuse({
        code: "OB762",
        seen: `It is not signed by ${key}, but by ${signers.map(shortKey).join(", ")}.`,
        hint: "Check whose attestation it is: brain key show tells a person's own key.",
      })
  const notes = notesOn(statement)
  const [candidatePath, baselinePath] = [
    await folderOf("candidate", statement.candidate, options.candidate),
    isAbsolute(statement) ? undefined : await folderOf("baseline", statement.baseline, options.baseline),
  ]
  const benchmarkPath = await benchmarkFolder(statement.benchmark, options.benchmarks ?? [])
  const within = statement.within && {
    brain: await folderOf("in", statement.within.brain, options.in),
    use: repositoryOf(statement.within.module),
  }
  const closing: { close(): Promise<void> }[] = []
  try {
    const candidate = await openSubject(candidatePath, within)
    closing.push(candidate)
    const baseline = baselinePath === undefined ? undefined : await openSubject(baselinePath, within)
    if (baseline) closing.push(baseline)
    const benchmark = await openBenchmark(benchmarkPath)
    closing.push(benchmark)
    for (const subject of baseline ? [candidate, baseline] : [candidate]) {
      refuseIrreproducible(subject)
      refuseUnaskable(benchmark, subject)
    }
    const found = await runAgain({ statement, signers, leaves }, { candidate, baseline, benchmark }, options.onItem)
    return { ...found, notes }
  } finally {
    await Promise.all(closing.map((each) => each.close()))
  }
}

interface Opened {
  readonly candidate: Subject
  /** Nothing, where the score is one by itself. */
  readonly baseline: Subject | undefined
  readonly benchmark: OpenBenchmark
}
async function runAgain(
  { statement, signers, leaves }: AttestedBy,
  { candidate, baseline, benchmark }: Opened,
  onItem: VerifyOptions["onItem"],
): Promise<Omit<Verified, "notes">> {
  const { from, count, seed } = statement.items
  const { itemCount = Number.POSITIVE_INFINITY } = benchmark
  if (from + count > itemCount)
    return {
      ...{ statement, signers, holds: false },
      wrong: [`It speaks of ${from + count} items, and the benchmark has ${itemCount}.`],
    }
  const said = await runItems(
    { benchmark, candidate, ...(baseline ? { baseline } : {}) },
    statement.items,
    onItem ? { onItem } : {},
  )
  const answers = { candidate: answersOf(said.candidate), baseline: answersOf(said.baseline) }
  const { counts, sum } = tallyOf(differencesOf(said.candidate, said.baseline))
  const wrong: string[] = []
  let first: Verified["first"]
  for (const side of ["candidate", "baseline"] as const) {
    const own = leavesOf(answers[side])
    if (rootOf(own) === statement.answers[side]) continue
    wrong.push(`The ${side} does not say here what was attested: the roots of its answers differ.`)
    const theirs = leaves[side]
    if (theirs === undefined) continue
    if (theirs.length !== own.length || rootOf(theirs) !== statement.answers[side]) {
      wrong.push(`The hashes beside the envelope are not those that were signed for the ${side}: they name no item.`)
      continue
    }
    const index = own.findIndex((leaf, i) => leaf !== theirs[i])
    if (first === undefined || from + index < first.index) {
      const { inputs } = await benchmark.item(seed, from + index)
      first = { side, index: from + index, inputs, answer: answers[side][index]! }
    }
  }
  for (const each of ["better", "equal", "worse"] as const)
    if (counts[each] !== statement.counts[each])
      wrong.push(`It says ${statement.counts[each]} ${each}, and there are ${counts[each]}.`)
  if (sum !== statement.sum)
    wrong.push(`It says that the differences sum up to ${statement.sum}, and they do to ${sum}.`)
  return { statement, signers, holds: wrong.length === 0, wrong, ...(first ? { first } : {}) }
}

/**
 * Whether what ran it means the same by its operations. A set only grows: what ran by an older one runs by ours to the same bits, and
 * what ran by a newer one may have asked for what is not known here. Errors: OB772.
 */
function notesOn({ runner }: AttestationStatement): readonly string[] {
  const [, text] = /\boperations (\d{1,9})\b/.exec(runner) ?? []
  const shown = shorten(runner, 80)
  if (text === undefined)
    return [`It was made by “${shown}”, which names no set of operations: answers that differ may be that program's.`]
  const set = Number(text)
  if (set > OPERATION_SET)
    refuse({
      code: "OB772",
      seen: `It was made by operation set ${set} (${shown}), and this version knows them up to ${OPERATION_SET}: what differs here would prove nothing.`,
      hint: "Update Open Brains, and verify it again.",
    })
  return set < OPERATION_SET
    ? [`It was made by operation set ${set}, an older one than ours, ${OPERATION_SET}, which gives the same bits.`]
    : []
}

type Role = "candidate" | "baseline" | "in"
/** Where the module of that digest lies: what was named, if it is that one, else in the store. Errors: OB761. */
async function folderOf(role: Role, digest: Digest, given: string | undefined): Promise<string> {
  if (given === undefined) return (await inStore(digest)) ?? notHere(role, digest)
  const found = (await artifactOf(given)).artifact.digest
  if (found === digest) return given
  return refuse({
    code: "OB761",
    seen: `${given} is not the ${role === "in" ? "brain" : role} that was attested, ${digest}: it is ${found}.`,
    hint: "Name the folder of that one, or take it into your store.",
  })
}
/** Of several that were named the one of that digest: a file may hold attestations on several benchmarks. */
async function benchmarkFolder(digest: Digest, given: readonly string[]): Promise<string> {
  const others: Digest[] = []
  for (const path of given) {
    const found = (await artifactOf(path)).artifact.digest
    if (found === digest) return path
    others.push(found)
  }
  const stored = await inStore(digest)
  if (stored !== undefined) return stored
  if (given.length === 0) return notHere("benchmark", digest)
  return refuse({
    code: "OB761",
    seen: `${given.join(", ")} is not the benchmark that was attested, ${digest}: it is ${others.join(", ")}.`,
    hint: "Name the folder of that one, or take it into your store.",
  })
}
async function inStore(digest: Digest): Promise<string | undefined> {
  const layout = await mineIfThere()
  if (layout === undefined) return undefined
  try {
    return await checkedOut(digest, layout)
  } catch (error) {
    if (error instanceof Refusal && error.problems[0]?.code === "OB712") return undefined
    throw error
  }
}
const notHere = (role: Role | "benchmark", digest: Digest): never =>
  refuse({
    code: "OB761",
    seen: `Your store does not have the ${role === "in" ? "brain" : role} that was attested, ${digest}.`,
    hint: `Take it from where it is, brain add NAME@${digest.slice(0, 19)}…, or name its folder: --${role} FOLDER`,
  })
