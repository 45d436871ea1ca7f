import { DTYPE } from "../../../base/dtype.ts"
import type { Dot } from "./dot.ts"
import { type At, rangeOf, repeated, type Segment, segmentsOf, weightsOf, wordsOf } from "./dot_pack.ts"
import { signatureOf } from "./dot_plain.ts"

/**
 * Sums on ARMv6-M, which multiplies 32 bits by 32 in a cycle, keeps eight registers for arithmetic and only adds in the
 * others: there the sums lie. The functions are whole assembly (`naked`), so that no compiler runs out of registers, and
 * are shared by all products of their kind; the shape of a product is a table of segments beside its weights.
 */
export function m0Text(dot: Dot, block: number): string {
  const kernel = block === 8 ? lanesKernel(dot) : bytesKernel(dot)
  const { name, outputs, runs, length } = dot
  const groups = Math.ceil(outputs / block) * (block / kernel.rows)
  const words = Array.from({ length: groups }, (_, g) => kernel.words(g * kernel.rows)).flat()
  const each = words.length / groups
  const table = repeated(kernel.segments).flatMap(({ times, count, skip, flush }) => [
    times,
    count >> 2,
    count & 3,
    skip * DTYPE[dot.data].bytes,
    flush,
  ])
  const calls = Array.from({ length: block / kernel.rows }, (_, g) => {
    const at = `${name}_words + ${block / kernel.rows === 1 ? "" : `${g} * ${each} + `}(uint32_t)block * ${(each * block) / kernel.rows}`
    return `  ${kernel.name}(${at}, x, ${name}_shape, sums${g === 0 ? "" : ` + ${g * kernel.rows}`});`
  })
  if (each !== runs * length) throw new Error(`bug: ${each} words for ${runs} runs of ${length}`)
  return `${kernel.text}static const uint32_t ${name}_words[${words.length}] FLASH = {${wordsOf(words)}};
static const uint32_t ${name}_shape[${table.length + 1}] FLASH = {${wordsOf([...table, 0])}};
${signatureOf(dot)} {
${calls.join("\n")}
}
`
}
interface Kernel {
  readonly name: string
  readonly text: string
  /** Sums of one call. */
  readonly rows: number
  readonly segments: readonly Segment[]
  /** Packed weights of the rows from `first`, one word a position. */
  words(first: number): readonly number[]
}

/** A `naked` function once in a file. `used` keeps its parameters in place though C sees nobody read them. */
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

/**
 * What both kernels are around their inner steps. r0 weights, r1 x, lr the table, r8 … r12 sums, [sp] the caller's sums,
 * [sp, 4] repetitions left; r2 … r7 are free between steps. A row of the table: times, quads, rest, bytes to skip, flush.
 */
