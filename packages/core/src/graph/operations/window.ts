import type { Problem } from "../../base/problem.ts"
import { type Shape, sameShape } from "../../base/shape.ts"
import * as ir from "../../ir/build.ts"
import type { Expression, Statement } from "../../ir/program.ts"
import * as read from "../attributes.ts"
import type { Node, Signatures, Windows } from "../graph.ts"
import { fold, type Table, unfold } from "../operations.ts"
import { type Loops, offset, overAxes, rowMajor, scalarIn } from "../reference.ts"
import { alike, uniform } from "./shared.ts"

const WINDOWS: read.Readers<Windows> = {
  ...{ kernel: read.lengths, stride: read.lengths, dilation: read.lengths },
  ...{ before: read.counts, after: read.counts },
}

/** Windows of a tensor laid side by side, and back: what convolution and pooling are made of. */
export const WINDOW: Table<"unfold" | "fold"> = {
  unfold: {
    inputs: 1,
    attributes: WINDOWS,
    shape: ([x], windows) => unfolded(x.shape, windows) ?? noWindows(x.shape, windows),
    dtype: uniform,
    gradient: (dy, { inputs: [x], attributes }) => [fold(dy, x.shape.slice(1, -1), attributes)],
    reference: { kind: "loops", body: ({ attributes }) => unfoldLoops(attributes) },
  },
  fold: {
    inputs: 1,
    attributes: { ...WINDOWS, spatial: read.lengths },
    shape: folded,
    dtype: alike,
    gradient: (dy, { attributes: { spatial: _, ...windows } }) => [unfold(dy, windows)],
    reference: { kind: "loops", body: ({ attributes }) => foldLoops(attributes) },
  },
}

const isWhole = (n: number, low: number): boolean => Number.isInteger(n) && n >= low && n <= read.LENGTH_MAX
/** [B,…S,C] → [B,…O,…K,C]; nothing where the windows do not fit. */
function unfolded(shape: Shape, { kernel, stride, dilation, before, after }: Windows): Shape | undefined {
  const spatial = shape.slice(1, -1)
  const perAxis = [kernel, stride, dilation, before, after]
  if (kernel.length === 0 || shape.length !== kernel.length + 2) return undefined
  if (perAxis.some((each, i) => each.length !== kernel.length || !each.every((n) => isWhole(n, i < 3 ? 1 : 0))))
    return undefined
  const places = spatial.map((length, i) => {
    const room = length + before[i]! + after[i]! - (kernel[i]! - 1) * dilation[i]! - 1
    return Math.floor(room / stride[i]!) + 1
  })
  return places.every((n) => n >= 1) ? [shape[0]!, ...places, ...kernel, shape.at(-1)!] : undefined
}
function folded([y]: readonly [Node], { spatial, ...windows }: Signatures["fold"]["attributes"]): Shape | Problem {
  const shape = [y.shape[0] ?? 0, ...spatial, y.shape.at(-1) ?? 0]
  const wanted = spatial.every((n) => isWhole(n, 1)) ? unfolded(shape, windows) : undefined
  return wanted && sameShape(wanted, y.shape) ? shape : noWindows(y.shape, windows)
}
const noWindows = (shape: Shape, { kernel, stride, dilation, before, after }: Windows): Problem => ({
  code: "OB324",
  seen: `Windows of [${kernel}] by steps of [${stride}], ${[dilation, before, after].map((each) => `[${each}]`).join(" ")} apart, before and after, do not fit [${shape}].`,
  hint: "Tensors are [B,…,C]: give one number for each axis between, and windows no longer than the axis with its padding.",
})

/** y[b,o,k,c] = x[b, o · stride + k · dilation − before, c], 0 outside of x. */
const unfoldLoops =
  ({ stride, dilation, before, after }: Windows): Loops =>
  ([x], y, scratch) => {
    const [spatial, channels] = [x!.shape.slice(1, -1), x!.shape.at(-1)!]
    const { c, from, isInside } = scratch.locals({ c: "i32", from: "i32", isInside: "i32" })
    return overAxes(y.shape.slice(0, -1), scratch, ([b, ...rest]) => {
      let [place, inside]: [Expression, Expression] = [b!, ir.i32(1)]
      for (const [i, length] of spatial.entries()) {
        const [o, k] = [rest[i]!, rest[i + spatial.length]!]
        const at = ir.sub(offset([o, stride[i]!], [k, dilation[i]!]), ir.i32(before[i]!))
        const isPadded = before[i]! + after[i]! > 0
        if (isPadded) inside = ir.and(inside, ir.belowU(at, ir.i32(length)))
        place = ir.add(ir.mul(place, ir.i32(length)), isPadded ? ir.clamp(at, 0, length - 1) : at)
      }
      const value = ir.load(x!.buffer, ir.add(from, c))
      const zero = ir.constant(scalarIn(x!), 0)
      const target = rowMajor(y.shape, [b!, ...rest, c])
      const isPadded = inside.kind !== "constant"
      return [
        ir.let_(from, ir.mul(place, ir.i32(channels))),
        ...(isPadded ? [ir.let_(isInside, inside)] : []),
        ir.parallel(c, channels, [ir.store(y.buffer, target, isPadded ? ir.select(isInside, value, zero) : value)]),
      ]
    })
  }

/** y[b,s,c] = Σ x[b,o,k,c] over all windows o that show s at k, in the order of k: the transpose of unfold. */
const foldLoops =
  ({ kernel, stride, dilation, before, spatial }: Signatures["fold"]["attributes"]): Loops =>
  ([x], y, scratch) => {
    const places = x!.shape.slice(1, 1 + spatial.length)
    const channels = y.shape.at(-1)!
    const scalar = scalarIn(y)
    const { c, sum } = scratch.locals({ c: "i32", sum: scalar })
    return overAxes(y.shape.slice(0, -1), scratch, ([b, ...at]) => {
      const ks = spatial.map(() => scratch.locals({ k: "i32" }).k)
      const lets: Statement[] = []
      const windows = ks.map((k, i) => {
        const { start, o } = scratch.locals({ start: "i32", o: "i32" })
        lets.push(
          ir.let_(start, ir.sub(ir.add(at[i]!, ir.i32(before[i]!)), offset([k, dilation[i]!]))),
          ir.let_(o, ir.binary("i32.div_s", start, ir.i32(stride[i]!))),
        )
        const meets = ir.equal(ir.binary("i32.rem_s", start, ir.i32(stride[i]!)), 0)
        const isShown = ir.and(ir.and(ir.lessOrEqual(ir.i32(0), start), ir.less(o, places[i]!)), meets)
        return { o: ir.clamp(o, 0, places[i]! - 1), isShown }
      })
      const isShown = windows.map((each) => each.isShown).reduce((all, each) => ir.and(all, each))
      const source = rowMajor(x!.shape, [b!, ...windows.map(({ o }) => o), ...ks, c])
      const part = ir.select(isShown, ir.load(x!.buffer, source), ir.constant(scalar, 0))
      const nest = kernel.reduceRight<readonly Statement[]>(
        (inside, length, i) => [ir.loop(ks[i]!, length, inside)],
        [...lets, ir.set(sum, ir.add(sum, part))],
      )
      const target = rowMajor(y.shape, [b!, ...at, c])
      return [
        ir.parallel(c, channels, [ir.let_(sum, ir.constant(scalar, 0)), ...nest, ir.store(y.buffer, target, sum)]),
      ]
    })
  }
