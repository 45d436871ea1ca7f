import type { Dot, PrintedDot } from "./dot.ts"
import { flashArray } from "./flash.ts"
import { counter, sumType } from "./numbers.ts"

/** Sums of products in C alone, weights row after row: for any chip. */
export function printPlainDot(
  { name, outputs, runs, length, jump, data, weights, accumulator }: Dot,
  isFar = false,
): PrintedDot {
  const row = runs * length
  const block = Math.min(outputs, 4)
  const array = flashArray(
    "i8",
    `${name}_weights`,
    weights.flatMap((each) => Array.from(each)),
    isFar,
  )
  const product = `(int32_t)from[l] * ${array.read(array.at("at"))}`
  const text = `${array.text}
INLINE void ${name}(${counter(outputs)} n, const in_${data} *x, ${sumType(accumulator)} *sums) {
  ${counter(outputs * row)} at = n * ${row};
  ${counter(block)} j;
  ${counter(runs)} r;
  ${counter(length)} l;
  for (j = 0; j < ${block} && n < ${outputs}; ++j, ++n) {
    const in_${data} *from = x;
    int32_t sum = 0;
    for (r = 0; r < ${runs}; ++r, from += ${jump}) for (l = 0; l < ${length}; ++l, ++at) sum += ${product};
    sums[j] = (${sumType(accumulator)})sum;
  }
}`
  return { text, block, call: (at, x, sums) => `${name}(${at} * ${block}, ${x}, ${sums});` }
}
