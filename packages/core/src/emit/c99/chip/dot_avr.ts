import type { Dot, PrintedDot } from "./dot.ts"
import { bytesOf, fitsNibbles, type Kind, nibbles, passLoop, plainBytes } from "./dot_avr_passes.ts"
import { flashArray } from "./flash.ts"
import { counter, sumType } from "./numbers.ts"

/**
 * Sums of products for AVR, in assembly around its 8-bit multiplier: nothing where the numbers are too wide for it.
 *
 * Few products are a straight line: an element once, a weight as a number in the code, so that a weight of 0 costs
 * nothing and one of ±1 no product. Others are passes over x that make up to 4 sums each, weights in the order in which
 * they are met (dot_avr_passes.ts).
 */
export function printAvrDot(dot: Dot, isFar = false): PrintedDot | undefined {
  const { data, accumulator, outputs, runs, jump, weights } = dot
  if (data === "i16" || accumulator === 32) return undefined
  const products = weights.reduce((all, row) => all + row.length, 0)
  const isNear = jump >= 0 && reach(dot) <= DISPLACEMENT_MAX
  if (outputs <= 4 && products <= STRAIGHT_MAX && isNear) return straight(dot)
  const split = runs === 1 ? asRuns(dot) : dot
  if (!split || split.runs > COUNT_MAX || split.length > COUNT_MAX) return undefined
  if (4 * split.runs * split.length > CALL_BYTES_MAX) return undefined
  return passes(
    split,
    isFar,
    fitsNibbles(dot) && outputs > 1
      ? nibbles
      : plainBytes(data === "u8" && outputs >= OFFSET_PAYS && accumulator === 24),
  )
}
const STRAIGHT_MAX = 32
/** A counter of 8 bits counts so far. */
const COUNT_MAX = 255
/** `ldd` reaches so far beyond its pointer, and never before it. */
const DISPLACEMENT_MAX = 63
/** Σx costs 4 cycles an element, and saves one a product. */
const OFFSET_PAYS = 5
const reach = ({ runs, jump, length }: Dot): number => (runs - 1) * jump + length - 1

/** A long run as runs that follow one another, so that 8 bits count each. */
function asRuns(dot: Dot): Dot | undefined {
  if (dot.length <= COUNT_MAX) return dot
  for (let length = COUNT_MAX; length > 1; length--)
    if (dot.length % length === 0) return { ...dot, runs: dot.length / length, length, jump: length }
  return undefined
}

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
/** A product's sign is its carry: the weight's register becomes 0 or −1 of it. */
const signedTerm = (n: number, w: number, isWide: boolean): readonly string[] => [
  ...[`ldi %[w],lo8(${w})`, "muls %[t],%[w]"],
  ...(isWide ? ["sbc %[w],%[w]"] : []),
  ...[`add %A[s${n}],r0`, `adc %B[s${n}],r1`],
  ...(isWide ? [`adc %C[s${n}],%[w]`] : []),
]

