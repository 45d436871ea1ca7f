import type { Standing } from "@open-brains/core/gate/gate.ts"
import { COLUMNS_MAX, counted, pad, shorten, widest, wrap } from "../layout.ts"
import type { Paint } from "../services.ts"

/** How far a benchmark is on its way, as it is printed: from a comparison here, or as a hub tells it. */
export interface Evident extends Pick<Standing, "items" | "better" | "equal" | "worse" | "margin"> {
  readonly name: string
  readonly mean: number // NaN of no items
  /** ln E. */
  readonly evidence: Needed
  readonly isProvenHarmless: boolean
}
export interface Needed {
  readonly noHarm: number
  readonly gain: number
  readonly harm: number
}
export const evidentOf = (standing: Standing): Evident => ({
  ...standing,
  name: standing.benchmark,
  evidence: {
    noHarm: standing.evidenceOfNoHarm,
    gain: standing.evidenceOfGain,
    harm: standing.evidenceOfHarm,
  },
})

/** A line that grows with the evidence: how far each benchmark is on its way. */
export function runningOf(all: readonly Evident[], needed: Needed): string {
  const items = all.reduce((sum, each) => sum + each.items, 0)
  const told = all.map(
    ({ name, evidence: { noHarm } }) => `${shownName(name, 24)} ${bar(noHarm / needed.noHarm, 8)} ${odds(noHarm)}`,
  )
  return `${counted(items, "item")}  ${told.join("  ")}`
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
export const shownName = (name: string, width = 36): string =>
  name.length <= width ? shorten(name, width) : shorten(`…${name.slice(1 - width)}`, width)
const points = (value: number): string =>
  Number.isNaN(value) ? "–" : `${value >= 0 ? "+" : "−"}${(100 * Math.abs(value)).toFixed(2)}`

export const widthOfNames = (names: readonly string[]): number =>
  widest(["benchmark", ...names.map((name) => shownName(name))])

/** A narrower terminal gets no bars. */
const BARS_FROM = 92
const COUNTS = ["items", "better", "equal", "worse"] as const
const [COUNT_WIDTH, ODDS_WIDTH, BAR_WIDTH] = [6, 9, 6]
/** A line for each benchmark, under a heading. */
export function tableOf(
  all: readonly Evident[],
  needed: Needed,
  paint: Paint,
  columns: number = COLUMNS_MAX,
): readonly string[] {
  const width = widthOfNames(all.map(({ name }) => name))
  const hasBars = columns >= BARS_FROM
  const heading = [
    pad("benchmark", width),
    ...COUNTS.map((each) => each.padStart(COUNT_WIDTH)),
    ...["points".padStart(7), "margin"],
    pad("no harm", ODDS_WIDTH + (hasBars ? BAR_WIDTH + 1 : 0)),
    pad("gain", ODDS_WIDTH),
    "harm",
  ]
  const rows = all.map((each) => {
    const { noHarm, gain, harm } = each.evidence
    return [
      pad(shownName(each.name), width),
      ...COUNTS.map((count) => `${each[count]}`.padStart(COUNT_WIDTH)),
      points(each.mean).padStart(7),
      (100 * each.margin).toFixed(1).padStart(6),
      ...(hasBars ? [paint(each.isProvenHarmless ? "green" : "yellow", bar(noHarm / needed.noHarm, BAR_WIDTH))] : []),
      pad(odds(noHarm), ODDS_WIDTH),
      pad(odds(gain), ODDS_WIDTH),
      odds(harm),
    ].join(" ")
  })
  return [paint("dim", heading.join(" ")), ...rows]
}
export const neededOf = ({ noHarm, gain, harm }: Needed, paint: Paint): string =>
  paint(
    "dim",
    wrap(
      `needed: no harm ${odds(noHarm)}, gain ${odds(gain)}, harm ${odds(harm)}; by chance alone so far at most so often`,
      2,
    ),
  )
