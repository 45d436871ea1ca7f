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
  /** The net whose weights or labels were changed by hand, as edits.json says: the rest of the build is that net's. */
  readonly edited?: NamedDigest
}
export interface NamedDigest {
  readonly name: string
  readonly digest: Digest
}

/**
 * A predictor of text: what it has read is its state. Texts that somebody taught it lie beside its parts and are none of
 * them, so that they are never shared with it.
 */
export interface PredictorManifest {
  readonly kind: "predictor"
  readonly name: string
  readonly about: string
  readonly licence: string // SPDX expression
  readonly memoryBytes: number // of its tables: a power of two, 2¹⁴ … 2³⁰
  readonly built: Build
  readonly parts: Readonly<Record<string, Digest>> // "recipe.json", "primer.txt", "net.safetensors", "README.md"
}

/**
 * A published data set as a module: where its files are, what their bytes must be, and how examples are read from them.
 * It holds no data: whoever takes it fetches the files and checks them.
 */
export interface DataSetManifest {
  readonly kind: "dataset"
  readonly name: string
  readonly about: string
  readonly licence: string // SPDX expression; LicenseRef-unclear where nobody can tell
  readonly attribution: string // whom to name, in a line
  readonly source?: string // a page for people
  readonly files: readonly DataFile[]
  readonly readings: readonly Reading[] // in the order that training reads them
  readonly renamed: readonly (readonly [label: string, name: string])[]
  readonly none?: string // the label, as the files have it, of texts that fit none
  /** What is set apart, of each label's examples, from those that no reading puts in a split. */
  readonly holdOut: Readonly<Partial<Record<"validation" | "test", HoldOut>>>
}
/** One file of a data set. */
export interface DataFile {
  readonly name: string // as a part's
  readonly bytes: number
  readonly digest: Digest
  readonly urls: readonly string[] // tried in this order
  readonly mirror?: string // path in a mirror folder, with /; else SET/NAME
}
/** How examples are read from one file. */
export interface Reading {
  readonly file: string
  readonly reader: Reader
  readonly encoding?: Encoding // else UTF-8
  readonly text?: Column
  readonly label?: Column
  readonly labels?: string // the file that holds the labels, a line each
  readonly member?: string // of the JSON object that holds the list
  readonly without?: readonly (readonly [from: number, to: number])[] // damaged lines, counted from 1, both ends included
  readonly split?: "train" | "validation" | "test"
}
/** A column by the name that the file gives it, or by its place from 1. */
export type Column = string | number
export type Encoding = (typeof ENCODINGS)[number]
export const ENCODINGS = ["utf8", "latin1"] as const
export type Reader = keyof typeof READERS
/** What each reader can be told beside encoding and split; `lines` must be told its `labels`. */
export const READERS = {
  csv: ["text", "label"],
  tsv: ["text", "label"],
  json: ["text", "label", "member"],
  jsonl: ["text", "label"],
  fasttext: [],
  labelled: [],
  lines: ["labels"],
} as const
export interface HoldOut {
  readonly percent: number // 1 … 90
  readonly seed: number
}
