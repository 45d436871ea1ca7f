import type { Gate, Standing, Verdict } from "@open-brains/core/gate/gate.ts"
import { attest, refuseIrreproducible, writeAttestation } from "../benchmarks/attest.ts"
import { type Comparison, compareOn } from "../benchmarks/compare.ts"
import { isSame, SAME, withOpened } from "../benchmarks/judge.ts"
import { refuseNotSimpler, type Saved } from "../benchmarks/resources.ts"
import { signerOf } from "../keys/keys.ts"
import { counted, pad, shorten, widest } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { refuseUnwritable } from "../store/file.ts"

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
            onRound: running(services),
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

/** A line that grows with the evidence: how far each benchmark is on its way. */
function running({ progress }: Services): (standing: readonly Standing[], needed: Gate["needed"]) => void {
  return (standing, needed) => {
    const items = standing.reduce((sum, each) => sum + each.items, 0)
    const told = standing.map(
      (each) =>
        `${shownName(each.benchmark, 24)} ${bar(each.evidenceOfNoHarm / needed.noHarm, 8)} ${odds(each.evidenceOfNoHarm)}`,
    )
    progress(`${counted(items, "item")}  ${told.join("  ")}`)
  }
}

const LN_TO_LOG10 = Math.LOG10E
/** Evidence as odds: “1 : N” that it came about by chance, beyond a million its order. */
export function odds(logE: number): string {
  const digits = logE * LN_TO_LOG10
  if (Number.isNaN(digits)) return "–"
  if (digits >= 6) return `1 : 10^${digits.toFixed(0)}`
  const n = 10 ** digits
  return digits < 0
    ? `${(1 / n)
        .toPrecision(2)
        .replace(/\.?0+$/, "")
        .slice(0, 8)} : 1`
    : `1 : ${n < 10 ? n.toFixed(1) : n.toFixed(0)}`
}
function bar(share: number, width: number): string {
  const full = Math.round(width * Math.max(0, Math.min(1, Number.isNaN(share) ? 0 : share)))
  return `${"█".repeat(full)}${"░".repeat(width - full)}`
}
/** A name, or the end of a path: its beginning says least. */
const shownName = (name: string, width = 36): string =>
  name.length <= width ? shorten(name, width) : shorten(`…${name.slice(1 - width)}`, width)
const points = (value: number): string =>
  Number.isNaN(value) ? "–" : `${value >= 0 ? "+" : "−"}${(100 * Math.abs(value)).toFixed(2)}`

function linesOf(found: Found, { paint }: Services): readonly string[] {
  const { comparison, verdict, saved } = found
  const lines: string[] = []
  if (comparison) {
    const { standing, needed, ran } = comparison
    const name = widest(["benchmark", ...standing.map(({ benchmark }) => shownName(benchmark))])
    lines.push(
      paint(
        "dim",
        `${pad("benchmark", name)}   items  better   equal   worse    points  margin  no harm             gain        harm`,
      ),
    )
    for (const each of standing)
      lines.push(
        [
          pad(shownName(each.benchmark), name),
          `${each.items}`.padStart(7),
          `${each.better}`.padStart(7),
          `${each.equal}`.padStart(7),
          `${each.worse}`.padStart(7),
          points(each.mean).padStart(9),
          (100 * each.margin).toFixed(1).padStart(7),
          ` ${paint(each.isProvenHarmless ? "green" : "yellow", bar(each.evidenceOfNoHarm / needed.noHarm, 6))} ${pad(odds(each.evidenceOfNoHarm), 11)}`,
          pad(odds(each.evidenceOfGain), 11),
          odds(each.evidenceOfHarm),
        ].join(" "),
      )
    for (const each of ran) {
      const { bound, old, new: now } = passing(each)
      const passed = now >= bound ? paint("green", "passes") : paint("yellow", "does not pass")
      lines.push(
        `${pad(shownName(each.benchmark.name), name)}  ${paint("dim", `old ${old.toFixed(3)}, new ${now.toFixed(3)}: it ${passed} (at least ${bound})`)}`,
      )
    }
    lines.push(
      paint(
        "dim",
        `needed: no harm ${odds(needed.noHarm)}, gain ${odds(needed.gain)}, harm ${odds(needed.harm)}; by chance alone so far at most so often`,
      ),
    )
  }
  for (const { what, candidate, incumbent } of saved)
    lines.push(paint("dim", `${what === "memoryBytes" ? "bytes of memory" : what}: ${candidate}, was ${incumbent}`))
  const said = verdict.accepted ? paint("green", `accepted: ${verdict.kind}`) : paint("red", `refused: ${verdict.kind}`)
  lines.push(`${said} after ${counted(verdict.items, "item")}. ${verdict.because}`)
  if (found.attested !== undefined) lines.push(`Signed: ${found.attested}`)
  return lines
}
