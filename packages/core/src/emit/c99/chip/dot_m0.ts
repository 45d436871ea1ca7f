import { DTYPE } from "../../../base/dtype.ts"
import type { Dot } from "./dot.ts"
import { type At, areNibbles, rangeOf, repeated, type Segment, segmentsOf, weightsOf, wordsOf } from "./dot_pack.ts"
import { signatureOf } from "./dot_plain.ts"

/**
 * Sums on ARMv6-M, which multiplies 32 bits by 32 in a cycle, keeps eight registers for arithmetic and only adds in the
 * others: there the sums lie. The functions are whole assembly (`naked`), so that no compiler runs out of registers, and
 * are shared by all products of their kind; the shape of a product is a table of segments beside its weights.
 */
export function m0Text(dot: Dot, block: number): string {
  const kernel = areNibbles(dot) && dot.data !== "i16" && block === 8 ? lanesKernel(dot) : bytesKernel(dot, block)
  const { name, outputs } = dot
  const blocks = Math.ceil(outputs / block)
  const words = Array.from({ length: blocks }, (_, b) => kernel.words(b * block)).flat()
  const table = repeated(kernel.segments).flatMap(({ times, count, skip, flush }) => [
    ...[times, count >> 2, count & 3],
    ...[skip * DTYPE[dot.data].bytes, flush],
  ])
  return `${kernel.text}static const uint32_t ${name}_words[${words.length}] FLASH = {${wordsOf(words)}};
static const uint32_t ${name}_shape[${table.length + 1}] FLASH = {${wordsOf([...table, 0])}};
${signatureOf(dot)} {
  ${kernel.name}(${name}_words + (uint32_t)block * ${words.length / blocks}, x, ${name}_shape, sums);
}
`
}
interface Kernel {
  readonly name: string
  readonly text: string
  readonly segments: readonly Segment[]
  /** Packed weights of the block of rows from `first`, position by position. */
  words(first: number): readonly number[]
}

/**
 * A `naked` function once in a file. `used` keeps its parameters in place though C sees nobody read them; assembly without
 * operands counts as touching all memory, so nothing is moved over a call.
 */
const shared = (name: string, lines: readonly string[]): string => `#ifndef ${name}_
#define ${name}_
__attribute__((naked, noinline, used)) static void ${name}(
    __attribute__((unused)) const uint32_t *w, __attribute__((unused)) const void *x,
    __attribute__((unused)) const uint32_t *shape, __attribute__((unused)) int32_t *sums) {
  __asm__(
      ".syntax unified\\n"
${lines.map((line) => `      "${line}\\n"`).join("\n")});
}
#endif
`

/** Where a kernel keeps what it walks by: in registers, or on the stack where all of them are sums. */
interface Frame {
  /** Registers of sums. */
  readonly sums: readonly string[]
  /** The table into r4, and back from a register. */
  readonly table: string
  readonly keep: (register: string) => string
  /** Takes a count from a place of the table, with the flags of what it is. */
  readonly count: (at: number) => readonly string[]
  /** Counts down and goes back to a label, or on to one that follows. */
  readonly again: (back: number, on: number) => readonly string[]
}
const REGISTERS: Frame = {
  sums: ["r8", "r9", "r10", "r11", "r12"],
  table: "mov r4, lr",
  keep: (register) => `mov lr, ${register}`,
  count: (at) => [`ldr r7, [r4, #${at}]`, "cmp r7, #0"],
  again: (back) => ["subs r7, #1", `bne ${back}b`],
}
const STACK: Frame = {
  sums: ["r8", "r9", "r10", "r11", "r12", "lr", "r5", "r7"],
  table: "ldr r4, [sp, #8]",
  keep: (register) => `str ${register}, [sp, #8]`,
  count: (at) => [`ldr r6, [r4, #${at}]`, "str r6, [sp, #12]", "cmp r6, #0"],
  again: (back, on) => ["ldr r4, [sp, #12]", "subs r4, #1", `beq ${on}f`, "str r4, [sp, #12]", `b ${back}b`],
}

/**
 * What the kernels are around their inner steps. r0 weights, r1 x, [sp] the caller's sums, [sp, 4] repetitions left; r2, r3, r4
 * and r6 are free between steps. A row of the table: times, quads, rest, bytes to skip, flush.
 */
