/** Sums of products with constant weights: sum[n] = Σ_r Σ_l x[r · jump + l] · w[n][r · length + l], r < runs, l < length. */
export interface Dot {
  readonly name: string // begins the C names of what is printed
  readonly outputs: number // N
  readonly runs: number
  readonly length: number
  readonly jump: number // elements of x from one run to the next
  readonly data: "u8" | "i8" | "i16" // dtype of x
  /** i8, [N][runs · length]. */
  readonly weights: readonly ArrayLike<number>[]
  /** |sum| of every output, and of each partial sum, fits so many bits with sign: proved by the caller. */
  readonly accumulator: 16 | 24 | 32
}
export interface PrintedDot {
  /** C: the packed weights (through the macro FLASH for arrays in flash) and the function(s). */
  readonly text: string
  /** Outputs of one call: a call gives `block` sums, the last one perhaps fewer that count. */
  readonly block: number
  /** C expression of a call that writes sums (int32_t or the target's accumulator type) of block number `block` to `sums`. */
  call(block: string, x: string, sums: string): string
}
