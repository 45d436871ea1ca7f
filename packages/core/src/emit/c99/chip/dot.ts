/** Sums of products with constant weights: sum[n] = Σ_r Σ_l x[r · jump + l] · w[n][r · length + l], r < runs, l < length. */
export interface Dot {
  /** Begins the C names of what is printed. */
  readonly name: string
  /** N. */
  readonly outputs: number
  readonly runs: number
  readonly length: number
  /** Elements of x from one run to the next. */
  readonly jump: number
  /** Dtype of x. */
  readonly data: "u8" | "i8" | "i16"
  /** i8, [N][runs · length]. */
  readonly weights: readonly ArrayLike<number>[]
  /** |sum| of every output, and of each partial sum, fits so many bits with sign: proved by the caller. */
  readonly accumulator: 16 | 24 | 32
}
export interface PrintedDot {
  /** C: the packed weights, and a function that gives the sums of a block of outputs. */
  readonly text: string
  /** Outputs of one call; those of the last call beyond N do not count. At most 255. */
  readonly block: number
  /** A statement to stand before the calls for one x, if what it names is needed there. */
  before?(x: string): string
  /** A call that writes the sums of block number `block` to `sums`, an array of `accumulator`. */
  call(block: string, x: string, sums: string): string
}
