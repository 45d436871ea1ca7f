import type { ExplainedRow, Explanation } from "./explain.ts"
import { COLUMNS_MAX, counted, pad, percent, shorten, widest, widthOf, wrap } from "./layout.ts"
import type { Colour, Paint } from "./services.ts"

/** Rows for an answer, and as many against it, when not all are asked for. */
const SHOWN = 8
const LABEL_MAX = 24
const GRAMS_MAX = 46

/** 1/256 bit as bits, with a sign where there is something to see. */
export function signed(units: number): string {
  const bits = (Math.abs(units) / 256).toFixed(2)
  return `${bits === "0.00" ? "" : units < 0 ? "-" : "+"}${bits}`
}

/** An explanation as lines for a person: the words, the rows that spoke most for and against, the nearest examples. */
export function printExplanation(found: Explanation, isWhole: boolean, paint: Paint): readonly string[] {
  const { labels, rows, words } = found
  const name = shorten(labels[0]!.label, LABEL_MAX)
  const [forIt, between, against] = isWhole ? partedWhole(rows) : parted(rows)
  const line = (cell: string, numbers: readonly number[], colour: Colour = "dim"): readonly Cell[] => [
    { text: cell },
    ...numbers.map((units, i) => ({ text: signed(units), ...(i === 0 ? { colour } : {}) })),
  ]
  const ofRow = (row: ExplainedRow): readonly Cell[] =>
    line(gramsOf(row, isWhole), row.contributions, toneOf(row.contributions[0]!))
  const heading = (text: string): readonly Cell[] => [{ text, colour: "bold" }]
  const table: readonly (readonly Cell[])[] = [
    [
      { text: "bits for", colour: "dim" },
      ...labels.map(({ label }) => ({ text: shorten(label, LABEL_MAX), colour: "bold" as const })),
    ],
    ...(forIt.length > 0 ? [heading(`spoke for ${name}`), ...forIt.map(ofRow)] : []),
    ...(against.length > 0 ? [heading(`spoke against ${name}`), ...against.map(ofRow)] : []),
    heading("and the rest"),
    ...(between.length > 0
      ? [
          line(
            isWhole
              ? `${counted(between.length, "row")} that did neither`
              : `${counted(between.length, "row")} between these (--all)`,
            sums(between, labels.length),
          ),
        ]
      : []),
    line("bias: before any text", found.bias),
    line("rounding", found.rounding),
    line(
      "evidence: the sum",
      labels.map(({ logit }) => logit),
    ),
  ]
  return [
    verdict(found, paint),
    "",
    ...(words.length > 0 ? flow(words, paint) : ["No words were read."]),
    "",
    ...laidOut(table, paint),
    ...(found.isCut[0]
      ? ["", wrap("Some sums were larger than their bits hold and were cut off: `rounding` says what that took away.")]
      : []),
    "",
    ...nearestOf(found, paint),
  ]
}

/** What was answered, as `ask` says it, and what was asked about if that is another label. */
function verdict({ label, guess, probability, evidence, needed, bytesCut, labels }: Explanation, paint: Paint): string {
  const answer =
    label === undefined ? `${paint("yellow", "unsure")}, closest: ${shorten(guess)}` : paint("green", shorten(label))
  const about = labels[0]!.label === guess ? "" : `; about ${shorten(labels[0]!.label)}:`
  const cut = bytesCut > 0 ? paint("yellow", `  (the last ${counted(bytesCut, "byte")} not read)`) : ""
  return `${answer}  ${percent(probability)}, ${evidence.toFixed(2)} bits of evidence of ${needed.toFixed(2)} needed${about}${cut}`
}

/** The words with what each contributed, as many on a line as it holds. */
function flow(words: Explanation["words"], paint: Paint): readonly string[] {
  const lines: string[] = []
  let width = COLUMNS_MAX
  for (const { text, contributions } of words) {
    const [word, units] = [shorten(text, 30), contributions[0]!]
    const own = widthOf(word) + 1 + signed(units).length
    const shown = `${word} ${paint(toneOf(units), signed(units))}`
    if (width + 2 + own > COLUMNS_MAX) [width, lines[lines.length]] = [own, shown]
    else [width, lines[lines.length - 1]] = [width + 2 + own, `${lines.at(-1)}  ${shown}`]
  }
  return lines
}
const toneOf = (units: number): Colour => (units > 0 ? "green" : units < 0 ? "red" : "dim")

type Parts = readonly [
  forIt: readonly ExplainedRow[],
  between: readonly ExplainedRow[],
  against: readonly ExplainedRow[],
]
function parted(rows: readonly ExplainedRow[]): Parts {
  const [all, none, against] = partedWhole(rows)
  const [most, least] = [all.slice(0, SHOWN), against.slice(0, SHOWN)]
  return [most, [...all.slice(SHOWN), ...none, ...against.slice(SHOWN)], least]
}
/** Rows for the first label, none of both, and against it: the strongest of each side first. */
function partedWhole(rows: readonly ExplainedRow[]): Parts {
  const by = (sign: number): readonly ExplainedRow[] =>
    rows.filter(({ contributions: [units = 0] }) => Math.sign(units) === sign)
  return [by(1), by(0), by(-1).toReversed()]
}
const sums = (rows: readonly ExplainedRow[], labels: number): readonly number[] =>
  Array.from({ length: labels }, (_, i) => rows.reduce((sum, { contributions }) => sum + contributions[i]!, 0))

function gramsOf({ grams }: ExplainedRow, isWhole: boolean): string {
  const all = grams.map(({ text, places: { length } }) => `“${text}”${length > 1 ? ` ×${length}` : ""}`)
  return shorten(all.join(" = "), isWhole ? 200 : GRAMS_MAX) // what shares a slot shares what it says
}

function nearestOf({ nearest }: Explanation, paint: Paint): readonly string[] {
  if (nearest === undefined)
    return ["It does not carry the examples that it learnt from, so none can be shown beside it."]
  const labelOf = ({ label }: (typeof nearest)[number]): string => shorten(label ?? "unsure", LABEL_MAX)
  const width = widest(nearest.map(labelOf))
  return [
    paint("bold", "nearest taught examples"),
    ...nearest.map(
      (each) =>
        `  ${each.similarity.toFixed(2).padStart(5)}  ${pad(labelOf(each), width)}  ${paint("dim", shorten(each.text, 60))}`,
    ),
  ]
}

interface Cell {
  readonly text: string
  readonly colour?: Colour
}
/** A line of one cell is a heading; of others the first stands to the left, numbers to the right. */
function laidOut(lines: readonly (readonly Cell[])[], paint: Paint): readonly string[] {
  const full = lines.filter(({ length }) => length > 1)
  const widths = full[0]!.map((_, column) => widest(full.map((line) => line[column]!.text)))
  return lines.map((line) => {
    if (line.length === 1) return paint("bold", line[0]!.text)
    return line
      .map(({ text, colour }, column) => {
        const shown = colour ? paint(colour, text) : text
        if (column > 0) return " ".repeat(widths[column]! - widthOf(text)) + shown
        return shown + pad(text, widths[0]!).slice(text.length)
      })
      .join("  ")
      .replace(/^/, "  ")
  })
}
