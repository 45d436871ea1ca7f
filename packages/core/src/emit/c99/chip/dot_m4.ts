import { TYPE } from "../prelude.ts"
import type { Dot } from "./dot.ts"
import { type At, areNibbles, rangeOf, weightsOf } from "./dot_pack.ts"
import { signatureOf, wordsOf } from "./dot_plain.ts"

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
  return `${SHARED}${kernel.text}static const uint32_t ${name}_words[${words.length}] FLASH = {${wordsOf(words)}};
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

const assembly = (name: string, gives: string, takes: string, text: string): string =>
  `__attribute__((unused)) static inline ${gives} ${name}(${takes}) {\n${text}\n}\n`
const unpack = (name: string, instruction: string): string =>
  assembly(
    name,
    "uint32_t",
    "uint32_t a",
    `  uint32_t r;\n  __asm__("${instruction}" : "=r"(r) : "r"(a));\n  return r;`,
  )
const SHARED = `#ifndef dot_smlad_
#define dot_smlad_
#include <string.h>
${assembly("dot_smlad", "int32_t", "int32_t sum, uint32_t a, uint32_t b", `  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));\n  return sum;`)}${assembly("dot_usada8", "int32_t", "int32_t sum, uint32_t a", `  __asm__("usada8 %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(0));\n  return sum;`)}${unpack("dot_even_u8", "uxtb16 %0, %1")}${unpack("dot_odd_u8", "uxtb16 %0, %1, ror #8")}${unpack("dot_even_i8", "sxtb16 %0, %1")}${unpack("dot_odd_i8", "sxtb16 %0, %1, ror #8")}#endif
`

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

/** The function around a step, which finds four x unpacked in `u` and `v` (their pairs) and adds them to the sums. */
function kernelText(
  name: string,
  data: Dot["data"],
  steps: { readonly locals: string; readonly step: string; readonly words: number; readonly end: string },
): string {
  const wide = data === "i16"
  const read = wide
    ? "uint32_t u, v; memcpy(&u, x, 4); memcpy(&v, x + 2, 4);"
    : `uint32_t X; memcpy(&X, x, 4); const uint32_t u = dot_even_${data}(X), v = dot_odd_${data}(X);`
  const rest = wide
    ? "const uint32_t u = (uint16_t)x[0] | (n > 1 ? (uint32_t)(uint16_t)x[1] << 16 : 0), v = n > 2 ? (uint16_t)x[2] : 0;"
    : `const uint32_t X = (uint8_t)x[0] | (n > 1 ? (uint32_t)(uint8_t)x[1] << 8 : 0) | (n > 2 ? (uint32_t)(uint8_t)x[2] << 16 : 0);
      const uint32_t u = dot_even_${data}(X), v = dot_odd_${data}(X);`
  return `#ifndef ${name}_
#define ${name}_
__attribute__((noinline)) static void ${name}(
    const uint32_t *w, const ${TYPE[data]} *x, uint32_t runs, uint32_t length, int32_t jump, int32_t *sums) {
  ${steps.locals}
  jump -= (int32_t)length;
  for (; runs; --runs) {
    uint32_t n = length;
    for (; n >= 4; n -= 4) {
      ${read}
      ${steps.step}
      x += 4; w += ${steps.words};
    }
    if (n) {
      ${rest}
      ${steps.step}
      x += n; w += ${steps.words};
    }
    x += jump;
  }
  ${steps.end}
}
#endif
`
}

/**
 * Bytes: a word holds two rows at two positions. Where sums have 24 bits the word goes into SMLAD as it is, as numbers
 * w₀ + 256 w₁: its sum less the first row's is 256 times the second's, one unpacking less of two.
 */
function bytesKernel(dot: Dot): Kernel {
  const at = weightsOf(dot)
  const paired = pairsFit(dot, at)
  const name = `dot4_${paired ? "pairs" : "bytes"}_${dot.data}`
  const word = (w: number, a: number, b: number, of: string): string =>
    paired
      ? `s${b} = dot_smlad(s${b}, w[${w}], ${of}); s${a} = dot_smlad(s${a}, dot_even_i8(w[${w}]), ${of});`
      : `s${a} = dot_smlad(s${a}, dot_even_i8(w[${w}]), ${of}); s${b} = dot_smlad(s${b}, dot_odd_i8(w[${w}]), ${of});`
  const half = (n: number, k: number): number =>
    k < 0 ? 0 : (paired ? at(n, k) + 256 * at(n + 1, k) : (at(n, k) & 255) | (at(n + 1, k) << 8)) & 0xffff
  const second = (n: number): string => (paired ? `(int32_t)((uint32_t)s${n} - (uint32_t)s${n - 1}) >> 8` : `s${n}`)
  return {
    name,
    text: kernelText(name, dot.data, {
      locals: "int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;",
      step: [word(0, 0, 1, "u"), word(1, 2, 3, "u"), word(2, 0, 1, "v"), word(3, 2, 3, "v")].join("\n      "),
      words: 4,
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
  const word = (w: number, of: string): string => `a = w[${w}];
      s3 = dot_smlad(s3, a, ${of}); s1 = dot_smlad(s1, dot_even_u8(a), ${of});
      s0 = dot_smlad(s0, a & UINT32_C(0x000f000f), ${of}); s2 = dot_smlad(s2, a & UINT32_C(0x0f000f00), ${of});`
  const sum =
    dot.data === "u8"
      ? "all = dot_usada8(all, X);"
      : "all = dot_smlad(all, u, 0x10001); all = dot_smlad(all, v, 0x10001);"
  const half = (first: number, k: number): number =>
    k < 0 ? 0 : [0, 1, 2].reduce((all, n) => all + (at(first + n, k) + 8) * 16 ** n, at(first + 3, k) * 4096) & 0xffff
  return {
    name,
    text: kernelText(name, dot.data, {
      locals: "int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, all = 0;",
      step: `uint32_t ${[word(0, "u"), word(1, "v")].join("\n      ")}\n      ${sum}`,
      words: 2,
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
