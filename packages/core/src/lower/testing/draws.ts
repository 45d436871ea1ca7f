/** How each operation is drawn into a random graph. */
import type { Dtype } from "../../base/dtype.ts"
import { type Shape, sizeOf } from "../../base/shape.ts"
import type { Name, Node, Windows } from "../../graph/graph.ts"
import * as op from "../../graph/operations.ts"
import { scan } from "../../graph/scan.ts"
import { add, buffer, i32, load, local, mul, parallel, store, sub } from "../../ir/build.ts"
import { type Growing, NUMBERS } from "./growing.ts"

type DrawNode = (growing: Growing) => Node | undefined
const WIDE: readonly Dtype[] = ["f32", "f32", "f32", "i32"]
const INTEGERS: readonly Dtype[] = ["i8", "u8", "i16", "u16", "i32"]
/** Products of more are skipped: the judge multiplies some ten million numbers a second. */
const PRODUCTS_MAX = 120_000

/** A node of one of these dtypes. */
export function some({ draw, find, leaf, shape }: Growing, dtypes: readonly Dtype[], rank?: number): Node {
  const fits = (node: Node): boolean =>
    dtypes.includes(node.dtype) && (rank === undefined ? node.shape.length > 0 : node.shape.length === rank)
  return (draw.between(0, 4) > 0 && find(fits)) || leaf(draw.pick(dtypes), shape(rank))
}
const one =
  (make: (a: Node) => Node, dtypes: readonly Dtype[] = WIDE): DrawNode =>
  (growing) =>
    make(some(growing, dtypes))
const two =
  (make: (a: Node, b: Node) => Node, dtypes: readonly Dtype[] = WIDE): DrawNode =>
  (growing) => {
    const a = some(growing, dtypes)
    return make(a, growing.of(a.dtype, a.shape))
  }
const along =
  (make: (a: Node, axis: number) => Node, dtypes: readonly Dtype[] = NUMBERS): DrawNode =>
  (growing) => {
    const a = some(growing, dtypes)
    return make(a, growing.draw.between(0, a.shape.length - 1))
  }

/** The other side of a product by `a`, of a dtype that goes with it. */
export function product({ draw, length, of }: Growing, a: Node): Node | undefined {
  const [transposeLeft, transposeRight, n] = [draw.between(0, 3) === 0, draw.flip(), length()]
  const depth = a.shape.at(transposeLeft ? -2 : -1)!
  const dtype = a.dtype === "f32" ? "f32" : draw.pick<Dtype>(["i8", "i8", a.dtype, draw.pick(INTEGERS)])
  if (sizeOf(a.shape) * n > PRODUCTS_MAX) return undefined
  const right = [...a.shape.slice(0, -2), ...(transposeRight ? [n, depth] : [depth, n])]
  return op.matmul(a, of(dtype, right), transposeLeft, transposeRight)
}
const isMatrices = ({ shape }: Node): boolean => shape.length >= 2

function windows({ draw }: Growing, spatial: Shape): Windows {
  const each = (low: number, high: number): Shape => spatial.map(() => draw.between(low, high))
  return { kernel: each(1, 3), stride: each(1, 3), dilation: each(1, 2), before: each(0, 2), after: each(0, 2) }
}
const fitting = (make: () => Node): Node | undefined => {
  try {
    return make()
  } catch (error) {
    if (error instanceof Error && /OB32[46]/.test(error.message)) return undefined // windows that do not fit, or too many axes
    throw error
  }
}

const [x, y, z] = [buffer("input", "i32", "x", 20), buffer("output", "i32", "y", 20), buffer("output", "i32", "z", 20)]
const [i, held] = [local("i"), buffer("scratch", "i32", "held", 20)]
const KERNEL = {
  name: "doubled",
  buffers: [x, y, z, held],
  body: [
    parallel(i, 20, [store(held, i, add(load(held, i), mul(load(x, i), i32(2))))]),
    parallel("j", 20, [
      store(y, local("j"), add(load(held, local("j")), load(y, local("j")))),
      store(z, local("j"), sub(load(x, local("j")), load(held, sub(i32(19), local("j"))))),
    ]),
  ],
}

