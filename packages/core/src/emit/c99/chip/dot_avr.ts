import type { Dot, PrintedDot } from "./dot.ts"
import { flashArray } from "./flash.ts"
import { counter, sumType } from "./numbers.ts"

/**
 * Sums of products for AVR, in assembly around its 8-bit multiplier: nothing where the numbers are too wide for it.
 *
 * Few products are a straight line: an element once, a weight as a number in the code, so that a weight of 0 costs
 * nothing and one of ±1 no product. Others are passes over x that make up to 4 sums each, weights in the order in which
 * they are met. With 4 outputs or more and data without a sign, weights are stored with 128 added, so that no product
 * has a sign to be extended, and −128 · Σx is put right once for all outputs.
 */
export function printAvrDot(dot: Dot): PrintedDot | undefined {
  if (dot.data === "i16" || dot.accumulator === 32) return undefined
  if (dot.runs > 255 || dot.length > LENGTH_MAX) return undefined
  const products = dot.weights.reduce((all, row) => all + row.length, 0)
  return dot.outputs <= 4 && products <= STRAIGHT_MAX && reach(dot) <= DISPLACEMENT_MAX ? straight(dot) : passes(dot)
}
const STRAIGHT_MAX = 32
/** A counter of 8 bits counts so many elements, at worst one at a time. */
const LENGTH_MAX = 255
/** `ldd` reaches so far beyond its pointer. */
const DISPLACEMENT_MAX = 63
const reach = ({ runs, jump, length }: Dot): number => (runs - 1) * jump + length - 1

function straight({ name, outputs, runs, length, jump, data, weights, accumulator }: Dot): PrintedDot {
  const lines: string[] = []
  const isWide = accumulator > 16
  for (let k = 0; k < runs * length; k++) {
    const used = weights.flatMap((row, n) => (row[k] === 0 ? [] : [{ n, w: row[k]! }]))
    if (used.length === 0) continue
    lines.push(`ldd %[t],%a[x]+${Math.floor(k / length) * jump + (k % length)}`)
    for (const { n, w } of used) lines.push(...(data === "u8" ? unsignedTerm(n, w, isWide) : signedTerm(n, w, isWide)))
  }
  const sums = weights.map((_, n) => `s${n}`)
  const text = `INLINE void ${name}(const in_${data} *x, ${sumType(accumulator)} *sums) {
  ${isWide ? "__int24" : "int16_t"} ${sums.map((s) => `${s} = 0`).join(", ")};
  uint8_t t, w, z = 0;
  __asm__ volatile(${lines.map((line) => `"${line}\\n\\t"`).join("\n    ")}
    "clr r1"
    : ${sums.map((s) => `[${s}] "+r"(${s})`).join(", ")}, [t] "=&a"(t), [w] "=&a"(w) : [x] "b"(x), [z] "r"(z) : "r0", "memory");
  (void)t; (void)w;
  ${sums.map((s, n) => `sums[${n}] = ${s};`).join(" ")}
}`
  return { text, block: outputs, call: (_, x, to) => `${name}(${x}, ${to});` }
}
function unsignedTerm(n: number, w: number, isWide: boolean): readonly string[] {
  const [add, carry] = w > 0 ? ["add", "adc"] : ["sub", "sbc"]
  const top = isWide ? [`${carry} %C[s${n}],%[z]`] : []
  if (Math.abs(w) === 1) return [`${add} %A[s${n}],%[t]`, `${carry} %B[s${n}],%[z]`, ...top]
  return [`ldi %[w],${Math.abs(w)}`, "mul %[t],%[w]", `${add} %A[s${n}],r0`, `${carry} %B[s${n}],r1`, ...top]
}
function signedTerm(n: number, w: number, isWide: boolean): readonly string[] {
  const product = [`ldi %[w],lo8(${w})`, "muls %[t],%[w]"]
  // A product's sign is its carry: w becomes 0 or −1 of it.
  return [
    ...product,
    ...(isWide ? ["sbc %[w],%[w]"] : []),
    `add %A[s${n}],r0`,
    `adc %B[s${n}],r1`,
    ...(isWide ? [`adc %C[s${n}],%[w]`] : []),
  ]
}

