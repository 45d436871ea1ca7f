import type { Problem } from "../../base/problem.ts"
import { type Shape, sizeOf, stridesOf } from "../../base/shape.ts"
import { add, constant, i32, load, mul, parallel, store, sub } from "../../ir/build.ts"
import type { Expression } from "../../ir/program.ts"
import * as read from "../attributes.ts"
import type { Node, Signatures } from "../graph.ts"
import { pad, reshape, reverse, slice, sum, type Table, transpose } from "../operations.ts"
import { type Loops, offset, overAxes, rowMajor, scalarIn } from "../reference.ts"
import { hasAxis, holds, loops, noAxis, uniform } from "./shared.ts"

/** The same elements at other places, each the gradient of another or of itself. */
export const MOVEMENT: Table<"broadcast" | "reshape" | "transpose" | "slice" | "pad" | "concatenate" | "reverse"> = {
  broadcast: {
    inputs: 1,
    attributes: { axis: read.axis, length: read.length },
    shape: ([a], { axis, length }) => (a.shape[axis] === 1 ? a.shape.with(axis, length) : noBroadcast(a, axis, length)),
    dtype: uniform,
    gradient: (dy, { attributes: { axis } }) => [sum(dy, axis)],
    reference: { kind: "broadcast" },
  },
  reshape: {
    inputs: 1,
    attributes: { shape: read.shape },
    shape: ([a], { shape }) =>
      shape.every(isLength) && sizeOf(shape) === sizeOf(a.shape) ? shape : noReshape(a, shape),
    dtype: uniform,
    gradient: (dy, { inputs: [a] }) => [reshape(dy, a.shape)],
    reference: loops(copyLoops),
  },
  transpose: {
    inputs: 1,
    attributes: { order: read.counts },
    shape: ([a], { order }) =>
      isOrder(order, a.shape.length) ? order.map((axis) => a.shape[axis]!) : noOrder(a, order),
    dtype: uniform,
    gradient: (dy, { attributes: { order } }) => [
      transpose(
        dy,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ],
    reference: { kind: "loops", body: ({ attributes: { order } }) => transposeLoops(order) },
  },
  slice: {
    inputs: 1,
    attributes: { start: read.counts, stop: read.lengths, step: read.lengths },
    shape: sliced,
    dtype: uniform,
    gradient: (dy, y) => [backToWhole(dy, y)],
    reference: { kind: "loops", body: ({ attributes: { start, step } }) => sliceLoops(start, step) },
  },
  pad: {
    inputs: 1,
    attributes: { before: read.counts, after: read.counts, between: read.counts, value: read.value },
    shape: padded,
    dtype: ([a], { value }) => holds(value, a.dtype),
    gradient: (dy, { inputs: [a], attributes: { before, between } }) => [
      slice(
        dy,
        before,
        before.map((n, axis) => n + (a.shape[axis]! - 1) * (between[axis]! + 1) + 1),
        between.map((n) => n + 1),
      ),
    ],
    reference: { kind: "loops", body: ({ attributes }) => padLoops(attributes) },
  },
  concatenate: {
    inputs: "any",
    attributes: { axis: read.axis },
    shape: joined,
    dtype: uniform,
    gradient(dy, { inputs, attributes: { axis } }) {
      const ends = endsOf(
        inputs.map(({ shape }) => shape),
        axis,
      )
      return inputs.map(({ shape }, i) =>
        slice(
          dy,
          shape.map((_, at) => (at === axis ? ends[i]! - shape[axis]! : 0)),
          shape.with(axis, ends[i]!),
        ),
      )
    },
    reference: { kind: "loops", body: ({ attributes: { axis } }) => concatenateLoops(axis) },
  },
  reverse: {
    inputs: 1,
    attributes: { axis: read.axis },
    shape: ([a], { axis }) => (hasAxis(a, axis) ? a.shape : noAxis(a, axis)),
    dtype: uniform,
    gradient: (dy, { attributes: { axis } }) => [reverse(dy, axis)],
    reference: { kind: "loops", body: ({ attributes: { axis } }) => reverseLoops(axis) },
  },
}

const isCount = (n: number): boolean => Number.isInteger(n) && n >= 0 && n <= read.LENGTH_MAX
const isLength = (n: number): boolean => isCount(n) && n > 0
const isOrder = (order: readonly number[], axes: number): boolean =>
  order.length === axes && order.every((axis, at) => hasAxis({ shape: order }, axis) && order.indexOf(axis) === at)

const noBroadcast = ({ shape }: Node, axis: number, length: number): Problem => ({
  code: "OB312",
  seen: `Axis ${axis} of [${shape}] cannot become ${length}.`,
  hint: `Make it 1 or ${length} long.`,
})
const noReshape = (a: Node, shape: Shape): Problem => ({
  code: "OB320",
  seen: `[${a.shape}] has ${sizeOf(a.shape)} elements, [${shape}] has ${sizeOf(shape)}.`,
  hint: "Another shape holds the same elements.",
})
const noOrder = ({ shape }: Node, order: readonly number[]): Problem => ({
  code: "OB321",
  seen: `[${order}] is no order of the axes of [${shape}].`,
  hint: "Name each axis once, counted from 0.",
})
const noPlaces = (what: string, { shape }: Node): Problem => ({
  code: "OB322",
  seen: `${what} does not fit [${shape}].`,
  hint: "Give whole numbers for every axis: start < stop ≤ its length, a step of 1 or more, nothing negative to add.",
})

function sliced([a]: readonly [Node], { start, stop, step }: Signatures["slice"]["attributes"]): Shape | Problem {
  const fits =
    [start, stop, step].every((each) => each.length === a.shape.length) &&
    a.shape.every(
      (n, axis) => isCount(start[axis]!) && isLength(stop[axis]!) && stop[axis]! <= n && isLength(step[axis]!),
    ) &&
    start.every((first, axis) => first < stop[axis]!)
  if (!fits) return noPlaces(`A slice from [${start}] to [${stop}] by [${step}]`, a)
  return start.map((first, axis) => Math.ceil((stop[axis]! - first) / step[axis]!))
}
function backToWhole(dy: Node, { inputs: [a], attributes: { start, step }, shape }: Node<"slice">): Node {
  const after = a.shape.map((n, axis) => n - start[axis]! - (shape[axis]! - 1) * step[axis]! - 1)
  return pad(dy, start, after, { between: step.map((n) => n - 1) })
}
function padded([a]: readonly [Node], { before, after, between }: Signatures["pad"]["attributes"]): Shape | Problem {
  const all = [before, after, between]
  if (!all.every((each) => each.length === a.shape.length && each.every(isCount)))
    return noPlaces(`Padding [${before}] before, [${after}] after and [${between}] between`, a)
  return a.shape.map((n, axis) => before[axis]! + n + (n - 1) * between[axis]! + after[axis]!)
}
function joined(parts: readonly Node[], { axis }: { readonly axis: number }): Shape | Problem {
  const [first] = parts
  if (first && !hasAxis(first, axis)) return noAxis(first, axis)
  const fits = ({ shape }: Node): boolean =>
    shape.length === first!.shape.length && shape.every((n, at) => at === axis || n === first!.shape[at])
  if (first && parts.every(fits))
    return first.shape.with(
      axis,
      endsOf(
        parts.map(({ shape }) => shape),
        axis,
      ).at(-1)!,
    )
  const seen = `The parts ${parts.map(({ shape }) => `[${shape}]`).join(", ") || "(none)"} do not line up along axis ${axis}.`
  return { code: "OB323", seen: seen.slice(0, 300), hint: "Give one or more parts that differ in that axis alone." }
}
/** Where each part ends along the axis. */
function endsOf(shapes: readonly Shape[], axis: number): readonly number[] {
  let end = 0
  return shapes.map((shape) => {
    end += shape[axis]!
    return end
  })
}

/** y[i] = x[i] in row-major order. */
function copyLoops(...[[x], y, scratch]: Parameters<Loops>): ReturnType<Loops> {
  const { i } = scratch.locals({ i: "i32" })
  return [parallel(i, sizeOf(y.shape), [store(y.buffer, i, load(x!.buffer, i))])]
}

/** Axis i of y is axis order[i] of x. */
const transposeLoops =
  (order: readonly number[]): Loops =>
  ([x], y, scratch) =>
    overAxes(y.shape, scratch, (index) => {
      const source = order.map((_, axis) => index[order.indexOf(axis)]!)
      return [store(y.buffer, rowMajor(y.shape, index), load(x!.buffer, rowMajor(x!.shape, source)))]
    })

/** y[i] = x[start + i · step]. */
const sliceLoops =
  (start: readonly number[], step: readonly number[]): Loops =>
  ([x], y, scratch) =>
    overAxes(y.shape, scratch, (index) => [
      store(y.buffer, rowMajor(y.shape, index), load(x!.buffer, rowMajor(x!.shape, index, start, step))),
    ])

/** y[before + i · (between + 1)] = x[i], and `value` everywhere else. */
const padLoops =
  ({ before, between, value }: Signatures["pad"]["attributes"]): Loops =>
  ([x], y, scratch) => {
    const { i } = scratch.locals({ i: "i32" })
    const step = between.map((n) => n + 1)
    return [
      parallel(i, sizeOf(y.shape), [store(y.buffer, i, constant(scalarIn(y), value))]),
      ...overAxes(x!.shape, scratch, (index) => [
        store(y.buffer, rowMajor(y.shape, index, before, step), load(x!.buffer, rowMajor(x!.shape, index))),
      ]),
    ]
  }

/** The parts one after another along an axis: from each a whole stretch for every place on the axes before. */
const concatenateLoops =
  (axis: number): Loops =>
  (parts, y, scratch) => {
    const [outer, inner] = [sizeOf(y.shape.slice(0, axis)), stridesOf(y.shape)[axis]!]
    const ends = endsOf(
      parts.map(({ shape }) => shape),
      axis,
    )
    return parts.map((part, at) => {
      const { o, i } = scratch.locals({ o: "i32", i: "i32" })
      const [length, from] = [part.shape[axis]! * inner, (ends[at]! - part.shape[axis]!) * inner]
      const place = offset([o, y.shape[axis]! * inner], [i32(from), 1], [i, 1])
      return parallel(o, outer, [
        parallel(i, length, [store(y.buffer, place, load(part.buffer, offset([o, length], [i, 1])))]),
      ])
    })
  }

/** y[…, i, …] = x[…, n − 1 − i, …]. */
const reverseLoops =
  (axis: number): Loops =>
  ([x], y, scratch) => {
    const [length, inner] = [y.shape[axis]!, stridesOf(y.shape)[axis]!]
    return overAxes([sizeOf(y.shape.slice(0, axis)), length, inner], scratch, ([o, k, s]) => {
      const at = (along: Expression): Expression => add(mul(add(mul(o!, i32(length)), along), i32(inner)), s!)
      return [store(y.buffer, at(k!), load(x!.buffer, at(sub(i32(length - 1), k!))))]
    })
  }
