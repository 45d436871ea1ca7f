/** Named limits: what a stranger's program may ask for at most. */
export const LIMITS = {
  statements: 20_000,
  expressions: 2 ** 20, // constants, locals, loads and operations in all statements together
  depth: 64, // of blocks in blocks, and of an expression
  memoryBytes: 2 ** 28,
  rounds: 2 ** 31 - 1,
  work: 2 ** 38, // operations that an entry may take: minutes, never for ever
  problems: 20,
} as const