/** All results of a run: what the carries become, and what each step gives. */
export function recurrent({ draw, length, of, leaf }: Growing): readonly Node[] {
  const [steps, rows, width, dtype] = [draw.between(1, 9), draw.between(1, 6), length(), draw.pick(WIDE)]
  const matrix = dtype === "f32" && width <= 33 && draw.flip() ? [leaf("f32", [width, width])] : []
  const given = {
    carries: [of(dtype, [rows, width]), of("i32", [rows, width])],
    sequences: [of(dtype, [steps, rows, width])],
    constants: [of(dtype, [1, width]), ...matrix],
  }
  const [isTurned, swaps, reverse] = [draw.flip(), draw.flip(), draw.flip()]
  const { last, outputs } = scan(
    given,
    ([h, count], [part], [bias, w]) => {
      const mixed = op.add(part!, op.multiply(op.broadcastLike(op.add(bias!, bias!), h!), h!))
      const next = w ? op.tanh(op.add(mixed, op.matmul(h!, op.add(w, w), false, isTurned))) : mixed
      const counted = op.add(count!, op.convert(next, "i32"))
      return { next: [next, swaps ? op.convert(h!, "i32") : counted], outputs: [h!, next, counted, part!] }
    },
    { reverse, save: draw.flip() ? "all" : 2 },
  )
  return [...last, ...outputs]
}