/** Up to BLOCK sums a call, four a pass, and what is left over. */
function passes(dot: Dot, isFar: boolean, kind: Kind): PrintedDot {
  const { name, outputs, data, accumulator } = dot
  const [whole, rest] = [Math.floor(outputs / 4), outputs % 4]
  const block = blockOf(outputs, bytesOf(dot, 4, kind))
  const many = block / 4
  const step = many * bytesOf(dot, 4, kind)
  const array = flashArray("u8", `${name}_packed`, kind.pack(dot), isFar, step)
  const type = sumType(accumulator)
  const hasOffset = kind.offset !== undefined
  const parameters = `const in_${data} *x, ${type} *sums${hasOffset ? ", n24 offset" : ""}`
  const given = (sums: string): string => `x, ${sums}${hasOffset ? ", offset" : ""}`
  const functionOf = (count: number): string => {
    const repeated = count === 4 && whole > 1
    const head = `static __attribute__((noinline)) void ${name}_${count}(${isFar ? "far_at from_w" : "const uint8_t *w"}, ${parameters}${repeated ? ", n8 passes" : ""}) {`
    const pass = passText(dot, count, kind, isFar)
    const begin = isFar
      ? "\n  const uint8_t *w = (const uint8_t *)(uint16_t)from_w;\n  RAMPZ = (uint8_t)(from_w >> 16);"
      : ""
    return repeated
      ? `${head}${begin}\n  const in_${data} *from = x;\n  do {\n${pass}\n  x = from; sums += 4;\n  } while (--passes);\n}`
      : `${head}${begin}\n${pass}\n}`
  }
  const four = (from: string, count: string): string =>
    `${name}_4(${array.at(from)}, ${given("sums")}${whole > 1 ? `, ${count}` : ""});`
  const last = (sums: string): string =>
    `${name}_${rest}(${array.at(`${whole * bytesOf(dot, 4, kind)}u`)}, ${given(sums)});`
  const isSingle = outputs <= block
  const place = isFar ? "(uint32_t)at" : "at"
  const full = Math.floor(whole / many)
  const left = whole - full * many
  const body = isSingle
    ? `(void)at; ${whole > 0 ? four("0", `${whole}`) : ""} ${rest > 0 ? last(whole > 0 ? `sums + ${4 * whole}` : "sums") : ""}`
    : rest === 0 && left === 0
      ? four(`${place} * ${step}u`, `${many}`)
      : `if (at < ${full}) { ${four(`${place} * ${step}u`, `${many}`)} } else { ${
          left > 0 ? four(`${place} * ${step}u`, `${left}`) : ""
        } ${rest > 0 ? last(`sums + ${4 * left}`) : ""} }`
  const text = [
    array.text,
    ...(kind.offset === undefined ? [] : [totalOf(dot, kind.offset)]),
    ...(whole > 0 ? [functionOf(4)] : []),
    ...(rest > 0 ? [functionOf(rest)] : []),
    `INLINE void ${name}(uint16_t at, ${parameters}) { ${body} }`,
  ].join("\n")
  return {
    text,
    block,
    ...(hasOffset ? { before: (x: string) => `const n24 ${name}_offset = ${name}_total(${x});` } : {}),
    call: (at, x, sums) => `${name}(${at}, ${x}, ${sums}${hasOffset ? `, ${name}_offset` : ""});`,
  }
}
/** Sums of one call: each call saves registers, and each sum takes 3 bytes of the stack. */
function blockOf(outputs: number, passBytes: number): number {
  const most = Math.max(4, 4 * Math.floor(CALL_BYTES_MAX / passBytes))
  const sizes = [16, 12, 8, 4].filter((size) => size <= most)
  return sizes.find((size) => outputs % size === 0) ?? Math.min(sizes[0]!, Math.ceil(outputs / 4) * 4)
}
/** What one call reads of the weights is a piece of an array at most. */
const CALL_BYTES_MAX = 16384

/** −2^bits · Σx, modulo 2²⁴. */
function totalOf({ name, runs, length, jump, data }: Dot, bits: number): string {
  return `INLINE n24 ${name}_total(const in_${data} *x) {
  ${counter(runs)} r;
  ${counter(length)} l;
  __uint24 all = 0;
  for (r = 0; r < ${runs}; ++r, x += ${jump - length}) {
    ${data === "i8" ? "int16_t" : "uint16_t"} total = 0;
    for (l = 0; l < ${length}; ++l) total += *x++;
    all += ${data === "i8" ? "(__uint24)(__int24)total" : "total"};
  }
  return (__int24)(0 - (all << ${bits}));
}`
}

/** One pass over x that makes `count` sums. */
function passText(dot: Dot, count: number, kind: Kind, isFar: boolean): string {
  const { accumulators, one, give, classes, needsZero, zeroChanges = false } = kind.pass(dot, count)
  const loaded = isFar ? one.map((line) => line.replace(/^lpm /, "elpm ")) : one // which carries into RAMPZ
  const { lines, counters, declared } = passLoop(dot, ["ld %[t],X+", ...loaded])
  const outs = [
    ...accumulators.map(({ name }) => `[${name}] "+r"(${name})`),
    `[t] "=&${classes.t}"(t)`,
    `[m] "=&${classes.m}"(m)`,
    ...counters,
    ...(zeroChanges ? [`[z] "=&r"(z)`] : []),
    `"+z"(at_w)`,
    `"+x"(at_x)`,
  ]
  // Named registers: left to choose, avr-gcc 5.4 may give half of X away to a sum and find no other.
  const pointers = `  register const uint8_t *at_w __asm__("r30") = w;
  register const in_${dot.data} *at_x __asm__("r26") = x;`
  return `  ${accumulators[0]!.type} ${accumulators.map(({ name, start }) => `${name} = ${start}`).join(", ")};
  uint8_t t, m${declared};
${zeroChanges ? "  uint8_t z;\n" : needsZero ? "  const uint8_t z = 0;\n" : ""}${pointers}
  __asm__ volatile(${lines.map((line) => `"${line}\\n\\t"`).join("\n    ")}
    "clr r1"
    : ${outs.join(", ")} : ${needsZero && !zeroChanges ? `[z] "r"(z)` : ""} : "r0", "memory");
  (void)t; (void)m;${zeroChanges ? " (void)z;" : ""}
  w = at_w;
  (void)w;
  ${give.join(" ")}`
}
