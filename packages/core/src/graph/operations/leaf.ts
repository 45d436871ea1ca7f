import type { Problem } from "../../base/problem.ts"
import { sameShape, sizeOf, stridesOf } from "../../base/shape.ts"
import { add, i32, mul, parallel, store } from "../../ir/build.ts"
import * as read from "../attributes.ts"
import type { Node, Signatures } from "../graph.ts"
import type { Table } from "../operations.ts"
import type { Loops } from "../reference.ts"
import { hasAxis, holds, noAxis, noSlopes } from "./shared.ts"

/** Values that come from nowhere else in the graph, and kernels, which bring their own meaning. */
export const LEAF: Table<"input" | "weight" | "fill" | "iota" | "kernel"> = {
  input: {
    inputs: 0,
    attributes: { name: read.name, dtype: read.dtype, shape: read.shape },
    shape: (_, a) => a.shape,
    dtype: (_, a) => a.dtype,
    gradient: noSlopes,
    reference: { kind: "leaf" },
  },
  weight: {
    inputs: 0,
    attributes: { name: read.name, dtype: read.dtype, shape: read.shape },
    shape: (_, a) => a.shape,
    dtype: (_, a) => a.dtype,
    gradient: noSlopes,
    reference: { kind: "leaf" },
  },
  fill: {
    inputs: 0,
    attributes: { value: read.value, shape: read.shape, dtype: read.dtype },
    shape: (_, a) => a.shape,
    dtype: (_, a) => holds(a.value, a.dtype),
    gradient: noSlopes,
    reference: { kind: "leaf" },
  },
  iota: {
    inputs: 0,
    attributes: { axis: read.axis, shape: read.shape },
    shape: (_, { axis, shape }) => (hasAxis({ shape }, axis) ? shape : noAxis({ shape }, axis)),
    dtype: () => "i32",
    gradient: noSlopes,
    reference: { kind: "loops", body: ({ attributes: { axis } }) => iotaLoops(axis) },
  },
  kernel: {
    inputs: "any",
    attributes: { program: read.program, output: read.output },
    shape: (_, { program, output }) => [1, program.buffers.find(({ name }) => name === output)?.length ?? 0],
    dtype(inputs, { program, output }) {
      const given = program.buffers.find(({ name, access }) => name === output && access === "output")
      return given && takes(program, inputs) ? given.dtype : notTaken(program)
    },
    gradient: noSlopes,
    reference: { kind: "program" },
  },
}

/** y[…, i, …] = i, counted along one axis. */
const iotaLoops =
  (axis: number): Loops =>
  (_, y, scratch) => {
    const { o, k, s } = scratch.locals({ o: "i32", k: "i32", s: "i32" })
    const [length, inner] = [y.shape[axis]!, stridesOf(y.shape)[axis]!]
    const place = add(mul(add(mul(o, i32(length)), k), i32(inner)), s)
    return [
      parallel(o, sizeOf(y.shape.slice(0, axis)), [
        parallel(k, length, [parallel(s, inner, [store(y.buffer, place, k)])]),
      ]),
    ]
  }

type Program = Signatures["kernel"]["attributes"]["program"]
const wanted = (program: Program): Program["buffers"] => program.buffers.filter(({ access }) => access === "input")
const takes = (program: Program, inputs: readonly Node[]): boolean =>
  wanted(program).length === inputs.length &&
  wanted(program).every(
    ({ dtype, length }, i) => inputs[i]!.dtype === dtype && sameShape(inputs[i]!.shape, [1, length]),
  )
const notTaken = (program: Program): Problem => ({
  code: "OB318",
  seen: `Kernel \`${program.name}\` takes ${wanted(program)
    .map(({ name, dtype, length }) => `${name} ${dtype}[${length}]`)
    .join(", ")}.`,
  hint: "Wire inputs of the same dtype and length, and name an output that it has.",
})
