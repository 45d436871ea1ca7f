import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale"
import { area, line, symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from "d3-shape"
import { type Axis, drawable, type Plot, printTick, rangeOf, type Series } from "./plot.ts"

const [WIDTH, HEIGHT] = [720, 440]
const MARGIN = { top: 72, right: 28, bottom: 56, left: 68 }
const LETTER = 7.2 // mean width of a letter of 13 px, to lay out names of series; a wide script takes more room
const SHAPES = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond]
const DASHES = ["none", "7 4", "2 3", "9 3 2 3"]

/**
 * Plots as SVG, one below the other: one text that needs nothing else, with colours for light and dark surroundings.
 * Series differ by colour, mark and dash, so that neither a grey print nor a colour-blind eye confuses them.
 * Colours: Okabe & Ito 2008, "Color universal design".
 */
export function plotSvg(...plots: readonly Plot[]): string {
  const height = HEIGHT * plots.length
  const label = plots.map(({ title }) => title).join("; ")
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(label)}">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}"/>`,
    ...plots.flatMap((plot, i) => [`<g transform="translate(0 ${i * HEIGHT})">`, ...drawPlot(plot), "</g>"]),
    "</svg>",
    "",
  ].join("\n")
}

function drawPlot(plot: Plot): readonly string[] {
  const x = scaleOf(plot, "x", [MARGIN.left, WIDTH - MARGIN.right])
  const y = scaleOf(plot, "y", [HEIGHT - MARGIN.bottom, MARGIN.top])
  return [
    `<text class="title" x="${MARGIN.left}" y="26">${escaped(plot.title)}</text>`,
    ...legend(plot.series),
    ...horizontal(plot.x, x),
    ...vertical(plot.y, y),
    ...(plot.hasDiagonal ? diagonal(plot, x, y) : []),
    ...plot.series.map((series, i) => drawSeries(series, plot, x, y, i)),
  ]
}

const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]
const COLOURS_IN_THE_DARK = ["#56b4e9", "#e69f00", "#2cc295", "#e29ac4"]
const colourRules = (colours: readonly string[]): string => colours.map((each, i) => `.s${i}{color:${each}}`).join("")
const STYLE = [
  "svg{color:#1b1b1b;font:13px system-ui,sans-serif}.paper{fill:#fff}text{fill:currentColor}",
  ".title{font-size:16px;font-weight:600}.grid{stroke:currentColor;opacity:.15}.axis{stroke:currentColor;opacity:.6}",
  ".reference{stroke:currentColor;opacity:.5;stroke-dasharray:4 4}.line{fill:none;stroke:currentColor;stroke-width:2}",
  ".band{fill:currentColor;opacity:.18}.mark{fill:currentColor}",
  colourRules(COLOURS),
  `@media(prefers-color-scheme:dark){svg{color:#e6e6e6}.paper{fill:#17191c}${colourRules(COLOURS_IN_THE_DARK)}}`,
].join("")

type Scale = ScaleContinuousNumeric<number, number>

function scaleOf(plot: Plot, axis: "x" | "y", place: readonly [number, number]): Scale {
  const scale = plot[axis].scale === "log" ? scaleLog() : scaleLinear()
  return scale.domain(rangeOf(plot, axis)).range(place)
}
const ticksOf = ({ ticks, scale: kind }: Axis, scale: Scale): readonly number[] =>
  ticks ?? scale.ticks(kind === "log" ? 4 : 6)

function horizontal(axis: Axis, x: Scale): readonly string[] {
  const floor = HEIGHT - MARGIN.bottom
  const middle = (MARGIN.left + WIDTH - MARGIN.right) / 2
  return [
    `<line class="axis" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${floor}" y2="${floor}"/>`,
    ...ticksOf(axis, x).map((tick) => {
      const at = rounded(x(tick))
      return `<line class="grid" x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${floor}"/><text x="${at}" y="${floor + 20}" text-anchor="middle">${printTick(tick, axis)}</text>`
    }),
    `<text x="${middle}" y="${HEIGHT - 14}" text-anchor="middle">${escaped(axis.label)}</text>`,
  ]
}

function vertical(axis: Axis, y: Scale): readonly string[] {
  const middle = (MARGIN.top + HEIGHT - MARGIN.bottom) / 2
  return [
    ...ticksOf(axis, y).map((tick) => {
      const at = rounded(y(tick))
      return `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}"/><text x="${MARGIN.left - 8}" y="${rounded(at + 4)}" text-anchor="end">${printTick(tick, axis)}</text>`
    }),
    `<text transform="translate(16 ${middle}) rotate(-90)" text-anchor="middle">${escaped(axis.label)}</text>`,
  ]
}

function diagonal(plot: Plot, x: Scale, y: Scale): readonly string[] {
  const [from, to] = [
    Math.max(rangeOf(plot, "x")[0], rangeOf(plot, "y")[0]),
    Math.min(rangeOf(plot, "x")[1], rangeOf(plot, "y")[1]),
  ]
  if (from >= to) return []
  return [
    `<line class="reference" x1="${rounded(x(from))}" y1="${rounded(y(from))}" x2="${rounded(x(to))}" y2="${rounded(y(to))}"/>`,
  ]
}

function drawSeries(series: Series, plot: Plot, x: Scale, y: Scale, place: number): string {
  const points = drawable(series, plot)
  const banded = points.filter(({ low, high }) => low !== undefined && high !== undefined)
  const band = area<(typeof points)[number]>(
    (point) => x(point.x),
    (point) => y(point.low ?? point.y),
    (point) => y(point.high ?? point.y),
  ).digits(2)(banded)
  const path = line<(typeof points)[number]>(
    (point) => x(point.x),
    (point) => y(point.y),
  ).digits(2)(points)
  const mark = markOf(place)
  return [
    `<g class="${classOf(place)}">`,
    ...(banded.length > 1 ? [`<path class="band" d="${band}"/>`] : []),
    ...(path === null ? [] : [`<path class="line" stroke-dasharray="${DASHES[place % DASHES.length]}" d="${path}"/>`]),
    ...points.map(
      (point) =>
        `<path class="mark" transform="translate(${rounded(x(point.x))} ${rounded(y(point.y))})" d="${mark}"/>`,
    ),
    "</g>",
  ].join("")
}

function legend(series: readonly Series[]): readonly string[] {
  let at = MARGIN.left
  return series.map(({ name }, i) => {
    const left = at
    at += 46 + LETTER * name.length
    return `<g class="${classOf(i)}"><line class="line" stroke-dasharray="${DASHES[i % DASHES.length]}" x1="${rounded(left)}" x2="${rounded(left + 24)}" y1="50" y2="50"/><path class="mark" transform="translate(${rounded(left + 12)} 50)" d="${markOf(i)}"/></g><text x="${rounded(left + 30)}" y="54">${escaped(name)}</text>`
  })
}
const classOf = (place: number): string => `s${place % COLOURS.length}`
const markOf = (place: number): string => symbol(SHAPES[place % SHAPES.length], 46).digits(2)() ?? ""

const rounded = (value: number): number => Math.round(100 * value) / 100
/** A stranger's words inside of markup: they open no tag, and hold nothing that XML forbids. */
export const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "�")
    .replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`)
