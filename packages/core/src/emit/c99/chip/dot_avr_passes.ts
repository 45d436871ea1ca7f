import type { Dot } from "./dot.ts"

/** How weights are stored, and how a pass takes them. */
export interface Kind {
  /** Σx · −2^offset is to be put right, if anything. */
  readonly offset: number | undefined
  /** Bytes of one element of x for so many outputs. */
  width(count: number): number
  pack(dot: Dot): readonly number[]
  pass(dot: Dot, count: number): Pass
}
interface Pass {
  readonly accumulators: readonly { readonly name: string; readonly type: string; readonly start: string }[]
  /** What is done for an element that lies in t. */
  readonly one: readonly string[]
  /** C that stores `count` sums. */
  readonly give: readonly string[]
  /** Classes of registers of t and m. */
  readonly classes: { readonly t: string; readonly m: string }
  readonly needsZero: boolean
  /** z takes the sign of a product, and is an output then. */
  readonly zeroChanges?: boolean
}
export const bytesOf = ({ runs, length }: Dot, count: number, kind: Kind): number => runs * length * kind.width(count)

/** Passes of four outputs, then of what is left: weights in the order in which a pass meets them. */
function inOrder(
  { weights, runs, length }: Dot,
  of: (rows: readonly ArrayLike<number>[], k: number) => readonly number[],
): readonly number[] {
  const bytes: number[] = []
  for (let first = 0; first < weights.length; first += 4)
    for (let k = 0; k < runs * length; k++) bytes.push(...of(weights.slice(first, first + 4), k))
  return bytes
}

/**
 * A byte a weight. With an offset, 128 is added to each, so that no product has a sign to be extended; 9.2 cycles a
 * product become 8.5.
 */
export const plainBytes = (isOffset: boolean): Kind => ({
  offset: isOffset ? 7 : undefined,
  width: (count) => count,
  pack: (dot) => inOrder(dot, (rows, k) => rows.map((row) => (row[k]! + (isOffset ? 128 : 0)) & 0xff)),
  pass({ data, accumulator }, count) {
    const isWide = accumulator > 16
    const names = ["a", "b", "c", "d"].slice(0, count)
    const multiply = isOffset ? "mul" : data === "i8" ? "muls" : "mulsu"
    const term = (s: string): readonly string[] => [
      ...["lpm %[m],Z+", `${multiply} %[m],%[t]`],
      ...(isWide && !isOffset ? ["sbc %[m],%[m]"] : []), // a product's sign is its carry
      ...[`add %A[${s}],r0`, `adc %B[${s}],r1`],
      ...(isWide ? [`adc %C[${s}],%[${isOffset ? "z" : "m"}]`] : []),
    ]
    const start = isOffset ? "offset" : "0"
    const register = isOffset ? "r" : "a"
    return {
      accumulators: names.map((name) => ({ name, type: isWide ? "__int24" : "int16_t", start })),
      one: names.flatMap(term),
      give: names.map((name, n) => `sums[${n}] = ${name};`),
      classes: { t: register, m: register },
      needsZero: isOffset,
    }
  },
})

/** Whether weights of four bits can be taken two at a time: 255 · 255 · K must fit 24 bits, or 255 · 128 · K 23. */
export const fitsNibbles = ({ data, runs, length, accumulator, weights }: Dot): boolean =>
  data !== "i16" &&
  accumulator === 24 &&
  runs * length <= 256 &&
  weights.every((row) => Array.from(row).every((w) => w >= -8 && w <= 7))

/**
 * Two weights a byte with 8 added to each: high nibble h, low nibble l. Σ(16h + l)x and Σl·x are summed; their difference
 * is 16 · Σh·x. 7.8 cycles a product.
 */
export const nibbles: Kind = {
  offset: 3,
  width: (count) => Math.ceil(count / 2),
  pack: (dot) =>
    inOrder(dot, (rows, k) =>
      Array.from({ length: Math.ceil(rows.length / 2) }, (_, p) => {
        const [high, low] = [rows[2 * p]![k]!, rows[2 * p + 1]?.[k] ?? 0]
        return (high + 8) * 16 + low + 8
      }),
    ),
  pass({ data }, count) {
    const isSigned = data === "i8"
    const multiply = isSigned ? "mulsu %[t],%[m]" : "mul %[m],%[t]" // whose carry is the sign
    const pairs = Array.from({ length: Math.ceil(count / 2) }, (_, p) => [`f${p}`, `l${p}`] as const)
    const add = (sum: string): readonly string[] => [
      ...(isSigned ? ["sbc %[z],%[z]"] : []),
      `add %A[${sum}],r0`,
      `adc %B[${sum}],r1`,
      `adc %C[${sum}],%[z]`,
    ]
    return {
      accumulators: pairs.flat().map((name) => ({ name, type: isSigned ? "__int24" : "__uint24", start: "0" })),
      one: pairs.flatMap(([full, low]) => [
        ...["lpm %[m],Z+", multiply, ...add(full)],
        ...["andi %[m],15", multiply, ...add(low)],
      ]),
      give: pairs.flatMap(([full, low], p) => [
        `sums[${2 * p}] = (n24)((${full} - ${low}) >> 4) + offset;`,
        ...(2 * p + 1 < count ? [`sums[${2 * p + 1}] = (n24)${low} + offset;`] : []),
      ]),
      classes: isSigned ? { t: "a", m: "a" } : { t: "r", m: "d" },
      needsZero: true,
      zeroChanges: isSigned,
    }
  },
}

/** What is done for one element, for all of them: loops in assembly, their counters as outputs, and declared. */
export function passLoop({ runs, length, jump }: Dot, one: readonly string[]): PassLoop {
  const unroll = UNROLLS.find((u) => length % u === 0 && u * one.length <= UNROLLED_MAX) ?? 1
  const chunks = length / unroll
  const words = unroll * one.length
  const again = (label: string, out: string): readonly string[] =>
    words <= BRANCH_MAX ? [`brne ${label}b`] : [`breq ${out}f`, `rjmp ${label}b`]
  const body = Array.from({ length: unroll }, () => one).flat()
  const inner = chunks === 1 ? body : [`ldi %[n],${chunks}`, "1:", ...body, "dec %[n]", ...again("1", "2"), "2:"]
  const skip = jump - length
  const move = skip === 0 ? [] : [`subi r26,lo8(${-skip})`, `sbci r27,hi8(${-skip})`]
  const back = words + 8 <= BRANCH_MAX ? ["brne 3b"] : ["breq 4f", "rjmp 3b", "4:"]
  return {
    lines: runs === 1 ? inner : [`ldi %[r],${runs}`, "3:", ...inner, ...move, "dec %[r]", ...back],
    counters: [...(chunks === 1 ? [] : [`[n] "=&d"(n)`]), ...(runs === 1 ? [] : [`[r] "=&d"(r)`])],
    declared: `${chunks === 1 ? "" : ", n"}${runs === 1 ? "" : ", r"}`,
  }
}
interface PassLoop {
  readonly lines: readonly string[]
  readonly counters: readonly string[]
  readonly declared: string
}
const UNROLLS = [8, 6, 5, 4, 3, 2]
/** Instructions of an unrolled round: each takes two bytes. */
const UNROLLED_MAX = 250
/** Words that a conditional branch reaches back over. */
const BRANCH_MAX = 62
