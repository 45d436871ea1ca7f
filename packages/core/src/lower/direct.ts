import { DTYPE } from "../base/dtype.ts"
import { sizeOf } from "../base/shape.ts"
import { isNode, type Node } from "../graph/graph.ts"
import * as ir from "../ir/build.ts"
import type { Block, Expression, Statement } from "../ir/program.ts"
import { epilogueOf } from "./epilogue.ts"
import type { Finished } from "./finished.ts"
import { bodyFor, home, type Lowering, operand, scratchOf } from "./lowering.ts"
import { at } from "./schedule/at.ts"

/**
 * Integer products as plain loops, for chips with little memory: y[m,n] = Σₖ a[m,k] · b[k,n], with what follows done on the
 * sum while it is in a register. Rows that are windows of a tensor are read where they lie, so that a convolution needs
 * no memory for them. Sums of integers are the same in any order, and the order here is that of the reference.
 *
 * False where it is another product: floats, many matrices at once, a left side that lies transposed.
 */
export function lowerDirect(block: Lowering, node: Node<"matmul">, finished?: Finished): boolean {
  if (!isDirect(block, node)) return false
  const {
    attributes: { transposeRight },
    inputs: [, right],
    shape: [, columns],
  } = node as typeof node & { readonly shape: readonly [number, number] }
  const { locals } = scratchOf(block)
  const { n, sum } = locals({ n: "i32", sum: "i32" })
  const b = operand(block, right).buffer
  const depth = right.shape[transposeRight ? 1 : 0]!
  const { around, within, row, load } = leftOf(block, node)
  const b_ = (k: Expression): Expression =>
    ir.load(b, transposeRight ? at([n, depth], [k, 1]) : at([k, columns], [n, 1]))
  const end: Block = finished
    ? epilogueOf(block, finished)(row, n, sum)
    : [ir.store(home(block, node), at([row, columns], [n, 1]), sum)]
  const product = within.loops([ir.set(sum, ir.add(sum, ir.mul(load, b_(within.at))))])
  const nest = around([ir.parallel(n, columns, [ir.let_(sum, ir.i32(0)), ...product, ...end])])
  bodyFor(block, finished ? finished.group[0]! : node).push(...nest)
  return true
}

/**
 * Integer sums along an axis as plain loops: the reference keeps 16 partial sums, as floats need it, and integers do not.
 * False for floats.
 */
export function lowerDirectSum(block: Lowering, node: Node<"sum">): boolean {
  const [x] = node.inputs
  if (DTYPE[x.dtype].scalar !== "i32" || node.dtype !== "i32") return false
  const { axis } = node.attributes
  const [outer, count, inner] = [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!, sizeOf(x.shape.slice(axis + 1))]
  const from = operand(block, x).buffer
  const { o, i, k, sum } = scratchOf(block).locals({ o: "i32", i: "i32", k: "i32", sum: "i32" })
  const element = ir.load(from, at([o, count * inner], [k, inner], [i, 1]))
  bodyFor(block, node).push(
    ir.parallel(o, outer, [
      ir.parallel(i, inner, [
        ir.let_(sum, ir.i32(0)),
        ir.loop(k, count, [ir.set(sum, ir.add(sum, element))]),
        ir.store(home(block, node), at([o, inner], [i, 1]), sum),
      ]),
    ]),
  )
  return true
}

/** Whether a value is only ever read where it comes from: windows whose one reader is a product. */
export function isReadInPlace(block: Lowering, node: Node): boolean {
  const windows = isNode(node, "reshape") ? node.inputs[0]! : node
  if (!isNode(windows, "unfold")) return false
  const only = (of: Node): Node | undefined => {
    const users = block.users.get(of) ?? []
    return users.length === 1 && !block.places.has(of) && !block.changed.has(of) ? users[0] : undefined
  }
  const rows = only(windows)
  if (!rows || !isNode(rows, "reshape") || (node !== windows && node !== rows)) return false
  const product = only(rows)
  return (
    product !== undefined &&
    isNode(product, "matmul") &&
    isDirect(block, product) &&
    product.inputs[1] !== rows &&
    rows.shape[1] === windows.shape.slice(-1 - windows.attributes.kernel.length).reduce((a, b) => a * b, 1)
  )
}

