import { TYPE } from "../prelude.ts"
import type { Dot } from "./dot.ts"
import { type At, areNibbles, rangeOf, weightsOf, wordsOf } from "./dot_pack.ts"
import { signatureOf } from "./dot_plain.ts"

/**
 * Sums by SMLAD, two products of 16 bits a cycle: four rows a pass, x unpacked once for all four. The functions are shared
 * by all products of their kind; a product brings its shape. x is read by memcpy, so it may lie anywhere.
 */
export function m4Text(dot: Dot, block: number): string {
  const { name, outputs, runs, length, jump } = dot
  const kernel = nibblesFit(dot) ? nibblesKernel(dot) : bytesKernel(dot)
  const groups = Math.ceil(outputs / 4)
  const words = Array.from({ length: groups }, (_, g) => kernel.words(4 * g)).flat()
  const each = words.length / groups
  const call = (g: number): string =>
    `${kernel.name}(${name}_words + ((uint32_t)block * ${block / 4}${g === 0 ? "" : ` + ${g}`}) * ${each}, x, ${runs}, ${length}, ${jump}, sums${g === 0 ? "" : ` + ${4 * g}`});`
  const last = groups % (block / 4) === 0 ? "" : `if (block < ${Math.floor(groups / 2)}) `
  return `${kernel.text}static const uint32_t ${name}_words[${words.length}] FLASH = {${wordsOf(words)}};
${signatureOf(dot)} {
  ${call(0)}
${block === 8 ? `  ${last}${call(1)}\n` : ""}}
`
}
interface Kernel {
  readonly name: string
  readonly text: string
  /** Packed weights of four rows. */
  words(first: number): readonly number[]
}

/** Positions of a word's two halves: bytes of x are unpacked to even and odd ones, i16 is there as it lies. */
const positions = (data: Dot["data"], half: 0 | 1): readonly [number, number] =>
  data === "i16" ? [2 * half, 2 * half + 1] : [half, half + 2]

/** Words of four rows: for each run, each four positions and each of the two halves, what `word` makes of two positions. */
function packed(dot: Dot, word: (low: number, high: number) => readonly number[]): readonly number[] {
  const { runs, length } = dot
  const at = (r: number, l: number): number => (l < length ? r * length + l : -1)
  return Array.from({ length: runs }, (_, r) =>
    Array.from({ length: Math.ceil(length / 4) }, (_, q) =>
      ([0, 1] as const).map((half) => {
        const [low, high] = positions(dot.data, half)
        return word(at(r, 4 * q + low), at(r, 4 * q + high))
      }),
    ),
  ).flat(3)
}

/**
 * The function around a step of assembly, which finds a pair of x in %[u] and one in %[v], or four bytes in %[u] to unpack,
 * and adds to the sums. Loads of a step stand together: the first costs two cycles, each further one.
 */
function kernelText(
  name: string,
  data: Dot["data"],
  { sums, constants, used, step, end }: Step & { readonly used: readonly string[]; readonly end: string },
): string {
  const wide = data === "i16"
  const extend = data === "u8" ? "uxtb16" : "sxtb16"
  const unpacked = wide ? [] : [`${extend} %[v], %[u], ror #8`, `${extend} %[u], %[u]`]
  const load = step.before ?? []
  const lines = [`ldmia %[w]!, {${used.slice(0, step.words).join(", ")}}`, ...load, ...unpacked, ...step.lines]
  const outputs = [...sums, "w"].map((of) => `[${of}] "+r"(${of})`).join(", ")
  const read = (from: string): string =>
    wide ? `memcpy(&u, ${from}, 4); memcpy(&v, ${from} + 2, 4);` : `memcpy(&u, ${from}, 4);`
  return `#ifndef ${name}_
#define ${name}_
#include <string.h>
#define ${name}_step(pair, next) \\
  __asm__( \\
${lines.map((line) => `      "${line}\\n\\t" \\`).join("\n")}
      : ${outputs}, [u] "+r"(pair), [v] "${wide ? "+r" : "=&r"}"(next) \\
      : ${constants.join(", ")} \\
      : ${used.map((register) => `"${register}"`).join(", ")})
__attribute__((noinline)) static void ${name}(
    const uint32_t *w, const ${TYPE[data]} *x, uint32_t runs, uint32_t length, int32_t jump, int32_t *sums) {
  int32_t ${sums.map((sum) => `${sum} = 0`).join(", ")};
  uint32_t u, v;
  jump -= (int32_t)length;
  for (; runs; --runs) {
    uint32_t n = length;
    for (; n >= 8; n -= 8) {
      uint32_t u2, v2;
      ${read("x")}
      ${read("x + 4").replaceAll("&u", "&u2").replaceAll("&v", "&v2")}
      x += 8;
      ${name}_step(u, v);
      ${name}_step(u2, v2);
    }
    if (n >= 4) {
      ${read("x")}
      x += 4; n -= 4;
      ${name}_step(u, v);
    }
    if (n) {
      ${
        wide
          ? "u = (uint16_t)x[0] | (n > 1 ? (uint32_t)(uint16_t)x[1] << 16 : 0); v = n > 2 ? (uint16_t)x[2] : 0;"
          : "u = (uint8_t)x[0] | (n > 1 ? (uint32_t)(uint8_t)x[1] << 8 : 0) | (n > 2 ? (uint32_t)(uint8_t)x[2] << 16 : 0);"
      }
      x += n;
      ${name}_step(u, v);
    }
    x += jump;
  }
  ${end}
}
#endif
`
}
interface Step {
  /** Sums that the step adds to, and what it reads besides. */
  readonly sums: readonly string[]
  readonly constants: readonly string[]
  readonly step: { readonly words: number; readonly before?: readonly string[]; readonly lines: readonly string[] }
}