export const DRAWS: { readonly [N in Name]: DrawNode } = {
  input: ({ draw, leaf, shape }) => leaf(draw.pick(NUMBERS), shape(), "input"),
  weight: ({ draw, leaf, shape }) => leaf(draw.pick(NUMBERS), shape(), "weight"),
  fill: ({ draw, shape }) => op.fill(draw.between(0, 9), { dtype: draw.pick(NUMBERS), shape: shape() }),
  iota: ({ draw, shape }) => {
    const own = shape()
    return op.iota(own, draw.between(0, own.length - 1))
  },
  kernel: ({ draw, of }) => op.node("kernel", [of("i32", [1, 20])], { program: KERNEL, output: draw.pick(["y", "z"]) }),
  add: two(op.add),
  subtract: two(op.subtract),
  multiply: two(op.multiply),
  divide: two(op.divide),
  larger: two(op.larger, NUMBERS),
  smaller: two(op.smaller, NUMBERS),
  equal: two(op.equal),
  less: two(op.less),
  select: (growing) => {
    const [yes, dtype] = [some(growing, NUMBERS), growing.draw.pick(NUMBERS)]
    return op.select(growing.of(dtype, yes.shape), yes, growing.of(yes.dtype, yes.shape))
  },
  absolute: one(op.absolute),
  floor: one(op.floor, ["f32"]),
  sqrt: one(op.sqrt, ["f32"]),
  exp: one(op.exp, ["f32"]),
  log: one(op.log, ["f32"]),
  tanh: one(op.tanh, ["f32"]),
  sigmoid: one(op.sigmoid, ["f32"]),
  sin: one(op.sin, ["f32"]),
  cos: one(op.cos, ["f32"]),
  stop_gradient: one(op.stopGradient, NUMBERS),
  convert: (growing) => op.convert(some(growing, NUMBERS), growing.draw.pick(NUMBERS)),
  shift_left: (growing) => op.shiftLeft(some(growing, ["i32"]), growing.draw.between(0, 31)),
  shift_right: (growing) => op.shiftRight(some(growing, INTEGERS), growing.draw.between(0, 31)),
  bitwise_and: two(op.bitwiseAnd, INTEGERS),
  bitwise_or: two(op.bitwiseOr, INTEGERS),
  broadcast: (growing) => {
    const a = some(growing, NUMBERS)
    const axis = a.shape.indexOf(1)
    return axis < 0 ? undefined : op.broadcast(a, axis, growing.length())
  },
  reshape: (growing) => {
    const a = some(growing, NUMBERS)
    const [first, ...rest] = a.shape
    const others = [[sizeOf(a.shape)], [1, ...a.shape], [...rest, first!], [sizeOf(rest), first!]]
    return op.reshape(a, growing.draw.pick(others))
  },
  transpose: (growing) => {
    const a = some(growing, NUMBERS)
    const by = growing.draw.between(0, a.shape.length - 1)
    const order = a.shape.map((_, axis) => (axis + by) % a.shape.length)
    return op.transpose(a, growing.draw.flip() ? order : order.toReversed())
  },
  slice: (growing) => {
    const { draw } = growing
    const a = some(growing, NUMBERS)
    const start = a.shape.map((n) => draw.between(0, n - 1))
    const stop = a.shape.map((n, axis) => draw.between(start[axis]! + 1, n))
    return op.slice(a, start, stop, draw.flip() ? undefined : stop.map(() => draw.between(1, 3)))
  },
  pad: (growing) => {
    const { draw } = growing
    const a = some(growing, NUMBERS)
    const each = (): Shape => a.shape.map(() => draw.between(0, 2))
    return op.pad(a, each(), each(), { between: a.shape.map(() => draw.between(0, 1)), value: draw.between(0, 5) })
  },
  concatenate: (growing) => {
    const a = some(growing, NUMBERS)
    const axis = growing.draw.between(0, a.shape.length - 1)
    const b = growing.of(a.dtype, a.shape.with(axis, growing.length()))
    return op.concatenate(growing.draw.pick([[a, b], [b, a], [a, a, b], [a]]), axis)
  },
  reverse: along(op.reverse),
  unfold: (growing) => {
    const a = some(growing, NUMBERS)
    return fitting(() => op.unfold(a, windows(growing, a.shape.slice(1, -1))))
  },
  fold: (growing) => {
    const { draw, of, length } = growing
    const spatial = [draw.between(3, 20), ...(draw.flip() ? [draw.between(3, 6)] : [])]
    const [own, channels] = [windows(growing, spatial), length()]
    const shape = fitting(() => op.unfold(op.fill(0, { dtype: "f32", shape: [2, ...spatial, channels] }), own))?.shape
    return shape && sizeOf(shape) < 12_000 ? op.fold(of(draw.pick(WIDE), shape), spatial, own) : undefined
  },
  sum: along(op.sum),
  maximum: along(op.maximum),
  minimum: along(op.minimum),
  argmax: one((a) => op.argmax(op.reshape(a, [a.shape[0]!, sizeOf(a.shape) / a.shape[0]!])), INTEGERS),
  matmul: (growing) => {
    const a = some(growing, ["f32", "f32", "i8", "u8", "i16", "i32"])
    return isMatrices(a) ? product(growing, a) : undefined
  },
  take: (growing) => op.take(some(growing, NUMBERS), some(growing, INTEGERS, growing.draw.between(1, 2))),
  gather_sum: (growing) => {
    const { draw, of, length } = growing
    const rows = draw.between(1, 8)
    const count = of(draw.pick(INTEGERS), [rows, 1])
    return op.gatherSum(some(growing, NUMBERS, 2), of(draw.pick(INTEGERS), [rows, length()]), count)
  },
  scatter_add: (growing) => {
    const { draw, of, length } = growing
    const rows = some(growing, ["f32"], 2)
    const slots = of(draw.pick(INTEGERS), [rows.shape[0]!, draw.between(1, 5)])
    return op.scatterAdd(rows, slots, of(draw.pick(INTEGERS), [rows.shape[0]!, 1]), length())
  },
  requantise: (growing) => {
    const x = some(growing, ["i32"])
    const dtype = growing.draw.pick(["i8", "u8", "i16"] as const)
    return op.requantise(x, growing.of("i32", x.shape), growing.draw.between(17, 31), dtype)
  },
  lookup: (growing) =>
    op.lookup(some(growing, ["i8", "u8"]), growing.leaf(growing.draw.pick(INTEGERS), [256], "weight")),
  integer_sqrt: one(op.integerSqrt, INTEGERS),
  unpack_nibbles: one(op.unpackNibbles, ["u8"]),
  softmax_bits: (growing) => op.softmaxBits(some(growing, ["i16"], 2)),
  scan: (growing) => growing.draw.pick(recurrent(growing)),
}
