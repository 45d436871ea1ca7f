import type { Standing, Verdict } from "@open-brains/core/gate/gate.ts"
import { type Comparison, compareOn } from "../benchmarks/compare.ts"
import { isSame, SAME, withOpened } from "../benchmarks/judge.ts"
import { refuseNotSimpler } from "../benchmarks/resources.ts"
import { counted, pad, shorten, widest, wrap } from "../layout.ts"
import type { ExitCode, Paint, Services } from "../services.ts"

export interface CompareArguments {
  readonly on: readonly string[]
  /** A brain in which both are run, in the place of `as`. */
  readonly in?: string
  readonly as?: string
  readonly target?: string
  readonly simpler?: boolean
  readonly seed: number
  readonly itemsMax?: number
  readonly json?: boolean
}

/** `brain compare OLD NEW --on BENCHMARK…`: runs both on the same items until the gate has a verdict. Refused is 1. */
export async function compare(
  old: string,
  now: string,
  options: CompareArguments,
  services: Services,
): Promise<ExitCode> {
  const { on, target, simpler = false, seed, itemsMax } = options
  const within = options.in === undefined ? undefined : { brain: options.in, use: options.as! }
  const found = await withOpened(old, now, on, within, async ({ candidate, incumbent, opened }) => {
    if (simpler) await refuseNotSimpler(candidate, incumbent)
    if (await isSame(candidate, incumbent)) return { verdict: SAME }
    const comparison = await compareOn(candidate, incumbent, opened, {
      ...{ seed, isSimpler: simpler, onRound: showing(services) },
      ...(target === undefined ? {} : { target }),
      ...(itemsMax === undefined ? {} : { itemsMax }),
    })
    return { verdict: comparison.verdict, comparison }
  })
  services.progress(undefined)
  const { verdict } = found
  const { comparison } = found as { readonly comparison?: Comparison }
  if (options.json) services.print(JSON.stringify(jsonOf(old, now, verdict, comparison)))
  else for (const line of describe(verdict, comparison, services.paint)) services.print(line)
  return verdict.accepted ? 0 : 1
}

const EVERY_MS = 80
function showing({ progress }: Services): (standing: readonly Standing[]) => void {
  let shown = 0
  return (standing) => {
    if (performance.now() - shown < EVERY_MS) return
    shown = performance.now()
    const items = standing.reduce((sum, each) => sum + each.items, 0)
    const proven = standing.filter(({ isProvenHarmless }) => isProvenHarmless).length
    progress(`${counted(items, "item")}: no harm proven on ${proven} of ${counted(standing.length, "benchmark")}`)
  }
}

const jsonOf = (old: string, now: string, verdict: Verdict, comparison: Comparison | undefined): object => ({
  ...{ old, new: now, verdict },
  ...(comparison && {
    fingerprints: comparison.fingerprints,
    needed: { noHarm: comparison.needed.noHarm, gain: comparison.needed.gain, harm: comparison.needed.harm },
    benchmarks: comparison.standing.map((each) => ({ ...each, mean: each.items === 0 ? null : each.mean })),
  }),
})

function describe(verdict: Verdict, comparison: Comparison | undefined, paint: Paint): readonly string[] {
  const { kind, accepted, because, items } = verdict
  const last = `${paint(accepted ? "green" : "red", kind)}: ${because}`
  const asked = items === 0 ? [] : [paint("dim", `${counted(items, "item")} in all.`)]
  return [...(comparison ? tableOf(comparison, paint) : []), wrap(last), ...asked]
}

const HEAD = ["benchmark", "items", "better", "equal", "worse", "points", "margin", "no harm", "", "gain", ""]
function tableOf({ standing, needed }: Comparison, paint: Paint): readonly string[] {
  const rows = standing.map((each): readonly string[] => [
    shorten(each.benchmark, 28),
    ...[each.items, each.better, each.equal, each.worse].map(String),
    each.items === 0 ? "" : signed(100 * each.mean),
    `-${(100 * each.margin).toFixed(1)}`,
    odds(each.evidenceOfNoHarm),
    barOf(each.evidenceOfNoHarm, needed.noHarm),
    odds(each.evidenceOfGain),
    barOf(each.evidenceOfGain, needed.gain),
  ])
  const widths = HEAD.map((name, i) => widest([name, ...rows.map((row) => row[i]!)]))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 || i === 8 || i === 10 ? pad(cell, widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd()
  return [paint("dim", line(HEAD)), ...rows.map(line), ""]
}
const signed = (points: number): string => `${points < 0 ? "-" : "+"}${Math.abs(points).toFixed(2)}`
/** Evidence as whoever bet against would have it: so many for one. */
const odds = (log: number): string => {
  const power = log / Math.LN10
  return power < 4 ? `${Math.exp(log).toFixed(power < 1 ? 1 : 0)}:1` : `10^${power.toFixed(0)}:1`
}
const BAR = 8
/** How far the evidence has come to what is needed. */
function barOf(log: number, needed: number): string {
  const full = Math.max(0, Math.min(BAR, Math.floor((BAR * log) / needed)))
  return "█".repeat(full) + "░".repeat(BAR - full)
}