function walk(
  { sums, table, keep, count, again }: Frame,
  steps: {
    readonly begin: readonly string[]
    readonly quad: readonly string[]
    readonly one: readonly string[]
    readonly flush: readonly string[]
    readonly end: readonly string[]
    readonly bytes: number
  },
): readonly string[] {
  return [
    "push {r4-r7, lr}",
    ...[4, 5, 6, 7].map((n) => `mov r${n}, r${n + 4}`),
    "push {r4-r7}",
    "sub sp, #16",
    "str r3, [sp]",
    keep("r2"),
    "movs r4, #0",
    ...clear(sums),
    ...steps.begin,
    `1: ${table}`,
    "ldr r6, [r4]",
    "cmp r6, #0",
    "bne 2f",
    "b 9f",
    "2: str r6, [sp, #4]",
    ...count(4),
    "bne 3f",
    "b 4f", // a condition reaches 256 bytes
    "3:",
    ...steps.quad,
    `adds r1, #${4 * steps.bytes}`,
    ...again(3, 4),
    `4: ${table}`,
    ...count(8),
    "beq 6f",
    "5:",
    ...steps.one,
    `adds r1, #${steps.bytes}`,
    ...again(5, 6),
    `6: ${table}`,
    "ldr r6, [r4, #12]",
    "adds r1, r6",
    ...steps.flush,
    `7: ${table}`,
    "ldr r6, [sp, #4]",
    "subs r6, #1",
    "beq 8f",
    "b 2b",
    "8: adds r4, #20",
    keep("r4"),
    "b 1b",
    "9:",
    ...steps.end,
    "add sp, #16",
    "pop {r4-r7}",
    ...[4, 5, 6, 7].map((n) => `mov r${n + 4}, r${n}`),
    "pop {r4-r7, pc}",
  ]
}
const clear = (sums: readonly string[]): readonly string[] => sums.map((sum) => `mov ${sum}, r4`)

/** Element number `at` of x into r3. Signed loads take no constant offset here. */
const load = (data: Dot["data"], at: number): readonly string[] =>
  data === "i16"
    ? [`ldrh r3, [r1, #${2 * at}]`, "sxth r3, r3"]
    : [`ldrb r3, [r1, #${at}]`, ...(data === "i8" ? ["sxtb r3, r3"] : [])]

/**
 * Nibbles w + 8, eight rows to a word, rows 2k and 2k + 1 at bits 4k and 4k + 16: one product of the masked word with x is
 * two sums, of lanes 16 bits apart. All is exact modulo 2³², so lanes may run over as long as what is true of them, Σ w · x
 * after 8 Σ x is taken off, fits 16 bits with sign where they are emptied: the window is chosen for that from the weights.
 * The lanes of k = 0 are never masked: the whole word's product less 16, 256 and 4096 times the others' is theirs.
 */
function lanesKernel(dot: Dot): Kernel {
  const at = weightsOf(dot)
  const each = dot.runs * dot.length
  const step = (word: string, from: number): readonly string[] => [
    ...load(dot.data, from),
    "add r12, r3",
    ...[1, 2, 3].flatMap((k) => [`lsrs r4, ${word}, #${4 * k}`, "ands r4, r5", "muls r4, r3, r4", `add r${8 + k}, r4`]),
    `muls ${word}, r3, ${word}`,
    `add r8, ${word}`,
  ]
  const pair = (from: number): readonly string[] => [
    "ldmia r0!, {r2, r6}",
    ...step("r2", from),
    ...step("r6", from + 1),
  ]
  const mask = ["movs r5, #15", "lsls r4, r5, #16", "orrs r5, r4"]
  const name = `dot8_nibbles_${dot.data}`
  const text = shared(
    name,
    walk(REGISTERS, {
      bytes: 1,
      begin: mask,
      quad: [...pair(0), ...pair(2)],
      one: ["ldmia r0!, {r2}", ...step("r2", 0)],
      flush: [
        "ldr r7, [r4, #16]",
        "cmp r7, #0",
        "beq 7f",
        ...["mov r2, r8", "mov r3, r9", "mov r4, r10", "mov r6, r11"],
        ...["lsls r7, r3, #4", "subs r2, r7", "lsls r7, r4, #8", "subs r2, r7", "lsls r7, r6, #12", "subs r2, r7"],
        ...["mov r7, r12", "lsls r7, r7, #3", "lsls r5, r7, #16", "adds r7, r5"],
        ...[2, 3, 4, 6].map((lanes) => `subs r${lanes}, r7`),
        ...["mov r8, r0", "mov r9, r1", "ldr r7, [sp]"],
        ...["mov r5, lr", "ldr r5, [r5, #16]", "cmp r5, #1", "bne 10f"],
        ...[2, 3, 4, 6].flatMap((lanes) => [
          `sxth r0, r${lanes}`,
          `subs r${lanes}, r${lanes}, r0`,
          `asrs r1, r${lanes}, #16`,
          "stmia r7!, {r0, r1}",
        ]),
        "b 11f",
        "10:",
        ...[2, 3, 4, 6].flatMap((lanes) => [
          "ldmia r7!, {r0, r1}",
          `sxth r5, r${lanes}`,
          `subs r${lanes}, r${lanes}, r5`,
          `asrs r${lanes}, r${lanes}, #16`,
          "adds r0, r5",
          `adds r1, r${lanes}`,
          "subs r7, #8",
          "stmia r7!, {r0, r1}",
        ]),
        "11:",
        ...["mov r0, r8", "mov r1, r9"],
        ...mask,
        "movs r4, #0",
        ...clear(REGISTERS.sums),
      ],
      end: [],
    }),
  )
  return {
    ...{ name, text, segments: emptiedSegments(dot) },
    words: (first) =>
      Array.from({ length: each }, (_, k) =>
        Array.from({ length: 8 }, (_, n) => (at(first + n, k) + 8) << (4 * (n >> 1) + 16 * (n & 1))).reduce(
          (a, b) => a | b,
        ),
      ),
  }
}

