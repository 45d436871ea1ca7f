import type { Dot, PrintedDot } from "./dot.ts"
import { flashArray } from "./flash.ts"
import { counter, sumType } from "./numbers.ts"

/** Sums of products in C alone, weights row after row: for any chip. */
export function printPlainDot(dot: Dot, isFar = false, block = Math.min(dot.outputs, 4)): PrintedDot {
  const { name, outputs, runs, length, jump, weights, accumulator } = dot
  const row = runs * length
  const rows = flashArray(
    "i8",
    `${name}_rows`,
    weights.flatMap((each) => Array.from(each)),
    isFar,
  )
  const text = `${rows.text}
${signatureOf(dot)} {
  ${counter(outputs)} n = (${counter(outputs)})(block * ${block}), j;
  ${counter(outputs * row)} at = (${counter(outputs * row)})n * ${row};
  ${counter(runs)} r;
  ${counter(length)} l;
  for (j = 0; j < ${block}${outputs % block === 0 ? "" : ` && n < ${outputs}`}; ++j, ++n) {
    const in_${dot.data} *from = x;
    int32_t sum = 0;
    for (r = 0; r < ${runs}; ++r, from += ${jump})
      for (l = 0; l < ${length}; ++l, ++at) sum += (int32_t)from[l] * ${rows.read(rows.at("at"))};
    sums[j] = (${sumType(accumulator)})sum;
  }
}`
  return { text, block, call: callOf(dot) }
}

/** The first line of the function that gives the sums of a block of outputs. */
export const signatureOf = ({ name, data, accumulator }: Dot): string =>
  `static void ${name}_dot(n16 block, const in_${data} *x, ${sumType(accumulator)} *sums)`
export const callOf =
  ({ name }: Dot) =>
  (block: string, x: string, sums: string): string =>
    `${name}_dot(${block}, ${x}, ${sums});`
