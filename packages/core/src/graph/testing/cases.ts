import type { Dtype } from "../../base/dtype.ts"
import { ngrams } from "../../kernels/ngrams.ts"
import type { Name, Node } from "../graph.ts"
import * as op from "../operations.ts"

/** An input of that dtype and shape; `tag` tells apart those that are alike. The same words give the same node. */
export type Give = (dtype: Dtype, shape: readonly number[], tag?: string) => Node

export interface Case {
  /** Graphs of the operation in which some axis is `n` long. */
  graphs(n: number, give: Give): readonly Node[]
  /** Graphs whose gradient is checked against differences, or why none can be. Inputs called `apart_…` have no two equal. */
  readonly gradient: string | ((give: Give) => readonly Node[])
  /** What its shape and dtype rules refuse. */
  readonly refusals: readonly (readonly [code: `OB${number}`, build: () => Node])[]
}

export const giver = (): Give => {
  const known = new Map<string, Node>()
  return (dtype, shape, tag = "a") => {
    const name = [tag, dtype, ...shape].join("_")
    const node = known.get(name) ?? op.input(name, dtype, shape)
    known.set(name, node)
    return node
  }
}
const at = giver()
const [f23, f32_, i23, b23] = [at("f32", [2, 3]), at("f32", [3, 2]), at("i32", [2, 3]), at("i8", [2, 3])]
const [i32_, row3] = [at("i32", [3, 2]), at("f32", [3])]
const INTEGERS = ["i8", "u8", "i16", "u16", "i32"] as const
const make = (operation: Name, inputs: readonly Node[], attributes: object): Node =>
  op.node(operation as "add", inputs as Node<"add">["inputs"], attributes as Node<"add">["attributes"])

const element = (f: (a: Node, b: Node) => Node): Case => ({
  graphs: (n, give) => [
    f(give("f32", [n]), give("f32", [n], "b")),
    f(give("i32", [n]), give("i32", [n], "b")),
    f(give("f32", [3, n]), op.broadcast(give("f32", [1, n], "b"), 0, 3)),
    f(op.broadcast(give("f32", [n, 1]), 1, 3), give("f32", [n, 3], "b")),
  ],
  gradient: (give) => {
    const [a, b] = [give("f32", [2, 3]), give("f32", [2, 3], "b")]
    return [f(a, b), f(a, f(b, a)), f(a, op.broadcast(give("f32", [1, 3]), 0, 2))] // what is used twice adds up
  },
  refusals: [
    ["OB310", () => f(f23, f32_)],
    ["OB317", () => f(f23, i23)],
    ["OB317", () => f(b23, b23)],
  ],
})
const floatElement = (f: (a: Node, b: Node) => Node): Case => ({
  ...element(f),
  graphs: (n, give) => element(f).graphs(n, (dtype, shape, tag) => give(dtype === "i32" ? "f32" : dtype, shape, tag)),
  refusals: [
    ["OB310", () => f(f23, f32_)],
    ["OB317", () => f(f23, i23)],
    ["OB317", () => f(i23, i23)],
  ],
})
const one = (f: (a: Node) => Node): Case => ({
  graphs: (n, give) => [f(give("f32", [n])), f(op.broadcast(give("f32", [1, n]), 0, 3))],
  gradient: (give) => [f(give("f32", [2, 3])), f(op.multiply(give("f32", [2, 3]), give("f32", [2, 3], "b")))],
  refusals: [["OB317", () => f(i23)]],
})
const reduction = (f: (a: Node, axis: number) => Node): Case => ({
  graphs: (n, give) => [
    f(give("f32", [n]), 0),
    f(give("f32", [3, n]), 1),
    f(give("f32", [n, 5]), 0),
    f(give("f32", [2, n, 3]), 1),
    f(f(give("f32", [2, 3, n]), 2), 1),
    f(op.broadcast(give("f32", [1, n]), 0, 3), 0),
  ],
  gradient: (give) => [
    f(give("f32", [3, 2], "apart"), 0),
    f(give("f32", [2, 3], "apart"), 1),
    f(give("f32", [2, 19], "apart"), 1),
    f(give("f32", [2, 3, 2], "apart"), 1),
  ],
  refusals: [
    ["OB311", () => f(f23, 2)],
    ["OB311", () => f(f23, -1)],
    ["OB317", () => f(i23, 0)],
  ],
})
const BOOLEANS = [false, true]
/** a [m,k] · b [k,n] in all four ways to lie, as [m,k] or [k,m], [k,n] or [n,k]. */
const products = (m: number, k: number, n: number, types: readonly [Dtype, Dtype], give: Give): readonly Node[] =>
  BOOLEANS.flatMap((left) =>
    BOOLEANS.map((right) =>
      op.matmul(give(types[0], left ? [k, m] : [m, k]), give(types[1], right ? [n, k] : [k, n], "b"), left, right),
    ),
  )