/** Whether a product is lowered here, whatever its schedule could do. */
export function isDirect({ direct }: Lowering, { attributes, inputs, shape, dtype }: Node<"matmul">): boolean {
  return (
    direct &&
    shape.length === 2 &&
    !attributes.transposeLeft &&
    inputs.every((each) => DTYPE[each.dtype].scalar === "i32") &&
    dtype === "i32"
  )
}

/** How the left side of a product is gone through. */
interface Left {
  /** Loops over the rows, around a block. */
  around(body: Block): Block
  readonly row: Expression
  readonly within: { loops(body: Block): Block; readonly at: Expression }
  readonly load: Expression
}
function leftOf(block: Lowering, node: Node<"matmul">): Left {
  const { locals } = scratchOf(block)
  const [left] = node.inputs
  const windows = isNode(left, "reshape") && isReadInPlace(block, left) ? (left.inputs[0] as Node<"unfold">) : undefined
  if (!windows) {
    const { buffer, shape } = operand(block, left)
    const [rows, depth] = shape as readonly [number, number]
    const { m, k } = locals({ m: "i32", k: "i32" })
    return {
      around: (body) => [ir.parallel(m, rows, body)],
      row: m,
      within: { loops: (body) => [ir.loop(k, depth, body)], at: k },
      load: ir.load(buffer, at([m, depth], [k, 1])),
    }
  }
  const x = operand(block, windows.inputs[0]!)
  const { kernel, stride, dilation, before, after } = windows.attributes
  const [batch, spatial, channels] = [x.shape[0]!, x.shape.slice(1, -1), x.shape.at(-1)!]
  const places = windows.shape.slice(1, 1 + spatial.length)
  const each = (stem: string, lengths: readonly number[]): ReturnType<typeof ir.local>[] =>
    lengths.map(() => locals({ [stem]: "i32" })[stem]!)
  const [outer, inner] = [each("o", [batch, ...places]), each("w", [...kernel, channels])]
  const from = spatial.map((length, i) => {
    const index = at([outer[i + 1]!, stride[i]!], [inner[i]!, dilation[i]!], [-before[i]!, 1])
    return { index, length, isPadded: before[i]! + after[i]! > 0 }
  })
  const strides = (lengths: readonly number[]): number[] =>
    lengths.map((_, i) => lengths.slice(i + 1).reduce((a, b) => a * b, 1))
  const flat = (indices: readonly Expression[], lengths: readonly number[]): Expression => {
    const by = strides(lengths)
    return at(...indices.map((index, i) => [index, by[i]!] as const))
  }
  // One sum over all loops, so that what is affine stays so to whoever reads the loops.
  const element = x.shape.map((_, axis) => axis)
  const by = strides(x.shape)
  const index = at(
    [outer[0]!, by[0]!],
    ...spatial.flatMap((length, i) => {
      const { isPadded, index } = from[i]!
      if (isPadded) return [[ir.clamp(index, 0, length - 1), by[i + 1]!] as const]
      return [[outer[i + 1]!, stride[i]! * by[i + 1]!] as const, [inner[i]!, dilation[i]! * by[i + 1]!] as const]
    }),
    [inner.at(-1)!, by[element.length - 1]!],
  )
  const value = ir.load(x.buffer, index)
  const isInside = from
    .filter(({ isPadded }) => isPadded)
    .map(({ index, length }) => ir.belowU(index, ir.i32(length)))
    .reduce<Expression | undefined>((all, one) => (all ? ir.and(all, one) : one), undefined)
  const nest = (indices: typeof outer, lengths: readonly number[], make: typeof ir.loop, body: Block): Block =>
    lengths.reduceRight<Block>((inside, length, i): readonly Statement[] => [make(indices[i]!, length, inside)], body)
  return {
    around: (body) => nest(outer, [batch, ...places], ir.parallel, body),
    row: flat(outer, [batch, ...places]),
    within: {
      loops: (body) => nest(inner, [...kernel, channels], ir.loop, body),
      at: flat(inner, [...kernel, channels]),
    },
    load: isInside ? ir.select(isInside, value, ir.i32(0)) : value,
  }
}