function passes(dot: Dot): PrintedDot {
  const { name, outputs, runs, length, data, weights, accumulator } = dot
  const isOffset = data === "u8" && outputs >= OFFSET_PAYS && accumulator === 24
  const packed = `${name}_packed`
  const row = runs * length
  const bytes: number[] = []
  for (let first = 0; first < outputs; first += 4)
    for (let k = 0; k < row; k++)
      for (const each of weights.slice(first, first + 4)) bytes.push((each[k]! + (isOffset ? 128 : 0)) & 0xff)
  const [whole, rest] = [Math.floor(outputs / 4), outputs % 4]
  const pass = (count: number): string => passOf(dot, count, isOffset)
  const total = isOffset ? totalOf(dot) : ""
  const parameters = `const in_${data} *x, ${sumType(accumulator)} *sums${isOffset ? `, __int24 offset` : ""}`
  const functions = [...(whole > 0 ? [4] : []), ...(rest > 0 ? [rest] : [])].map(
    (count) => `static __attribute__((noinline)) void ${name}_${count}(const uint8_t *w, ${parameters}) {
${pass(count)}
}`,
  )
  const given = `x, sums${isOffset ? ", offset" : ""}`
  const of = (count: number): string => `${name}_${count}(${packed} + (uint16_t)at * ${4 * row}u, ${given});`
  const body = rest === 0 ? of(4) : whole === 0 ? of(rest) : `if (at < ${whole}) ${of(4)} else ${of(rest)}`
  const text = `${flashArray("uint8_t", packed, bytes)}
${[total, ...functions].filter(Boolean).join("\n")}
INLINE void ${name}(${counter(outputs)} at, ${parameters}) { ${body} }`
  return {
    text,
    block: Math.min(outputs, 4),
    ...(isOffset ? { before: (x: string) => `const __int24 ${name}_offset = ${name}_total(${x});` } : {}),
    call: (at, x, sums) => `${name}(${at}, ${x}, ${sums}${isOffset ? `, ${name}_offset` : ""});`,
  }
}
/** Σx costs 4 cycles an element, and saves one a product. */
const OFFSET_PAYS = 5

/** −128 · Σx, modulo 2²⁴. */
function totalOf({ name, runs, length, jump }: Dot): string {
  return `INLINE __int24 ${name}_total(const in_u8 *x) {
  uint16_t total = 0;
  ${counter(runs)} r;
  ${counter(length)} l;
  __uint24 all = 0;
  for (r = 0; r < ${runs}; ++r, x += ${jump - length}) {
    for (l = 0; l < ${length}; ++l) { total += *x++;${length > 256 ? " if (total & 0x8000u) { all += total; total = 0; }" : ""} }
    all += total; total = 0;
  }
  return (__int24)(0 - (all << 7));
}`
}

/** One pass over x that makes `count` sums. */
function passOf({ runs, length, jump, data, accumulator }: Dot, count: number, isOffset: boolean): string {
  const isWide = accumulator > 16
  const unroll = [4, 3, 2].find((u) => length % u === 0) ?? 1
  const names = ["a", "b", "c", "d"].slice(0, count)
  const multiply = isOffset ? "mul" : data === "i8" ? "muls" : "mulsu"
  const term = (s: string): readonly string[] => [
    "lpm %[w],Z+",
    `${multiply} %[w],%[t]`,
    ...(isWide && !isOffset ? ["sbc %[w],%[w]"] : []),
    `add %A[${s}],r0`,
    `adc %B[${s}],r1`,
    ...(isWide ? [`adc %C[${s}],%[${isOffset ? "z" : "w"}]`] : []),
  ]
  const one = ["ld %[t],X+", ...names.flatMap(term)]
  const chunks = length / unroll
  const words = unroll * one.reduce((all, line) => all + (/^(?:lpm|mul|ld|add|adc|sbc)/.test(line) ? 1 : 0), 0)
  const again = (label: string, out: string): readonly string[] =>
    words <= BRANCH_MAX ? [`brne ${label}b`] : [`breq ${out}f`, `rjmp ${label}b`]
  const body = Array.from({ length: unroll }, () => one).flat()
  const inner = chunks === 1 ? body : [`ldi %[n],${chunks & 0xff}`, "1:", ...body, "dec %[n]", ...again("1", "2"), "2:"]
  const skip = jump - length
  const lines =
    runs === 1
      ? inner
      : [
          `ldi %[r],${runs}`,
          "3:",
          ...inner,
          ...(skip === 0 ? [] : [`subi r26,lo8(${-skip})`, `sbci r27,hi8(${-skip})`]),
          "dec %[r]",
          ...(words + 8 <= BRANCH_MAX ? ["brne 3b"] : ["breq 4f", "rjmp 3b", "4:"]),
        ]
  const type = isWide ? "__int24" : "int16_t"
  const scratch = data === "i8" || !isOffset ? "a" : "r"
  const outs = [
    ...names.map((s) => `[${s}] "+r"(${s})`),
    `[t] "=&${scratch}"(t)`,
    `[w] "=&${scratch}"(m)`,
    ...(chunks === 1 ? [] : [`[n] "=&d"(n)`]),
    ...(runs === 1 ? [] : [`[r] "=&d"(r)`]),
    `"+z"(w)`,
    `"+x"(x)`,
  ]
  return `  ${type} ${names.map((s) => `${s} = ${isOffset ? "offset" : "0"}`).join(", ")};
  uint8_t t, m${chunks === 1 ? "" : ", n"}${runs === 1 ? "" : ", r"};
${isOffset ? "  const uint8_t z = 0;\n" : ""}  __asm__ volatile(${lines.map((line) => `"${line}\\n\\t"`).join("\n    ")}
    "clr r1"
    : ${outs.join(", ")} : ${isOffset ? `[z] "r"(z)` : ""} : "r0", "memory");
  (void)t; (void)m;
  ${names.map((s, n) => `sums[${n}] = ${s};`).join(" ")}`
}
/** Words that a conditional branch reaches back over. */
const BRANCH_MAX = 62
