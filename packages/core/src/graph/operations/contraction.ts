import type { Problem } from "../../base/problem.ts"
import { type Shape, sameShape, sizeOf } from "../../base/shape.ts"
import { add, constant, let_, load, loop, mul, parallel, set, store } from "../../ir/build.ts"
import * as read from "../attributes.ts"
import type { Node, Signatures } from "../graph.ts"
import { matmul, type Table } from "../operations.ts"
import { type Loops, type Operand, offset, type Scratch, scalarIn } from "../reference.ts"
import { accumulator, noMatrix, same } from "./shared.ts"

export const CONTRACTION: Table<"matmul"> = {
  matmul: {
    inputs: 2,
    attributes: { transposeLeft: read.flag, transposeRight: read.flag },
    shape: product,
    dtype: ([a, b]) => accumulator(a, b),
    gradient(dy, { inputs: [a, b], attributes: { transposeLeft: ta, transposeRight: tb } }) {
      const da = ta ? matmul(b, dy, tb, true) : matmul(dy, b, false, !tb)
      const db = tb ? matmul(dy, a, true, ta) : matmul(a, dy, !ta, false)
      return [da, db]
    },
    reference: { kind: "loops", body: ({ attributes: a }) => matmulLoops(a.transposeLeft, a.transposeRight) },
  },
}

function product([a, b]: readonly [Node, Node], t: Signatures["matmul"]["attributes"]): Shape | Problem {
  if (a.shape.length < 2 || b.shape.length < 2) return noMatrix(a.shape.length < 2 ? a : b)
  const [left, right] = [a.shape.slice(-2), b.shape.slice(-2)]
  const [batch, other] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  if (!sameShape(batch, other)) return same([{ shape: batch }, { shape: other }])
  const [m, k] = t.transposeLeft ? [left[1]!, left[0]!] : [left[0]!, left[1]!]
  const [k2, n] = t.transposeRight ? [right[1]!, right[0]!] : [right[0]!, right[1]!]
  if (k === k2) return [...batch, m, n]
  return { code: "OB314", seen: `A product over ${k} and ${k2}.`, hint: "The inner axes must be equally long." }
}

/**
 * y[…,m,n] = Σₖ a[…,m,k] · b[…,k,n], summed in the order of k, rounded (f32) or wrapped (integers, i32) at every step.
 * Either side may lie transposed. Outputs are lanes, so neither vectors nor threads change the order of a sum.
 */
const matmulLoops =
  (transposeLeft: boolean, transposeRight: boolean): Loops =>
  ([a, b], y, scratch) => {
    const [rows, columns] = y.shape.slice(-2) as [number, number]
    const [depth, batch] = [a!.shape.at(transposeLeft ? -2 : -1)!, sizeOf(y.shape.slice(0, -2))]
    const scalar = scalarIn(y)
    const { batched, m, n, k, sum, left } = scratch.locals({
      ...{ batched: "i32", m: "i32", n: "i32", k: "i32" },
      ...{ sum: scalar, left: scalar },
    })
    /** Where the matrix of this round begins: nothing to add when there is one. */
    const from = (size: number): readonly (readonly [typeof batched, number])[] =>
      batch === 1 ? [] : [[batched, size]]
    const aAt = offset(
      ...from(rows * depth),
      ...((transposeLeft
        ? [
            [k, rows],
            [m, 1],
          ]
        : [
            [m, depth],
            [k, 1],
          ]) as readonly [typeof m, number][]),
    )
    const right = transposeRight ? scratch.buffer(b!.buffer.dtype, batch * depth * columns) : b!.buffer
    const one = [
      parallel(m, rows, [
        parallel(n, columns, [
          let_(sum, constant(scalar, 0)),
          loop(k, depth, [
            let_(left, load(a!.buffer, aAt)),
            set(sum, add(sum, mul(left, load(right, offset(...from(depth * columns), [k, columns], [n, 1]))))),
          ]),
          store(y.buffer, offset(...from(rows * columns), [m, columns], [n, 1]), sum),
        ]),
      ]),
    ]
    return [
      ...(transposeRight ? turned(b!, right, scratch) : []),
      ...(batch === 1 ? one : [parallel(batched, batch, one)]),
    ]
  }

/** Turned once, so that the lanes of a product read neighbours. */
function turned({ buffer, shape }: Operand, into: Operand["buffer"], scratch: Scratch): ReturnType<Loops> {
  const [rows, columns] = shape.slice(-2) as [number, number]
  const { each, i, j } = scratch.locals({ each: "i32", i: "i32", j: "i32" })
  const value = load(buffer, offset([each, rows * columns], [i, columns], [j, 1]))
  const place = offset([each, rows * columns], [j, rows], [i, 1])
  const batch = sizeOf(shape.slice(0, -2))
  return [parallel(each, batch, [parallel(i, rows, [parallel(j, columns, [store(into, place, value)])])])]
}