function walk(steps: {
  readonly begin: readonly string[]
  readonly quad: readonly string[]
  readonly one: readonly string[]
  readonly flush: readonly string[]
  readonly end: readonly string[]
  readonly bytes: number
}): readonly string[] {
  return [
    "push {r4-r7, lr}",
    ...[4, 5, 6, 7].map((n) => `mov r${n}, r${n + 4}`),
    "push {r4-r7}",
    "sub sp, #8",
    "str r3, [sp]",
    "mov lr, r2",
    "movs r4, #0",
    ...CLEAR,
    ...steps.begin,
    "1: mov r4, lr",
    "ldr r6, [r4]",
    "cmp r6, #0",
    "bne 2f",
    "b 9f",
    "2: str r6, [sp, #4]",
    "ldr r7, [r4, #4]",
    "cmp r7, #0",
    "bne 3f",
    "b 4f", // a condition reaches 256 bytes
    "3:",
    ...steps.quad,
    `adds r1, #${4 * steps.bytes}`,
    "subs r7, #1",
    "bne 3b",
    "4: mov r4, lr",
    "ldr r7, [r4, #8]",
    "cmp r7, #0",
    "beq 6f",
    "5:",
    ...steps.one,
    `adds r1, #${steps.bytes}`,
    "subs r7, #1",
    "bne 5b",
    "6: mov r4, lr",
    "ldr r7, [r4, #12]",
    "adds r1, r7",
    ...steps.flush,
    "7: mov r4, lr",
    "ldr r6, [sp, #4]",
    "subs r6, #1",
    "beq 8f",
    "b 2b",
    "8: adds r4, #20",
    "mov lr, r4",
    "b 1b",
    "9:",
    ...steps.end,
    "add sp, #8",
    "pop {r4-r7}",
    ...[4, 5, 6, 7].map((n) => `mov r${n + 4}, r${n}`),
    "pop {r4-r7, pc}",
  ]
}
const CLEAR = [8, 9, 10, 11, 12].map((n) => `mov r${n}, r4`)

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
    walk({
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
        ...CLEAR,
      ],
      end: [],
    }),
  )
  return {
    ...{ name, text, rows: 8, segments: emptiedSegments(dot) },
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
 * Bytes, four rows to a word. Where sums have 24 bits, words w₁w₀ and w₃w₂ of two rows are multiplied as one number
 * w₀ + 256 w₁: its sum less the first row's is 256 times the second's, and takes one unpacking less. Else byte by byte.
 */
function bytesKernel(dot: Dot): Kernel {
  const at = weightsOf(dot)
  const each = dot.runs * dot.length
  const groups = Math.ceil(dot.outputs / 4)
  // w₁ makes up for the sign of w₀: -128 beside a negative one would need nine bits.
  const paired =
    dot.accumulator <= 24 &&
    Array.from({ length: groups * 2 }, (_, pair) => pair * 2).every((n) =>
      Array.from({ length: each }, (_, k) => at(n, k) >= 0 || at(n + 1, k) > -128).every((fits) => fits),
    )
  const add = (to: number, ...extract: readonly string[]): readonly string[] => [
    ...extract,
    "muls r4, r3, r4",
    `add r${8 + to}, r4`,
  ]
  const step = (word: string, from: number): readonly string[] => [
    ...load(dot.data, from),
    ...add(0, `sxtb r4, ${word}`),
    ...(paired ? add(1, `sxth r4, ${word}`) : add(1, `lsrs r4, ${word}, #8`, "sxtb r4, r4")),
    `asrs ${word}, ${word}, #16`,
    ...add(2, `sxtb r4, ${word}`),
    ...(paired ? [] : [`asrs ${word}, ${word}, #8`]),
    `muls ${word}, r3, ${word}`,
    `add r11, ${word}`,
  ]
  const pair = (from: number): readonly string[] => [
    "ldmia r0!, {r2, r6}",
    ...step("r2", from),
    ...step("r6", from + 1),
  ]
  const name = `dot4_${paired ? "pairs" : "bytes"}_${dot.data}`
  const text = shared(
    name,
    walk({
      bytes: DTYPE[dot.data].bytes,
      begin: [],
      quad: [...pair(0), ...pair(2)],
      one: ["ldmia r0!, {r2}", ...step("r2", 0)],
      flush: [],
      end: [
        "ldr r7, [sp]",
        ...["mov r2, r8", "mov r3, r9", "mov r4, r10", "mov r5, r11"],
        ...(paired ? ["subs r3, r2", "asrs r3, r3, #8", "subs r5, r4", "asrs r5, r5, #8"] : []),
        "stmia r7!, {r2-r5}",
      ],
    }),
  )
  return {
    ...{ name, text, rows: 4, segments: segmentsOf(dot, dot.length, 4) },
    words: (first) => Array.from({ length: each }, (_, k) => bytesWord(at, first, k, paired)),
  }
}
function bytesWord(at: At, first: number, k: number, paired: boolean): number {
  const [a, b, c, d] = [0, 1, 2, 3].map((n) => at(first + n, k)) as [number, number, number, number]
  const half = (low: number, high: number): number => (paired ? low + 256 * high : (low & 255) | (high << 8)) & 0xffff
  return half(a, b) | (half(c, d) << 16)
}
