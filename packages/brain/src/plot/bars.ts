import { shorten } from "../layout.ts"
import { escaped } from "./svg.ts"

/** Things side by side, one number each. */
export interface Bars {
  readonly title: string
  /** What the numbers are. */
  readonly label: string
  readonly rows: readonly { readonly name: string; readonly value: number }[]
  readonly print: (value: number) => string
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
/** A bar of at most `columns`, to an eighth of a letter; nothing for what is not above 0. */
export function barOf(value: number, most: number, columns: number): string {
  const eighths = value > 0 && most > 0 ? Math.max(1, Math.round(8 * columns * Math.min(1, value / most))) : 0
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7]!
}
export const mostOf = (rows: Bars["rows"]): number =>
  rows.reduce((most, { value }) => (Number.isFinite(value) ? Math.max(most, value) : most), 0)

const [WIDTH, ROW, TOP, NAMES, NUMBERS] = [720, 24, 60, 190, 70]

/** Bars as SVG: one text that needs nothing else, for light and dark surroundings. Colour: Okabe & Ito 2008. */
export function barsSvg({ title, label, rows, print }: Bars): string {
  const most = mostOf(rows)
  const height = TOP + ROW * rows.length + 16
  const room = WIDTH - NAMES - NUMBERS - 24
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">`,
    `<style>${STYLE}</style><rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `<text class="title" x="16" y="26">${escaped(title)}</text><text x="16" y="46">${escaped(label)}</text>`,
    ...rows.map(({ name, value }, i) => {
      const y = TOP + ROW * i
      const share = most > 0 && Number.isFinite(value) ? Math.max(0, value / most) : 0
      const width = Math.round(100 * room * share) / 100
      return `<text x="${NAMES}" y="${y + 16}" text-anchor="end">${escaped(shorten(name, 24))}</text><rect class="bar" x="${NAMES + 8}" y="${y + 4}" width="${width}" height="${ROW - 8}"/><text x="${NAMES + 14 + width}" y="${y + 16}">${escaped(print(value))}</text>`
    }),
    "</svg>",
    "",
  ].join("\n")
}
const STYLE =
  "svg{color:#1b1b1b;font:13px system-ui,sans-serif}.paper{fill:#fff}text{fill:currentColor}.title{font-size:16px;font-weight:600}.bar{fill:#0072b2}" +
  "@media(prefers-color-scheme:dark){svg{color:#e6e6e6}.paper{fill:#17191c}.bar{fill:#56b4e9}}"
