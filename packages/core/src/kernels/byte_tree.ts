import {
  add,
  and,
  binary,
  buffer,
  clamp,
  i32,
  type Local,
  less,
  let_,
  load,
  local,
  loop,
  mul,
  or,
  parallel,
  select,
  shl,
  store,
  sub,
} from "../ir/build.ts"
import type { Block, Buffer, Expression, Program } from "../ir/program.ts"

/**
 * Sums of frequencies over all bytes that begin alike: tree[n] is the sum over the bytes whose first bits are those of n
 * after its leading one, so tree[1] is the sum of all and tree[n] = tree[2n] + tree[2n + 1] below 128. From 128 on a node
 * has two bytes: tree[n] = frequencies[2n − 256] + frequencies[2n − 255]. tree[0] is 0.
 *
 * Shapes: frequencies i32 [256] → tree i32 [256]. Numbers: sums wrap where frequencies add up to 2³¹ or more.
 */
export function byteTree(): Program {
  const [frequencies, tree] = [buffer("input", "i32", "frequencies", 256), buffer("output", "i32", "tree", 256)]
  const [pair, up, node] = [local("pair"), local("up"), local("node")]
  const sum = (of: Buffer, first: Expression): Expression => add(load(of, first), load(of, add(first, i32(1))))
  const twice = (index: Expression): Expression => mul(index, i32(2))
  return {
    name: "byte_tree",
    buffers: [frequencies, tree],
    body: [
      store(tree, i32(0), i32(0)),
      parallel(pair, 128, [store(tree, add(pair, i32(128)), sum(frequencies, twice(pair)))]),
      loop(up, 127, [let_(node, sub(i32(127), up)), store(tree, node, sum(tree, twice(node)))]), // from below
    ],
  }
}

/**
 * The probability that the next bit is 1, after the bits of `node`: 1 before the first bit, then 2 · node + bit.
 *
 * Shapes: frequencies and tree i32 [256] → `into` in units of 2⁻¹⁶, 1 … 65535; `name` begins the names of what it binds.
 * Numbers: rounded down; exact so far for sums below 2²⁰ + 1, any others give some number in range.
 */
export function bitProbability(name: string, frequencies: Buffer, tree: Buffer, node: Expression, into: Local): Block {
  const [at, upper, sum, high] = ["at", "upper", "sum", "high"].map((part) => local(`${name}_${part}`)) as [
    Local,
    Local,
    Local,
    Local,
  ]
  const rest = binary("i32.rem_u", shl(upper, 12), sum)
  return [
    let_(at, and(add(mul(node, i32(2)), i32(1)), 255)), // of frequencies it is 2n − 255
    let_(upper, select(less(node, 128), load(tree, at), load(frequencies, at))),
    let_(sum, load(tree, and(node, 255))),
    let_(high, binary("i32.div_u", shl(upper, 12), sum)),
    let_(into, clamp(or(shl(high, 4), binary("i32.div_u", shl(rest, 4), sum)), 1, 65535)),
  ]
}