/** The longest windows after which no lane can have left 16 bits, whatever x is, or as the caller has proved. */
function emptiedSegments(dot: Dot): readonly Segment[] {
  if (dot.accumulator === 16) return segmentsOf(dot, dot.runs * dot.length, 4)
  const each = dot.runs * dot.length
  const fits = (segments: readonly Segment[]): boolean =>
    dot.weights.every((row) => {
      let [at, from] = [0, 0]
      return segments.every(({ count, flush }) => {
        at += count
        if (flush === 0) return true
        const [low, high] = rangeOf(
          Array.from({ length: at - from }, (_, k) => row[from + k]!),
          dot.data,
        )
        from = at
        return low >= -32768 && high <= 32767
      })
    })
  for (let parts = 1; ; parts++) {
    const window = Math.max(16, Math.ceil(each / parts / 4) * 4)
    const segments = segmentsOf(dot, window, 4)
    if (fits(segments)) return segments
    if (window === 16) throw new Error("bug: sixteen products of a nibble and a byte fit 16 bits")
  }
}

/**
 * Bytes, four rows to a word; eight rows a call where that leaves no four idle, so that x is read once for all. Where sums have
 * 24 bits, words w₁w₀ and w₃w₂ of two rows are multiplied as one number w₀ + 256 w₁: its sum less the first row's is 256 times
 * the second's, and takes one unpacking less. Else byte by byte.
 */
function bytesKernel(dot: Dot, rows: number): Kernel {
  const at = weightsOf(dot)
  const each = dot.runs * dot.length
  // w₁ makes up for the sign of w₀: -128 beside a negative one would need nine bits.
  const paired =
    dot.accumulator <= 24 &&
    Array.from({ length: Math.ceil(dot.outputs / 2) }, (_, pair) => pair * 2).every((n) =>
      Array.from({ length: each }, (_, k) => at(n, k) >= 0 || at(n + 1, k) > -128).every((fits) => fits),
    )
  const frame = rows === 8 ? STACK : REGISTERS
  const four = (word: string, [a, b, c, d]: readonly string[]): readonly string[] => [
    ...[`sxtb r4, ${word}`, "muls r4, r3, r4", `add ${a}, r4`],
    ...(paired ? [`sxth r4, ${word}`] : [`lsrs r4, ${word}, #8`, "sxtb r4, r4"]),
    ...["muls r4, r3, r4", `add ${b}, r4`],
    `asrs ${word}, ${word}, #16`,
    ...[`sxtb r4, ${word}`, "muls r4, r3, r4", `add ${c}, r4`],
    ...(paired ? [] : [`asrs ${word}, ${word}, #8`]),
    ...[`muls ${word}, r3, ${word}`, `add ${d}, ${word}`],
  ]
  const sums = [frame.sums.slice(0, 4), frame.sums.slice(4, 8)] as const
  const eight = (from: number): readonly string[] => [
    ...["ldmia r0!, {r2, r6}", ...load(dot.data, from)],
    ...[...four("r2", sums[0]), ...four("r6", sums[1])],
  ]
  const pair = (from: number): readonly string[] => [
    ...["ldmia r0!, {r2, r6}", ...load(dot.data, from), ...four("r2", sums[0])],
    ...[...load(dot.data, from + 1), ...four("r6", sums[0])],
  ]
  const separated = paired ? ["subs r3, r2", "asrs r3, r3, #8", "subs r6, r4", "asrs r6, r6, #8"] : []
  const stored = (four: readonly string[]): readonly string[] => [
    ...[2, 3, 4, 6].map((to, n) => `mov r${to}, ${four[n]}`),
    ...separated,
    "stmia r1!, {r2, r3, r4, r6}",
  ]
  const name = `dot${rows}_${paired ? "pairs" : "bytes"}_${dot.data}`
  const text = shared(
    name,
    walk(frame, {
      bytes: DTYPE[dot.data].bytes,
      begin: [],
      quad: rows === 8 ? [0, 1, 2, 3].flatMap(eight) : [...pair(0), ...pair(2)],
      one: rows === 8 ? eight(0) : ["ldmia r0!, {r2}", ...load(dot.data, 0), ...four("r2", sums[0])],
      flush: [],
      end: ["ldr r1, [sp]", ...stored(sums[0]), ...(rows === 8 ? stored(sums[1]) : [])],
    }),
  )
  return {
    ...{ name, text, segments: segmentsOf(dot, dot.length, 4) },
    words: (first) =>
      Array.from({ length: each }, (_, k) =>
        Array.from({ length: rows / 4 }, (_, four) => bytesWord(at, first + 4 * four, k, paired)),
      ).flat(),
  }
}
function bytesWord(at: At, first: number, k: number, paired: boolean): number {
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => at(first + n, k)) as [number, number, number, number]
  const half = (low: number, high: number): number => (paired ? low + 256 * high : (low & 255) | (high << 8)) & 0xffff
  return half(a, b) | (half(c, d) << 16)
}
