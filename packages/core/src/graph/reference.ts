import { DTYPE, type Dtype, type Scalar } from "../base/dtype.ts"
import { type Shape, stridesOf } from "../base/shape.ts"
import { add, i32, type Local, mul, parallel, total } from "../ir/build.ts"
import type { Block, Buffer, Expression, Statement } from "../ir/program.ts"

/** Where a reference expansion gets fresh locals and working memory from. */
export interface Scratch {
  locals<Name extends string>(scalars: Readonly<Record<Name, Scalar>>): Readonly<Record<Name, Local>>
  buffer(dtype: Dtype, length: number): Buffer
  table(dtype: Dtype, values: readonly number[]): Buffer
}
/** A tensor as a reference expansion sees it: a buffer with a shape. */
export interface Operand {
  readonly buffer: Buffer
  readonly shape: Shape
}
/**
 * The loop IR of one operation. A loop whose rounds write disjoint elements and share no scratch is `parallel`, at every
 * depth: lanes take the inner ones, threads the outer ones.
 */
export type Loops = (inputs: readonly Operand[], output: Operand, scratch: Scratch) => Block

export const scalarIn = ({ buffer }: Operand): Scalar => DTYPE[buffer.dtype].scalar
/** Σ index · stride. */
export const offset = (...terms: readonly (readonly [index: Expression, stride: number])[]): Expression =>
  terms.length === 0
    ? i32(0)
    : total(...terms.map(([index, stride]) => (stride === 1 ? index : mul(index, i32(stride)))))

/** Row-major place of an element whose index along each axis is first + index · step. */
export function rowMajor(
  shape: Shape,
  index: readonly Expression[],
  first?: readonly number[],
  step?: readonly number[],
): Expression {
  const strides = stridesOf(shape)
  const base = strides.reduce((at, stride, axis) => at + (first?.[axis] ?? 0) * stride, 0)
  const varying = offset(...index.map((each, axis) => [each, strides[axis]! * (step?.[axis] ?? 1)] as const))
  return base === 0 ? varying : add(varying, i32(base))
}

/** A parallel loop for each axis around what is done at one place; the last axis is the innermost. */
export function overAxes(shape: Shape, scratch: Scratch, body: (index: readonly Local[]) => Block): Block {
  const index = shape.map(() => scratch.locals({ axis: "i32" }).axis)
  return shape.reduceRight<Block>(
    (inside, length, axis): readonly Statement[] => [parallel(index[axis]!, length, inside)],
    body(index),
  )
}