const leaf = (f: (dtype: Dtype, shape: readonly number[]) => Node): Case => ({
  graphs: (n) => (["i8", "u8", "i16", "u16", "i32", "f32"] as const).map((dtype) => f(dtype, [n])),
  gradient: (give) => [op.multiply(f("f32", [2, 3]), give("f32", [2, 3]))],
  refusals: [],
})

/** One case for each operation: one added without a case does not compile. */
export const CASES: { readonly [N in Name]: Case } = {
  input: leaf((dtype, shape) => op.input(`in_${dtype}_${shape.join("_")}`, dtype, shape)),
  weight: leaf((dtype, shape) => op.weight(`w_${dtype}_${shape.join("_")}`, dtype, shape)),
  fill: {
    ...leaf((dtype, shape) => op.fill(dtype === "f32" ? 0.1 : 100, { dtype, shape })),
    refusals: [
      ["OB317", () => op.fill(1.5, i23)],
      ["OB317", () => op.fill(128, b23)],
      ["OB317", () => op.fill(Number.NaN, i23)],
    ],
  },
  add: element(op.add),
  subtract: element(op.subtract),
  multiply: element(op.multiply),
  divide: floatElement(op.divide),
  equal: { ...floatElement(op.equal), gradient: "a step: 0 or undefined everywhere" },
  sqrt: one(op.sqrt),
  exp: one(op.exp),
  log: one(op.log),
  broadcast: {
    graphs: (n, give) => [
      op.broadcast(give("f32", [1, n]), 0, 3),
      op.broadcast(op.broadcast(give("u8", [1, n, 1]), 0, 2), 2, 3),
      op.broadcast(op.exp(give("f32", [n, 1])), 1, 5),
      op.sum(op.broadcast(give("f32", [n, 1]), 1, 17), 1),
    ],
    gradient: (give) => [
      op.broadcast(give("f32", [1, 3]), 0, 2),
      op.multiply(op.broadcast(op.broadcast(give("f32", [1, 1, 3]), 0, 2), 1, 2), give("f32", [2, 2, 3])),
    ],
    refusals: [
      ["OB312", () => op.broadcast(f23, 0, 4)],
      ["OB312", () => op.broadcast(f23, 2, 4)],
    ],
  },
  sum: reduction(op.sum),
  maximum: reduction(op.maximum),
  matmul: {
    graphs: (n, give) => [
      ...products(2, 3, n, ["f32", "f32"], give),
      ...products(2, n, 5, ["f32", "f32"], give),
      ...products(n, 2, 3, ["i8", "i8"], give),
      ...products(3, n, 5, ["u8", "i8"], give),
      ...products(1, 3, n, ["i32", "i16"], give),
    ],
    gradient: (give) => products(2, 3, 4, ["f32", "f32"], give),
    refusals: [
      ["OB313", () => op.matmul(row3, f32_)],
      ["OB313", () => op.matmul(f23, row3)],
      ["OB314", () => op.matmul(f23, f23)],
      ["OB314", () => op.matmul(f23, f32_, true)],
      ["OB317", () => op.matmul(f23, i32_)],
    ],
  },
  gather_sum: {
    graphs: (n, give) => [
      op.gatherSum(give("f32", [5, n]), give("u16", [3, 4]), give("i32", [3, 1])),
      op.gatherSum(give("i8", [n, 6]), give("i32", [2, 5]), give("i8", [2, 1])),
      op.gatherSum(give("i32", [3, 2]), give("u8", [2, n]), give("i16", [2, 1])),
    ],
    gradient: (give) => [op.gatherSum(give("f32", [4, 3]), give("u16", [3, 5], "index"), give("i32", [3, 1], "count"))],
    refusals: [
      ["OB313", () => op.gatherSum(row3, at("u16", [2, 4]), at("i32", [2, 1]))],
      ["OB315", () => op.gatherSum(f23, at("u16", [2, 4]), at("i32", [3, 1]))],
      ["OB315", () => op.gatherSum(f23, at("u16", [8]), at("i32", [1, 1]))],
      ["OB317", () => op.gatherSum(f23, at("f32", [2, 4]), at("i32", [2, 1]))],
      ["OB317", () => op.gatherSum(f23, at("u16", [2, 4]), at("f32", [2, 1]))],
    ],
  },
  scatter_add: {
    graphs: (n, give) => [
      op.scatterAdd(give("f32", [3, n]), give("u16", [3, 4]), give("i32", [3, 1]), 5),
      op.scatterAdd(give("f32", [2, 3]), give("i32", [2, n]), give("i8", [2, 1]), n),
    ],
    gradient: (give) => [
      op.scatterAdd(give("f32", [3, 2]), give("u16", [3, 5], "index"), give("i32", [3, 1], "count"), 4),
    ],
    refusals: [
      ["OB313", () => op.scatterAdd(row3, at("u16", [3, 4]), at("i32", [3, 1]), 5)],
      ["OB315", () => op.scatterAdd(f23, at("u16", [3, 4]), at("i32", [3, 1]), 5)],
      ["OB315", () => op.scatterAdd(f23, at("u16", [2, 4]), at("i32", [2]), 5)],
      ["OB317", () => op.scatterAdd(i23, at("u16", [2, 4]), at("i32", [2, 1]), 5)],
      ["OB317", () => op.scatterAdd(f23, at("f32", [2, 4]), at("i32", [2, 1]), 5)],
    ],
  },
  requantise: {
    graphs: (n, give) =>
      (["i8", "u8", "i16"] as const).flatMap((dtype) =>
        [17, 24, 31].map((shift) => op.requantise(give("i32", [n]), give("i32", [n], "b"), shift, dtype)),
      ),
    gradient: "a staircase of integers",
    refusals: [
      ["OB310", () => op.requantise(i23, i32_, 20, "i8")],
      ["OB316", () => op.requantise(i23, i23, 16, "i8")],
      ["OB316", () => op.requantise(i23, i23, 32, "i8")],
      ["OB316", () => op.requantise(i23, i23, 17.5, "i8")],
      ["OB317", () => op.requantise(b23, i23, 20, "i8")],
      ["OB317", () => op.requantise(i23, f23, 20, "i8")],
      ["OB317", () => make("requantise", [i23, i23], { shift: 20, dtype: "f32" })],
    ],
  },
  softmax_bits: {
    graphs: (n, give) => [op.softmaxBits(give("i16", [2, n]))],
    gradient: "a staircase of integers",
    refusals: [
      ["OB313", () => op.softmaxBits(at("i16", [3]))],
      ["OB317", () => op.softmaxBits(f23)],
      ["OB319", () => op.softmaxBits(at("i16", [1, 65537]))],
    ],
  },
  argmax: {
    graphs: (n, give) => INTEGERS.map((dtype) => op.argmax(give(dtype, [3, n]))),
    gradient: "a step: 0 or undefined everywhere",
    refusals: [
      ["OB313", () => op.argmax(at("i16", [3]))],
      ["OB317", () => op.argmax(f23)],
    ],
  },
  kernel: {
    graphs: (n, give) =>
      (["slots", "count"] as const).map((output) =>
        make("kernel", [give("u8", [1, n]), give("i32", [1, 1])], hashing(n, output)),
      ),
    gradient: "loop IR has no gradient of its own",
    refusals: [
      ["OB318", () => make("kernel", [at("u8", [1, 4])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("u8", [1, 5]), at("i32", [1, 1])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("i8", [1, 4]), at("i32", [1, 1])], hashing(4, "slots"))],
      ["OB318", () => make("kernel", [at("u8", [1, 4]), at("i32", [1, 1])], hashing(4, "symbols"))],
      ["OB318", () => make("kernel", [at("u8", [1, 4]), at("i32", [1, 1])], hashing(4, "none"))],
    ],
  },
}
function hashing(bytesMax: number, output: string): Node<"kernel">["attributes"] {
  return { program: ngrams({ bytesMax, buckets: 97, wordsMax: 3, charactersMin: 2, charactersMax: 5 }), output }
}

/** Lengths that fill no, one or many vectors, and leave every number of elements over. */
export const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 33, 64] as const

/** All graphs of an operation at these lengths, as outputs of one. */
export function allGraphs(
  operation: Name,
  lengths: readonly number[] = LENGTHS,
  give = giver(),
): Readonly<Record<string, Node>> {
  const nodes = lengths.flatMap((n) => CASES[operation].graphs(n, give).map((node) => [n, node] as const))
  return Object.fromEntries(nodes.map(([n, node], i) => [`${operation}_${i}_of_${n}`, node]))
}
