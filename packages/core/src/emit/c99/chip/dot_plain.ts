import type { Dot, PrintedDot } from "./dot.ts"
import { flashArray, fromFlash } from "./flash.ts"
import { counter, sumType } from "./numbers.ts"

/** Sums of products in C alone, weights row after row: for any chip. */
export function printPlainDot({ name, outputs, runs, length, jump, data, weights, accumulator }: Dot): PrintedDot {
  const row = runs * length
  const packed = `${name}_weights`
  const block = Math.min(outputs, 4)
  const sum = (x: string, w: string): string => `${x} * ${fromFlash("i8", packed, w)}`
  const text = `${flashArray(
    "int8_t",
    packed,
    weights.flatMap((each) => Array.from(each)),
  )}
INLINE void ${name}(${counter(outputs)} n, const in_${data} *x, ${sumType(accumulator)} *sums) {
  ${counter(outputs * row)} at = n * ${row};
  ${counter(block)} j;
  ${counter(runs)} r;
  ${counter(length)} l;
  for (j = 0; j < ${block} && n < ${outputs}; ++j, ++n) {
    const in_${data} *from = x;
    int32_t sum = 0;
    for (r = 0; r < ${runs}; ++r, from += ${jump}) for (l = 0; l < ${length}; ++l, ++at) sum += (int32_t)${sum("from[l]", "at")};
    sums[j] = (${sumType(accumulator)})sum;
  }
}`
  return { text, block, call: (at, x, sums) => `${name}(${at} * ${block}, ${x}, ${sums});` }
}
