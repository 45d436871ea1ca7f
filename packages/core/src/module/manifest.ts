import type { Digest } from "../base/digest.ts"

/**
 * What a module is, needs and promises. `printManifest` gives it one text, whose digest is the module's: it names the
 * digest of every other file, so it covers them all.
 */
export interface Manifest {
  readonly kind: "net"
  readonly name: string // [a-z][a-z0-9-]{0,63}
  readonly about: string // one line for a person
  readonly licence: string // SPDX expression
  readonly takes: { readonly name: string; readonly type: "text"; readonly bytesMax: number }
  readonly gives: { readonly name: string; readonly type: "label"; readonly labels: readonly string[] }
  readonly unsureBelow: number // -32768 … 32767, in 1/256 bit of evidence: an answer with less is `unsure`
  readonly built: Build
  readonly parts: Readonly<Record<string, Digest>> // every other file: "graph.json", "recipe.json", "README.md", …
}

/** With the recipe among the parts, all that the weights depend on: the same build gives the same digest anywhere. */
export interface Build {
  readonly operations: number // version of the operation set
  readonly seed: number
  readonly data: readonly NamedDigest[]
  readonly base?: NamedDigest
}
export interface NamedDigest {
  readonly name: string
  readonly digest: Digest
}
