import type { Verdict } from "@open-brains/core/gate/gate.ts"
import { attest, refuseIrreproducible, writeAttestation } from "../benchmarks/attest.ts"
import { type Comparison, compareOn } from "../benchmarks/compare.ts"
import { isSame, SAME, withOpened } from "../benchmarks/judge.ts"
import { refuseNotSimpler, type Saved } from "../benchmarks/resources.ts"
import { signerOf } from "../keys/keys.ts"
import { counted, pad } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable } from "../store/file.ts"
import { evidentOf, neededOf, runningOf, shownName, tableOf, widthOfNames } from "./evidence.ts"

export interface CompareCommandOptions {
  readonly on: readonly string[]
  readonly in?: string
  readonly as?: string
  readonly target?: string
  readonly simpler?: boolean
  readonly seed: number
  readonly itemsMax?: number
  readonly attest?: string
  readonly key?: string
  readonly json?: boolean
}

/** `brain compare OLD NEW --on BENCHMARK`: whether the new one may take the place of the old one. Exit code 1 when it is refused. */
export async function compare(
  old: string,
  now: string,
  options: CompareCommandOptions,
  services: Services,
): Promise<ExitCode> {
  const { target, simpler: isSimpler = false, seed, itemsMax } = options
  if (options.attest !== undefined) await refuseUnwritable(options.attest)
  const benchmarks = [...new Set([...options.on, ...(target === undefined ? [] : [target])])]
  const within = options.in === undefined ? undefined : { brain: options.in, use: options.as! }
  return withOpened(old, now, benchmarks, within, async ({ candidate, incumbent, opened }) => {
    if (options.attest !== undefined) for (const each of [candidate, incumbent]) refuseIrreproducible(each)
    const signer = options.attest === undefined ? undefined : signerOf(options.key)
    const saved = isSimpler ? await refuseNotSimpler(candidate, incumbent) : []
    const comparison =
      signer === undefined && (await isSame(candidate, incumbent))
        ? undefined
        : await compareOn(candidate, incumbent, opened, {
            seed,
            isSimpler,
            ...(target === undefined ? {} : { target }),
            ...(itemsMax === undefined ? {} : { itemsMax }),
            onRound: (standing, needed) => services.progress(runningOf(standing.map(evidentOf), needed)),
          })
    services.progress(undefined)
    const verdict = comparison?.verdict ?? SAME
    const attested =
      comparison && signer && options.attest !== undefined
        ? await writeAttestation(
            options.attest,
            await attest(comparison, { candidate, incumbent, seed, within, signer }),
          )
        : undefined
    const found = { old, new: now, verdict, saved, comparison, attested }
    if (options.json) services.print(JSON.stringify(asJson(found)))
    else for (const line of linesOf(found, services)) services.print(line)
    return verdict.accepted ? 0 : 1
  })
}
interface Found {
  readonly old: string
  readonly new: string
  readonly verdict: Verdict
  readonly saved: readonly Saved[]
  readonly comparison: Comparison | undefined
  readonly attested: string | undefined
}

function asJson({ comparison, attested, ...found }: Found) {
  const bounds = new Map(comparison?.ran.map((each) => [each.benchmark.name, passing(each)]))
  return {
    ...found,
    ...(comparison
      ? {
          benchmarks: comparison.standing.map((each) => ({ ...each, ...bounds.get(each.benchmark) })),
          needed: { ...comparison.needed },
          fingerprints: comparison.fingerprints,
        }
      : {}),
    ...(attested === undefined ? {} : { attested }),
  }
}
/** The mean scores, beside what passes the benchmark. */
function passing({ benchmark, count, scores }: Comparison["ran"][number]) {
  const mean = (sum: number): number => (count === 0 ? Number.NaN : sum / 2 ** 32 / count)
  return { bound: benchmark.manifest.bound, old: mean(scores.incumbent), new: mean(scores.candidate) }
}

function linesOf(found: Found, { paint }: Services): readonly string[] {
  const { comparison, verdict, saved } = found
  const lines: string[] = []
  if (comparison) {
    const { standing, needed, ran } = comparison
    lines.push(...tableOf(standing.map(evidentOf), needed, paint))
    const name = widthOfNames(standing.map(({ benchmark }) => benchmark))
    for (const each of ran) {
      const { bound, old, new: now } = passing(each)
      const passed = now >= bound ? paint("green", "passes") : paint("yellow", "does not pass")
      lines.push(
        `${pad(shownName(each.benchmark.name), name)}  ${paint("dim", `old ${old.toFixed(3)}, new ${now.toFixed(3)}: it ${passed} (at least ${bound})`)}`,
      )
    }
    lines.push(neededOf(needed, paint))
  }
  for (const { what, candidate, incumbent } of saved)
    lines.push(paint("dim", `${what === "memoryBytes" ? "bytes of memory" : what}: ${candidate}, was ${incumbent}`))
  const said = verdict.accepted ? paint("green", `accepted: ${verdict.kind}`) : paint("red", `refused: ${verdict.kind}`)
  lines.push(`${said} after ${counted(verdict.items, "item")}. ${verdict.because}`)
  if (found.attested !== undefined) lines.push(`Signed: ${found.attested}`)
  return lines
}
