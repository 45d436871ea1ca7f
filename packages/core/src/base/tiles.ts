/** How a matrix product is cut into register tiles: sums of `rows` × `columns`, over `unroll` steps of k a round. */
export interface Tile {
  readonly rows: number
  /** A whole number of vectors. */
  readonly columns: number
  readonly unroll: number
  /** How integers are multiplied: pairs of halves, or fours of bytes, the left side in two parts below 128. */
  readonly dot?: "halves" | "bytes"
}
/** How an engine likes its products cut; whatever it is, the bits are the same. */
export interface Tiles {
  readonly float: Tile
  readonly integer: Tile
  /** Products of fewer multiplications are not cut: there it would cost more code, and time to compile it, than it saves. */
  readonly least?: number
}
export const LEAST = 2 ** 14
/** Eight sums, four columns of b and one element of a fit the sixteen registers of SIMD128 and AVX2. */
export const TILES: Tiles = {
  float: { rows: 2, columns: 16, unroll: 4 },
  integer: { rows: 2, columns: 16, unroll: 4, dot: "halves" },
}
/** What is worth trying on a machine: see run/tune.ts. */
export const TILES_TO_TRY: Readonly<Record<"float" | "integer", readonly Tile[]>> = {
  float: [TILES.float, { rows: 4, columns: 8, unroll: 4 }, { rows: 4, columns: 16, unroll: 4 }],
  integer: [
    TILES.integer,
    { rows: 1, columns: 16, unroll: 4, dot: "bytes" },
    { rows: 4, columns: 8, unroll: 4, dot: "halves" },
  ],
}
