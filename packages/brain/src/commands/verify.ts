import { isAbsolute, meanScore } from "@open-brains/core/commons/score.ts"
import { jsonOf, plainOf } from "@open-brains/core/run/values.ts"
import { readAttestations } from "../benchmarks/attest.ts"
import { type Verified, type VerifyOptions, verifyAttestation } from "../benchmarks/verify.ts"
import { shortKey } from "../keys/keys.ts"
import { counted, shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { shortDigest } from "../sharing/describe.ts"

export interface VerifyCommandOptions {
  readonly key?: readonly string[]
  readonly candidate?: string
  readonly baseline?: string
  readonly benchmark?: readonly string[]
  readonly in?: string
  readonly json?: boolean
}
const EVERY_MS = 100

/** `brain verify ATTESTATION`: runs it again, and compares to the bit. Exit code 1 when it does not hold. */
export async function verifyFile(path: string, options: VerifyCommandOptions, services: Services): Promise<ExitCode> {
  let shown = 0
  const how: VerifyOptions = {
    keys: options.key ?? [],
    ...(options.candidate === undefined ? {} : { candidate: options.candidate }),
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    ...(options.in === undefined ? {} : { in: options.in }),
    benchmarks: options.benchmark ?? [],
    onItem(done, count) {
      if (performance.now() - shown < EVERY_MS) return
      shown = performance.now()
      services.progress(`Running it again: ${done} of ${counted(count, "item")}`)
    },
  }
  const found: Verified[] = []
  for (const attested of readAttestations(path)) found.push(await verifyAttestation(attested, how))
  services.progress(undefined)
  const holds = found.every((each) => each.holds)
  if (options.json)
    services.print(
      JSON.stringify({
        holds,
        attestations: found.map(({ first, ...each }) => ({
          ...each,
          ...(first ? { first: { ...first, inputs: first.inputs.map((value) => jsonOf(plainOf(value))) } } : {}),
        })),
      }),
    )
  else for (const each of found) for (const line of linesOf(each, services)) services.print(line)
  return holds ? 0 : 1
}

function linesOf({ statement, signers, holds, wrong, notes, first }: Verified, { paint }: Services): readonly string[] {
  const { candidate, baseline, benchmark, items, counts } = statement
  const lines = [
    `${holds ? paint("green", "holds") : paint("red", "does not hold")}  ${shortDigest(candidate)}${isAbsolute(statement) ? "" : ` against ${shortDigest(baseline)}`} on ${shortDigest(benchmark)}`,
    paint(
      "dim",
      isAbsolute(statement)
        ? `  ${counted(items.count, "item")} of seed ${items.seed}: a score of ${meanScore(statement).toFixed(3)}`
        : `  ${counted(items.count, "item")} of seed ${items.seed}: ${counts.better} better, ${counts.equal} equal, ${counts.worse} worse`,
    ),
    paint("dim", `  signed by ${signers.map(shortKey).join(", ")}`),
    ...notes.map((each) => paint("yellow", `  ${each}`)),
    ...wrong.map((each) => `  ${each}`),
  ]
  if (first) {
    const asked = first.inputs.map((value) => shorten(JSON.stringify(jsonOf(plainOf(value))), 60)).join(", ")
    lines.push(`  First at item ${first.index}, ${asked}: here the ${first.side} says ${shorten(first.answer, 90)}`)
  }
  return lines
}
