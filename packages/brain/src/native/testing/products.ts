import {
  add,
  and,
  buffer,
  dot2,
  dot4,
  i32,
  let_,
  load,
  loadPacked,
  local,
  loop,
  mul,
  parallel,
  set,
  store,
} from "@open-brains/core/ir/build.ts"
import type { Expression, Program } from "@open-brains/core/ir/program.ts"

const [COLUMNS, WORDS] = [112, 5] // many vectors of each width, so that products are added to their sums at once

/** Sums of dot products as matrix products have them: of pairs, of fours, with masks that choose another instruction. */
export function productsProgram(): Program {
  const weights = buffer("input", "i8", "weights", 4 * COLUMNS * WORDS)
  const [pairs, fours] = [buffer("input", "i16", "pairs", 2 * WORDS), buffer("input", "i8", "fours", 4 * WORDS)]
  const start = buffer("input", "i32", "start", COLUMNS)
  const words = (packed: 2 | 4, k: Expression, i: Expression): Expression =>
    loadPacked(packed, weights, add(mul(k, i32(packed * COLUMNS)), mul(i, i32(packed))))
  const four = (k: Expression): Expression => loadPacked(4, fours, mul(k, i32(4)))
  const kinds: Readonly<Record<string, (k: Expression, i: Expression) => Expression>> = {
    halves: (k, i) => dot2(words(2, k, i), loadPacked(2, pairs, mul(k, i32(2)))),
    bytes: (k, i) => dot4(words(4, k, i), four(k)),
    shared_small: (k, i) => dot4(words(4, k, i), and(four(k), 0x7f7f7f7f)),
    own_small: (k, i) => dot4(and(words(4, k, i), 0x0f0f0f0f), four(k)),
    squares: (k, i) => dot4(words(4, k, i), words(4, k, i)),
  }
  const parts = Object.entries(kinds).map(([name, product]) => {
    const [i, k, sum] = [local(`${name}_i`), local(`${name}_k`), local(`${name}_sum`)]
    const out = buffer("output", "i32", name, COLUMNS)
    const inner = loop(k, WORDS, [set(sum, add(sum, product(k, i)))])
    return { out, part: parallel(i, COLUMNS, [let_(sum, load(start, i)), inner, store(out, i, sum)]) }
  })
  const buffers = [weights, pairs, fours, start, ...parts.map(({ out }) => out)]
  return { name: "products", buffers, body: parts.map(({ part }) => part) }
}
