/** Named limits of a program. */
export interface Limits {
  readonly statements: number
  readonly expressions: number
  readonly depth: number
  readonly memoryBytes: number
  readonly rounds: number
  readonly work: number
  readonly problems: number
}
/** What a stranger's program may ask for at most. */
export const LIMITS = {
  statements: 20_000,
  expressions: 2 ** 20, // constants, locals, loads and operations in all statements together
  depth: 64, // of blocks in blocks, and of an expression
  memoryBytes: 2 ** 28,
  rounds: 2 ** 31 - 1,
  work: 2 ** 38, // operations that an entry may take: minutes, never for ever
  problems: 20,
} as const satisfies Limits

/** For what is made here and now, such as a training step: as much as a memory of 32 bits holds, and many layers. */
export const OWN_LIMITS: Limits = {
  ...LIMITS,
  ...{ statements: 2 ** 18, expressions: 2 ** 23, memoryBytes: 2 ** 32 - 2 ** 16, work: 2 ** 48 },
}
