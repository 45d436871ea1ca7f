/** What a plot says, as data: the printers in this folder draw it for a terminal and as SVG. */
export interface Plot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly series: readonly Series[]
  /** The line y = x, for what should lie on it. */
  readonly hasDiagonal?: boolean
}
export interface Axis {
  readonly label: string
  readonly scale: "linear" | "log"
  /** A share of 0 … 1 is written in percent. */
  readonly unit: "number" | "share"
  /** Least and most that is shown (default: what the series reach). */
  readonly range?: readonly [least: number, most: number]
  /** Where the axis is marked (default: round numbers). */
  readonly ticks?: readonly number[]
}
export interface Series {
  readonly name: string
  /** From left to right. */
  readonly points: readonly Point[]
}
export interface Point {
  readonly x: number
  readonly y: number
  /** A band around y, such as the least and the most of several runs. */
  readonly low?: number
  readonly high?: number
}

/** Beyond this a scale runs out of bits. */
const LARGEST = 1e12
/** Points of which every number is finite and moderate, and on a logarithmic axis above 0: what can be drawn. */
export const drawable = ({ points }: Series, { x, y }: Pick<Plot, "x" | "y">): readonly Point[] => {
  const fits = (value: number, { scale }: Axis): boolean =>
    Math.abs(value) <= LARGEST && (scale === "linear" || value >= 1 / LARGEST)
  return points.filter(
    (point) => fits(point.x, x) && [point.y, point.low, point.high].every((v = point.y) => fits(v, y)),
  )
}

/** Least and most that an axis shows: never an empty stretch, so that there is room for a plot of one point. */
export function rangeOf(plot: Plot, axis: "x" | "y"): readonly [number, number] {
  const { range, scale } = plot[axis]
  if (range) return range
  const values = plot.series.flatMap((series) =>
    drawable(series, plot).flatMap(({ x, y, low = y, high = y }) => (axis === "x" ? [x] : [y, low, high])),
  )
  if (values.length === 0) return scale === "log" ? [1, 10] : [0, 1]
  const [least, most] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))]
  if (scale === "log" ? most > least * 1.001 : most - least > 1e-9 * Math.max(1, most, -least)) return [least, most]
  return scale === "log" ? [least / 2, most * 2] : [least - 0.5, most + 0.5]
}

/** A number beside an axis. */
export function printTick(value: number, { unit }: Axis): string {
  const [number, mark] = unit === "share" ? [100 * value, " %"] : [value, ""]
  return `${Number(number.toPrecision(4))}${mark}`
}
