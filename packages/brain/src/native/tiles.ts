import { TILES, type Tile, type Tiles } from "@open-brains/core/base/tiles.ts"
import type { Width } from "@open-brains/core/emit/c99/vectors.ts"

/**
 * How products are cut for vectors of so many lanes: as many sums as hide the time that one takes, with the columns that
 * they multiply, fill the registers (32 of AVX-512 and NEON, 16 of AVX2). `./check bench engine` measures the one in use.
 */
export function tilesOf(width: Width): Tiles {
  switch (width) {
    case 16:
      return { float: { rows: 8, columns: 32, unroll: 2 }, integer: { rows: 1, columns: 128, unroll: 1, dot: "bytes" } }
    case 8:
      return { float: { rows: 4, columns: 16, unroll: 1 }, integer: { rows: 1, columns: 32, unroll: 4, dot: "bytes" } }
    case 4:
      return { float: { rows: 4, columns: 16, unroll: 2 }, integer: TILES.integer }
    default:
      return width satisfies never
  }
}

/** Floats of a program that begins in WebAssembly and goes on in C: two thirds of the one's speed and most of the other's. */
export const TILE_BETWEEN: Tile = { rows: 4, columns: 16, unroll: 2 }
