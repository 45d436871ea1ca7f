import { log2 } from "../base/logarithm.ts"
import { add, and, i32, less, let_, load, local, loop, select, set, shl, shrU, table } from "../ir/build.ts"
import type { Block, Buffer, Expression } from "../ir/program.ts"

const v = local
const POINTS_BITS = 10
/** Units of a cost: 2⁻¹² bits. */
export const COST_BITS = 12

/** −log₂ of the middle of each of 1024 parts of ½ … 1, in units of 2⁻¹² bits. */
export const costTable: Buffer = table(
  "u16",
  "costs",
  Array.from({ length: 2 ** POINTS_BITS }, (_, i) =>
    Math.round(2 ** COST_BITS * (POINTS_BITS + 1 - log2(2 ** POINTS_BITS + i + 0.5))),
  ),
)

/**
 * Binds `price` to −log₂ of a chance of 1 … 65535 in units of 2⁻¹⁶, in units of 2⁻¹² bits. Error: at most 0.0008 bits, by the
 * width of a part.
 */
export const cost = (chance: Expression): Block => [
  let_("scaled", chance),
  let_("price", i32(0)),
  loop("doubled", 15, [
    let_("is_small", less(v("scaled"), i32(32768))),
    set("scaled", shl(v("scaled"), select(v("is_small"), i32(1), i32(0)))),
    set("price", add(v("price"), select(v("is_small"), i32(2 ** COST_BITS), i32(0)))),
  ]),
  set("price", add(v("price"), load(costTable, and(shrU(v("scaled"), 15 - POINTS_BITS), 2 ** POINTS_BITS - 1)))),
]
