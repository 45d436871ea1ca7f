import { type Digest, digest } from "../base/digest.ts"
import { bytesOf, type Scalar } from "../base/dtype.ts"
import * as ir from "./build.ts"
import type { Memory } from "./interpret.ts"
import {
  BINARY,
  type Binary,
  type Block,
  type Expression,
  operandOf,
  PACKED,
  type Program,
  UNARY,
  type Unary,
} from "./program.ts"

const N = 16
const LANES = 12 // of the 16: less than fills four vectors, so that each operation is printed once and starting stays fast
/** Values at which machines are known to differ: subnormals that are flushed, zeros that lose their sign, and so on. */
const FLOATS = Float32Array.of(
  ...[0, -0, -1.5, 2 ** -149, -(2 ** -140), 2 ** -126, 0.1, 3e38],
  ...[Infinity, -Infinity, NaN, 2 ** 31, 1, -7.75, 1e-30, 2 ** 24],
)
const INTEGERS = Int32Array.of(
  ...[0, 1, -1, -7, 31, 33, 127, -128, 65535, 123456789],
  ...[2147483647, -2147483648, 2, 32, 255, 1 << 24],
)

/** What every engine gives; made by the interpreter. Another operation makes another one: the test prints it. */
export const SELF_TEST_DIGEST = "sha256:45deee384dd5119406460bb4ccddfe8b08131e352d750b6de7b67c93db3cacfd" as Digest

type Value = (row: string, lane: string) => Expression

/**
 * One program over every operation that targets have: each on 16 by 16 pairs, in lanes and one by one, after stores of
 * every width, then a loop whose count is read. Results are mixed into one another, so that none is hidden.
 */
export function selfTestProgram(): Program {
  const floats = ir.buffer("input", "f32", "floats", N)
  const integers = ir.buffer("input", "i32", "integers", N)
  const mixed = ir.buffer("output", "i32", "mixed", N * N)
  const narrow = (["i8", "u8", "i16", "u16"] as const).map((dtype) => ir.buffer("scratch", dtype, `in_${dtype}`, 4 * N))

  const at = (scalar: Scalar, index: string): Expression =>
    ir.load(scalar === "f32" ? floats : integers, ir.local(index))
  const asBits = (value: Expression, scalar: Scalar): Expression =>
    scalar === "f32" ? ir.unary("i32.bits_of_f32", value) : value
  const ofTwo =
    (op: Binary): Value =>
    (row, lane) =>
      asBits(ir.binary(op, at(operandOf(op), lane), at(operandOf(op), row)), BINARY[op])
  const ofOne =
    (op: Unary): Value =>
    (_, lane) =>
      asBits(ir.unary(op, at(operandOf(op), lane)), UNARY[op])
  const chosen: Value = (row, lane) =>
    ir.select(ir.binary("f32.lt", at("f32", lane), at("f32", row)), at("i32", lane), at("i32", row))
  const narrowed = narrow.map(
    (each): Value =>
      (_, lane) =>
        ir.load(each, ir.local(lane)),
  )
  const packed = narrow.flatMap((each) =>
    ([2, 4] as const)
      .filter((parts) => (PACKED[parts] as readonly string[]).includes(each.dtype))
      .map(
        (parts): Value =>
          (_, lane) =>
            ir.loadPacked(parts, each, ir.mul(ir.local(lane), ir.i32(parts))),
      ),
  )
  /** A product is rounded before it is added: a machine that fuses the two gives other bits. */
  const apart: Value = (row, lane) => asBits(ir.add(ir.mul(at("f32", lane), at("f32", row)), at("f32", lane)), "f32")
  const values = [
    ...forTargets(BINARY)
      .filter((op) => !isDivision(op))
      .map(ofTwo),
    ...forTargets(UNARY).map(ofOne),
    ...narrowed,
    ...packed,
    apart,
    chosen,
  ]

  const nest = (name: string, repeat: typeof ir.loop, count: number, all: readonly Value[]): Block => {
    const [row, lane, sum] = [`row_${name}`, `lane_${name}`, `sum_${name}`]
    const place = ir.add(ir.mul(ir.local(row), ir.i32(N)), ir.local(lane))
    const mix = all.map((value) => ir.set(sum, ir.add(ir.mul(ir.local(sum), ir.i32(0x01000193)), value(row, lane))))
    const body = [ir.let_(sum, ir.load(mixed, place)), ...mix, ir.store(mixed, place, ir.local(sum))]
    return [ir.loop(row, N, [repeat(lane, count, body)])]
  }
  const fill = narrow.map((each, i) =>
    ir.parallel(`fill_${i}`, N, [ir.store(each, ir.local(`fill_${i}`), ir.load(integers, ir.local(`fill_${i}`)))]),
  )
  const round = ir.set("rounds", ir.add(ir.mul(ir.local("rounds"), ir.i32(3)), ir.local("round")))
  const counted = [
    ir.let_("rounds", ir.i32(0)),
    ir.loop("n", N, [ir.loopUpTo("round", ir.load(integers, ir.local("n")), 40, [round])]),
    ir.store(mixed, ir.i32(0), ir.add(ir.load(mixed, ir.i32(0)), ir.local("rounds"))),
  ]
  const divisions = forTargets(BINARY).filter(isDivision).map(ofTwo)
  const nests = [...nest("lanes", ir.parallel, LANES, values), ...nest("plain", ir.loop, N, [...values, ...divisions])]
  return { name: "self_test", buffers: [floats, integers, mixed, ...narrow], body: [...fill, ...nests, ...counted] }
}

const forTargets = <Op extends Unary | Binary>(table: Readonly<Record<Op, Scalar>>): readonly Op[] =>
  (Object.keys(table) as Op[]).filter((op) => !op.includes("f64"))
/** These have no lanes. */
const isDivision = (op: Binary): boolean => /^i32\.(?:div|rem)/.test(op)

/** Runs the program above on an instance of it; the digest of what came out. */
export function selfTest({ memory, run }: { readonly memory: Memory; run(): void }): Digest {
  memory["floats"]!.set(FLOATS)
  memory["integers"]!.set(INTEGERS)
  run()
  return digest(bytesOf(memory["mixed"]!))
}
