import type { Digest } from "../base/digest.ts"
import type { Problem } from "../base/problem.ts"
import type { Parsed } from "./parse.ts"
import type { BenchmarkDeclaration, CodeDeclaration, ModuleDeclaration } from "./parts.ts"
import type { Port } from "./types.ts"

/** All that a brain's text leads to, read beforehand: checking touches no file. */
export interface Library {
  /** By path, as `include` and `use` lead there. */
  readonly files: ReadonlyMap<string, Parsed>
  /** What `include` leads to from a file, whether or not it could be read. */
  included(file: string, path: string): string
  /** What the string of a `use` leads to from a file. */
  found(file: string, source: string): Found
  /** What the string of a `benchmark` leads to from a file; nothing for a name of the store that is not on this machine. */
  benchmark(file: string, source: string): FoundBenchmark | undefined
  /** Of the file of a code part, where it is. */
  codeDigest(file: string, declaration: CodeDeclaration): Digest | undefined
  /** What the lock of the brain says of a `use` or of code (`lockedCode`), if it has one that names it. */
  locked(file: string, source: string): Digest | undefined
  /** Whether the file that a `code` module runs was looked for in vain, by its path. */
  isLost(path: string): boolean
  /** What a module that a file declares costs, where that is known. */
  cost(file: string, declaration: ModuleDeclaration): Cost
}
/** What a lock calls the code of a part that a file declares. */
export const lockedCode = (name: string): string => `code ${name}`
export type Found =
  | { readonly kind: "module"; readonly module: ModuleFacts }
  | { readonly kind: "brain"; readonly file: string; readonly digest?: Digest }
  | { readonly kind: "absent"; readonly problem: Pick<Problem, "code" | "seen" | "hint"> }

export type FoundBenchmark =
  | { readonly kind: "benchmark"; readonly declaration: BenchmarkDeclaration; readonly file: string }
  | { readonly kind: "absent"; readonly problem: Pick<Problem, "code" | "seen" | "hint"> }

/** A module of a folder or of the store, as its manifest has it. */
export interface ModuleFacts extends Cost {
  readonly kind: "net"
  readonly name: string
  readonly folder: string
  readonly digest: Digest
  readonly takes: readonly Port[]
  readonly gives: readonly Port[]
  readonly isStepped?: true
}
/** What a module takes; nothing where nobody knows. */
export interface Cost {
  readonly memoryBytes?: number
  readonly flashBytes?: number
  readonly latencyMs?: number
  readonly cost?: number
}