/**
 * Bytes: a word holds two rows at two positions. Where sums have 24 bits the word goes into SMLAD as it is, as numbers
 * w₀ + 256 w₁: its sum less the first row's is 256 times the second's, one unpacking less of two.
 */
function bytesKernel(dot: Dot): Kernel {
  const at = weightsOf(dot)
  const paired = pairsFit(dot, at)
  const name = `dot4_${paired ? "pairs" : "bytes"}_${dot.data}`
  const used = ["r4", "r5", "r6", "r8", ...(paired ? [] : ["r9"])] // never r7, which may point to the frame
  const word = (w: string, a: number, b: number, of: string): readonly string[] => [
    ...(paired
      ? [`smlad %[s${b}], ${w}, %[${of}], %[s${b}]`]
      : [`sxtb16 r9, ${w}, ror #8`, `smlad %[s${b}], r9, %[${of}], %[s${b}]`]),
    `sxtb16 ${w}, ${w}`,
    `smlad %[s${a}], ${w}, %[${of}], %[s${a}]`,
  ]
  const half = (n: number, k: number): number =>
    k < 0 ? 0 : (paired ? at(n, k) + 256 * at(n + 1, k) : (at(n, k) & 255) | (at(n + 1, k) << 8)) & 0xffff
  const second = (n: number): string => (paired ? `(int32_t)((uint32_t)s${n} - (uint32_t)s${n - 1}) >> 8` : `s${n}`)
  const lines = [...word("r4", 0, 1, "u"), ...word("r5", 2, 3, "u"), ...word("r6", 0, 1, "v"), ...word("r8", 2, 3, "v")]
  return {
    name,
    text: kernelText(name, dot.data, {
      sums: ["s0", "s1", "s2", "s3"],
      constants: [],
      used,
      step: { words: 4, lines },
      end: `sums[0] = s0; sums[1] = ${second(1)}; sums[2] = s2; sums[3] = ${second(3)};`,
    }),
    words: (first) =>
      packed(dot, (low, high) => [0, 2].map((n) => half(first + n, low) | (half(first + n, high) << 16))),
  }
}

/** w₀ + 256 w₁ must fit 16 bits: only -128 beside a negative weight does not. */
const pairsFit = (dot: Dot, at: At): boolean =>
  dot.accumulator <= 24 &&
  Array.from({ length: Math.ceil(dot.outputs / 4) * 2 }, (_, pair) => pair * 2).every((n) =>
    Array.from({ length: dot.runs * dot.length }, (_, k) => at(n, k) >= 0 || at(n + 1, k) > -128).every((fits) => fits),
  )

/**
 * Nibbles: a word holds four rows at two positions, three as w + 8 and the highest as it is. The word's own sum less those of
 * the lower rows is 4096 times the highest one's.
 */
function nibblesKernel(dot: Dot): Kernel {
  const at = weightsOf(dot)
  const name = `dot4_nibbles_${dot.data}`
  const word = (w: string, of: string): readonly string[] => [
    `smlad %[s3], ${w}, %[${of}], %[s3]`,
    `uxtb16 r6, ${w}`,
    `smlad %[s1], r6, %[${of}], %[s1]`,
    `and r6, ${w}, #0x0f000f00`,
    `smlad %[s2], r6, %[${of}], %[s2]`,
    `and ${w}, ${w}, #0x000f000f`,
    `smlad %[s0], ${w}, %[${of}], %[s0]`,
  ]
  const bytes = dot.data === "u8"
  const sum = ["u", "v"].map((of) => `smlad %[all], %[${of}], %[one], %[all]`)
  const half = (first: number, k: number): number =>
    k < 0 ? 0 : [0, 1, 2].reduce((all, n) => all + (at(first + n, k) + 8) * 16 ** n, at(first + 3, k) * 4096) & 0xffff
  return {
    name,
    text: kernelText(name, dot.data, {
      sums: ["s0", "s1", "s2", "s3", "all"],
      constants: [bytes ? '[zero] "r"(0)' : '[one] "r"(0x10001)'],
      used: ["r4", "r5", "r6"],
      step: {
        words: 2,
        before: bytes ? ["usada8 %[all], %[u], %[zero], %[all]"] : [],
        lines: [...word("r4", "u"), ...word("r5", "v"), ...(bytes ? [] : sum)],
      },
      end: `all *= 8;
  sums[0] = s0 - all; sums[1] = ((s1 - s0) >> 4) - all; sums[2] = (s2 >> 8) - all;
  sums[3] = (int32_t)((uint32_t)s3 - (uint32_t)s1 - (uint32_t)s2) >> 12;`,
    }),
    words: (first) => packed(dot, (low, high) => [half(first, low) | (half(first, high) << 16)]),
  }
}
/** The highest row's sum has 20 bits, and the others' with 8 added to each weight 24. */
function nibblesFit(dot: Dot): boolean {
  if (!areNibbles(dot) || dot.data === "i16") return false
  const most = (2 ** 23 - 1) / (15 * 255)
  return (
    dot.runs * dot.length <= most &&
    dot.weights.every((row) => {
      const [low, high] = rangeOf(Array.from(row), dot.data)
      return low >= -(2 ** 19) && high < 2 ** 19
    })
  )
}
