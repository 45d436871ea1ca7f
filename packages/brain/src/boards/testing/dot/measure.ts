/**
 * Modelled cycles a product of fully connected layers with requantisation, everything counted from the call of the layer to its
 * return. `node measure.ts PLUGIN`: a plugin of QEMU that takes model=m0|m0p|m4 and, between `mov r10, r10` and
 * `mov r11, r11`, says `cycles~=` a number on stderr.
 */
import { argv } from "node:process"
import type { Dot, PrintedDot } from "@open-brains/core/emit/c99/chip/dot.ts"
import { printArmDot } from "@open-brains/core/emit/c99/chip/dot_arm.ts"
import { printPlainDot } from "@open-brains/core/emit/c99/chip/dot_plain.ts"
import { printRequantise } from "@open-brains/core/emit/c99/chip/requantise_arm.ts"
import { MACHINES, run } from "./machine.ts"

const SHIFT = 24
/** A stream of numbers in [0, 1) that is the same everywhere. */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function measured(dot: Dot, print: (dot: Dot) => PrintedDot, model: "m0" | "m0p" | "m4", plugin: string): number {
  const { outputs, length, weights } = dot
  const next = numbersFrom(1)
  const x = Array.from({ length }, () => Math.floor(next() * 256))
  const bias = Array.from({ length: outputs }, () => Math.floor(next() * 4001) - 2000)
  const multiplier = Array.from({ length: outputs }, () => 1 + Math.floor(next() * 32767))
  const expected = weights.map((row, n) => {
    const sum = Array.from(row).reduce((all, w, k) => all + w * x[k]!, bias[n]!)
    return Math.max(0, Math.min(255, Math.floor((sum * multiplier[n]! + 2 ** (SHIFT - 1)) / 2 ** SHIFT)))
  })
  const { text, block, call } = print(dot)
  const each = outputs % block === 0 ? "" : ` && ${block} * b + j < ${outputs}`
  const { numbers, said } = run(
    model === "m4" ? MACHINES.m4 : MACHINES.m0,
    `${text}${printRequantise({ name: "requantise", shift: SHIFT, data: "u8", bits: 32 })}
static const int32_t bias[] = {${bias}};
static const uint16_t multiplier[] = {${multiplier}};
static uint8_t x[] = {${x}}, y[${outputs}];
__attribute__((noinline)) static void layer(void) {
  for (int32_t b = 0; b < ${Math.ceil(outputs / block)}; ++b) {
    int32_t sums[${block}];
    ${call("b", "x", "sums")};
    for (int32_t j = 0; j < ${block}${each}; ++j)
      y[${block} * b + j] = (uint8_t)requantise(sums[j] + bias[${block} * b + j], multiplier[${block} * b + j]);
  }
}
int main(void) {
  __asm__ volatile("mov r10, r10" ::: "memory");
  layer();
  __asm__ volatile("mov r11, r11" ::: "memory");
  for (int32_t n = 0; n < ${outputs}; ++n) show(y[n]);
  return 0;
}
`,
    `${plugin},model=${model}`,
  )
  if (numbers.join() !== expected.join()) throw new Error(`the layer on ${model} gives other numbers`)
  return Number(/cycles~=(\d+)/.exec(said)![1]) / (outputs * length)
}

/** About normal, of so many units of deviation, cut at the ends. */
const normal = (next: () => number, deviation: number, low: number, high: number): number => {
  const sum = Array.from({ length: 12 }, next).reduce((a, b) => a + b) - 6
  return Math.max(low, Math.min(high, Math.round(sum * deviation)))
}
const KINDS: Readonly<Record<string, (next: () => number) => number>> = {
  "int4, normal": (next) => normal(next, 2.3, -8, 7),
  "int4, all -8": () => -8,
  "int8, normal": (next) => normal(next, 36, -127, 127),
  "int8 with -128": (next) => (next() < 0.1 ? -128 : normal(next, 36, -127, 127)),
}
const [plugin] = argv.slice(2)
if (plugin === undefined) throw new Error("which plugin of QEMU?")
for (const [outputs, length] of [
  [32, 64],
  [10, 32],
] as const)
  for (const [kind, weight] of Object.entries(KINDS))
    for (const [way, print] of Object.entries({ plain: printPlainDot, packed: printArmDot })) {
      const next = numbersFrom(2)
      const weights = Array.from({ length: outputs }, () => Array.from({ length }, () => weight(next)))
      const shape = { name: "layer", outputs, runs: 1, length, jump: length, data: "u8", accumulator: 24 } as const
      const cycles = (["m0", "m0p", "m4"] as const).map(
        (model) => `${model} ${measured({ ...shape, weights }, print, model, plugin).toFixed(2)}`,
      )
      console.log(`${length} -> ${outputs}, ${kind}, ${way}: cycles a product: ${cycles.join(", ")}`)
    }
