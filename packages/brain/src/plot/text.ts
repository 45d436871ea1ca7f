import { scaleLinear, scaleLog } from "d3-scale"
import { plot as drawChart } from "simple-ascii-chart"
import { shorten } from "../layout.ts"
import { type Axis, drawable, type Plot, type Point, printTick, rangeOf } from "./plot.ts"

const ROWS = 16
const MARKS = ["●", "○", "▲", "△"]
/** Where marks of several series fall together. */
const SEVERAL = "◉"
const [BETWEEN, REFERENCE] = ["·", "╱"]
/** What the chart puts beside the columns of the plot itself. */
const FRAME_COLUMNS = 4

/** One character of the chart: of two in one place the later one is seen. */
interface Cell {
  readonly column: number
  readonly y: number
  readonly symbol: string | undefined
  readonly priority: number
}

/** A plot for a terminal, at most `columns` wide: marks for the points and dots between them; bands are left to SVG. */
export function plotText(plot: Plot, columns: number): string {
  const yTicks = plot.y.ticks ?? scaleOf(plot, "y").ticks(5)
  const xTicks = plot.x.ticks ?? scaleOf(plot, "x").ticks(5)
  const gutter = yTicks.reduce((most, tick) => Math.max(most, printTick(tick, plot.y).length), 1)
  const width = Math.max(20, columns - gutter - FRAME_COLUMNS)
  const [left, right] = rangeOf(plot, "x").map((value) => along(value, plot.x)) as [number, number]
  const [bottom, top] = rangeOf(plot, "y").map((value) => along(value, plot.y)) as [number, number]
  const columnOf = (x: number): number => Math.round(((along(x, plot.x) - left) / (right - left)) * (width - 1))
  const lines = plot.series.map((series, i) =>
    cells(drawable(series, plot), plot, columnOf, MARKS[i % MARKS.length]!, BETWEEN, 2),
  )
  const reference = plot.hasDiagonal ? cells(diagonal(plot), plot, columnOf, REFERENCE, REFERENCE, 1) : []
  // The chart spans what its points span: these two reach the corners, and are not drawn.
  const corners = [
    { column: 0, y: bottom, symbol: undefined, priority: 0 },
    { column: width - 1, y: top, symbol: undefined, priority: 0 },
  ]
  const isInside = ({ column, y }: Cell): boolean => column >= 0 && column < width && y >= bottom && y <= top
  const rowOf = (y: number): number => Math.round(((y - bottom) / (top - bottom)) * (ROWS - 1))
  const drawn = [...corners, ...reference, ...together(lines.flat().filter(isInside), rowOf)]
    .filter(isInside)
    .sort((a, b) => a.column - b.column || a.priority - b.priority)
  const columnToX = (column: number): number => back(left + (column / (width - 1)) * (right - left), plot.x)
  const chart = drawChart(
    drawn.map(({ column, y }): [number, number] => [column, y]),
    {
      width,
      height: ROWS,
      yRange: [bottom, top],
      customXAxisTicks: xTicks.map(columnOf),
      customYAxisTicks: yTicks.map((tick) => along(tick, plot.y)),
      formatter: (value, { axis }) =>
        axis === "x" ? printTick(nearest(columnToX(value), xTicks), plot.x) : printTick(back(value, plot.y), plot.y),
      lineFormatter: ({ plotX, plotY, index }) => {
        const symbol = drawn[index]?.symbol
        return symbol === undefined ? [] : { x: plotX, y: plotY, symbol }
      },
    },
  )
  const body = chart.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trimEnd()]))
  const names = plot.series.map(({ name }, i) => `${MARKS[i % MARKS.length]} ${shorten(name)}`)
  if (drawn.some(({ symbol }) => symbol === SEVERAL)) names.push(`${SEVERAL} several`)
  return [
    shorten(plot.title, columns),
    `${shorten(plot.y.label)}   ${names.join("   ")}`,
    ...body,
    shorten(plot.x.label).padStart(gutter + width),
  ].join("\n")
}

const scaleOf = (plot: Plot, axis: "x" | "y") =>
  (plot[axis].scale === "log" ? scaleLog() : scaleLinear()).domain(rangeOf(plot, axis))
/** Where a number lies along its axis: equal steps look equal. */
const along = (value: number, { scale }: Axis): number => (scale === "log" ? Math.log10(value) : value)
const back = (place: number, { scale }: Axis): number => (scale === "log" ? 10 ** place : place)
const nearest = (value: number, all: readonly number[]): number =>
  all.reduce((best, each) => (Math.abs(each - value) < Math.abs(best - value) ? each : best), all[0] ?? value)

/** A mark at each point, and one sign in each column between two of them. */
function cells(
  points: readonly Point[],
  plot: Plot,
  columnOf: (x: number) => number,
  mark: string,
  between: string,
  priority: number,
): readonly Cell[] {
  const found: Cell[] = []
  points.forEach(({ x, y }, i) => {
    const [column, height] = [columnOf(x), along(y, plot.y)]
    found.push({ column, y: height, symbol: mark, priority: priority + 1 })
    const next = points[i + 1]
    if (!next) return
    const [columnNext, heightNext] = [columnOf(next.x), along(next.y, plot.y)]
    for (let c = column + 1; c < columnNext; c++) {
      const share = (c - column) / (columnNext - column)
      found.push({ column: c, y: height + share * (heightNext - height), symbol: between, priority })
    }
  })
  return found
}

/** Marks of different series in one place become one that says so: else the last would hide the others. */
function together(all: readonly Cell[], rowOf: (y: number) => number): readonly Cell[] {
  const marks = new Map<string, Cell>()
  for (const cell of all) {
    if (cell.symbol === BETWEEN) continue
    const key = `${cell.column} ${rowOf(cell.y)}`
    const there = marks.get(key)
    marks.set(key, there && there.symbol !== cell.symbol ? { ...cell, symbol: SEVERAL } : cell)
  }
  return [...all.filter(({ symbol }) => symbol === BETWEEN), ...marks.values()]
}

function diagonal(plot: Plot): readonly Point[] {
  const [x, y] = [rangeOf(plot, "x"), rangeOf(plot, "y")]
  const [from, to] = [Math.max(x[0], y[0]), Math.min(x[1], y[1])]
  return from < to ? [from, to].map((value) => ({ x: value, y: value })) : []
}
