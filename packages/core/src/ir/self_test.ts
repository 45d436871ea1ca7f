import { type Digest, digest } from "../base/digest.ts"
import { bytesOf, type Scalar } from "../base/dtype.ts"
import {
  add,
  and,
  binary,
  buffer,
  i32,
  let_,
  load,
  local,
  loop,
  loopUpTo,
  mul,
  parallel,
  select,
  set,
  store,
  unary,
} from "./build.ts"
import type { Memory } from "./interpret.ts"
import {
  BINARY,
  type Binary,
  type Block,
  type Buffer,
  type Expression,
  operandOf,
  type Program,
  UNARY,
  type Unary,
} from "./program.ts"

/** Values at which machines are known to differ: subnormals that are flushed, zeros that lose their sign, and so on. */
const FLOATS = [
  0,
  -0,
  1,
  -1.5,
  2 ** -149,
  -(2 ** -140),
  2 ** -126,
  2 ** 24,
  0.1,
  3e38,
  Infinity,
  -Infinity,
  NaN,
  2 ** 31,
  -7.75,
  1e-30,
]
const INTEGERS = [0, 1, -1, 2, -7, 31, 32, 33, 127, -128, 255, 65535, 1 << 24, 123456789, 2147483647, -2147483648]
const N = 16

/** What every engine gives; made by the interpreter. A new operation changes it: the test prints the new one. */
export const SELF_TEST_DIGEST: Digest =
  "sha256:e18fdd03b76fcf5269a9ec5decc5daca6b7216185da3f48046c253524432ce3c" as Digest

/**
 * One program over every operation that targets have: each on 16 by 16 pairs, once in lanes and once one by one, then
 * stores of every width and a loop whose count is read. Results are mixed, so that none hides another.
 */
export function selfTestProgram(): Program {
  const floats = buffer("input", "f32", "floats", N)
  const integers = buffer("input", "i32", "integers", N)
  const mixed = buffer("output", "i32", "mixed", N * N)
  const narrow = (["i8", "u8", "i16", "u16"] as const).map((dtype) => buffer("scratch", dtype, `narrow_${dtype}`, N))
  const source = (scalar: Scalar, index: string): Expression => load(scalar === "f32" ? floats : integers, local(index))
  const asBits = (value: Expression, scalar: Scalar): Expression =>
    scalar === "f32" ? unary("i32.bits_of_f32", value) : value
  const values: ((row: string, lane: string) => Expression)[] = [
    ...targetOps(BINARY).map(
      (op) => (row: string, lane: string) =>
        asBits(binary(op, source(operandOf(op), lane), source(operandOf(op), row)), BINARY[op]),
    ),
    ...targetOps(UNARY).map(
      (op) => (_: string, lane: string) => asBits(unary(op, source(operandOf(op), lane)), UNARY[op]),
    ),
    (row, lane) =>
      select(binary("f32.lt", source("f32", lane), source("f32", row)), source("i32", lane), source("i32", row)),
    ...narrow.map((each) => (row: string, lane: string) => add(load(each, local(lane)), local(row))),
  ]
  const mix = (place: Expression, value: Expression): Block => [
    store(mixed, place, add(mul(load(mixed, place), i32(0x01000193)), value)),
  ]
  const nest = (i: number, repeat: typeof loop): Block => {
    const [row, lane] = [`row_${i}_${repeat.name}`, `lane_${i}_${repeat.name}`]
    const place = add(mul(local(row), i32(N)), local(lane))
    return [loop(row, N, [repeat(lane, N, mix(place, values[i]!(row, lane)))])]
  }
  const fill = (each: Buffer, i: number): Block => [
    parallel(`fill_${i}`, N, [store(each, local(`fill_${i}`), load(integers, local(`fill_${i}`)))]),
  ]
  const counted: Block = [
    let_("rounds", i32(0)),
    loop("n", N, [
      loopUpTo("round", load(integers, local("n")), 40, [
        set("rounds", add(mul(local("rounds"), i32(3)), local("round"))),
      ]),
    ]),
    store(mixed, and(local("rounds"), N * N - 1), local("rounds")),
  ]
  const body = [
    ...narrow.flatMap(fill),
    ...values.flatMap((_, i) => [...nest(i, loop), ...nest(i, parallel)]),
    ...counted,
  ]
  return { name: "self_test", buffers: [floats, integers, mixed, ...narrow], body }
}
const targetOps = <Op extends Unary | Binary>(table: Readonly<Record<Op, Scalar>>): readonly Op[] =>
  (Object.keys(table) as Op[]).filter((op) => !op.includes("f64"))

/** Runs the program above on memory of its own; the digest of what came out. */
export function selfTest({ memory, run }: { readonly memory: Memory; run(): void }): Digest {
  memory["floats"]!.set(FLOATS)
  memory["integers"]!.set(INTEGERS)
  run()
  return digest(bytesOf(memory["mixed"]!))
}
