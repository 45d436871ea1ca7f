import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { counted } from "@open-brains/core/base/words.ts"
import { type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import { NOTHING } from "@open-brains/core/commons/merkle.ts"
import { GENERATED_ITEMS, meanScore } from "@open-brains/core/commons/score.ts"
import { type AttestationStatement, printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { artifactOf } from "../store/artifact.ts"
import { artifactOfBenchmark, attestationOf, leavesOf, refuseIrreproducible } from "./attest.ts"
import { openBenchmark } from "./benchmark.ts"
import { answersOf, differencesOf, runItems, tallyOf } from "./run.ts"
import { openSubject, refuseUnaskable } from "./subject.ts"

/** How good something is on a benchmark by itself, in words that can be signed. */
export interface Scored {
  /** As it was named. */
  readonly benchmark: string
  readonly artifact: Digest // of the benchmark
  readonly statement: AttestationStatement
  readonly score: number // 0 … 1
  readonly bound: number
}
const SEED = 1

/**
 * Asks something all items of a benchmark, or of a generator the first `GENERATED_ITEMS`. Errors: OB751 to OB754, OB757 for what nobody
 * could run again, and those of `artifactOf`.
 */
export async function scoreOn(
  path: string,
  name: string,
  onItem?: (done: number, count: number) => void,
): Promise<Scored> {
  const subject = await openSubject(path)
  const benchmark = await openBenchmark(name).catch(async (error: unknown) => {
    await subject.close()
    throw error
  })
  try {
    refuseIrreproducible(subject)
    refuseUnaskable(benchmark, subject)
    const { itemCount: count = GENERATED_ITEMS, manifest } = benchmark
    const items = { seed: SEED, from: 0, count }
    const said = await runItems({ benchmark, candidate: subject }, items, onItem ? { onItem } : {})
    const artifact = await artifactOfBenchmark({ benchmark })
    const candidate = (await artifactOf(subject.path)).artifact.digest
    const statement = attestationOf(
      { type: TYPES.attestation, candidate, baseline: NOTHING, benchmark: artifact, items },
      tallyOf(differencesOf(said.candidate, said.baseline)),
      { candidate: leavesOf(answersOf(said.candidate)), baseline: [] },
    )
    return { benchmark: name, artifact, statement, score: meanScore(statement), bound: manifest.bound }
  } finally {
    await subject.close()
    await benchmark.close()
  }
}

/** Errors: OB783 when the score is below what passes the benchmark. */
export function refuseFailed(name: string, { benchmark, score, bound, statement }: Scored): void {
  if (score < bound)
    refuse({
      code: "OB783",
      seen: `${name} does not pass ${benchmark}: of ${counted(statement.items.count, "item")} its mean score is ${score.toFixed(3)}, and ${bound} passes.`,
      hint: "Push it without --passes, or make it better: brain compare OLD NEW --on BENCHMARK tells by how much it is.",
    })
}

export const sealScore = ({ statement }: Scored, signers: readonly Signer[]): Uint8Array =>
  seal(printStatement(statement), signers)
