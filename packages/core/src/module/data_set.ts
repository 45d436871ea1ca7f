import { type Digest, parseDigest } from "../base/digest.ts"
import { block, put } from "./block.ts"
import { isWord, type Lexer, quote, shown, type Token } from "./lexer.ts"
import {
  type Column,
  type DataFile,
  type DataSetManifest,
  ENCODINGS,
  type HoldOut,
  READERS,
  type Reader,
  type Reading,
} from "./manifest.ts"
import * as read from "./values.ts"
import { LIMITS } from "./values.ts"

/** The members of a data set's manifest, after its first word. Errors: as `parseModule`. */
export function dataSet(lexer: Lexer): () => DataSetManifest {
  const name = read.name(lexer, "-", "dataset questions {")
  const draft: Draft<Omit<DataSetManifest, "files" | "readings" | "renamed" | "holdOut">> = {
    kind: "dataset",
    ...(name === undefined ? {} : { name }),
  }
  const files = new Map<string, DataFile>()
  const renamed = new Map<string, string>()
  const readings: Reading[] = []
  const asked: Token[] = [] // names of files in readings: each must be there in the end
  const holdOut: { validation?: HoldOut; test?: HoldOut } = {}
  const members = {
    about: () => put(draft, "about", read.line(lexer, "The line about it", LIMITS.about, EXAMPLES["about"]!)),
    licence: () => put(draft, "licence", read.licence(lexer)),
    attribution: () =>
      put(draft, "attribution", read.line(lexer, "Whom to name", LIMITS.about, EXAMPLES["attribution"]!)),
    source: () => put(draft, "source", read.address(lexer, 'source "https://example.org/questions"')),
    file: () => file(lexer, files),
    read: () => reading(lexer, readings, asked),
    call: () => call(lexer, renamed),
    none: () =>
      read.expectAll(lexer, ["is"], NONE) && put(draft, "none", read.line(lexer, "The label", LIMITS.label, NONE)),
    hold: () => hold(lexer, holdOut),
  }
  block(lexer, "dataset", ["about", "licence", "attribution", "file", "read"], REPEATED, members, EXAMPLES)
  for (const token of asked) if (!files.has(token.text.toLowerCase())) unknownFile(lexer, token, [...files.values()])
  return () =>
    ({ ...draft, files: [...files.values()], readings, renamed: [...renamed], holdOut }) as unknown as DataSetManifest
}

type Draft<T> = { -readonly [Member in keyof T]?: T[Member] }
const REPEATED = ["file", "read", "call", "hold"]
const NONE = 'none is "other"'
const READ = 'read "questions.csv" as csv { text "question" label "kind" split train }'
const CALL = 'call "0" description'
const HOLD = "hold out 10 percent for test by seed 1"
const FILE = 'file "questions.csv" { bytes 1024 digest sha256:… url "https://example.org/questions.csv" }'
const EXAMPLES: Readonly<Record<string, string>> = {
  about: 'about "What a question asks for"',
  licence: 'licence "CC0-1.0"',
  attribution: 'attribution "A. Person 2024"',
  file: FILE,
  read: READ,
  bytes: "bytes 1024",
  digest: "digest sha256:…",
  url: 'url "https://example.org/questions.csv"',
}

/** `"NAME" { bytes … digest … url … mirror … }`. */
function file(lexer: Lexer, files: Map<string, DataFile>): boolean {
  const token = lexer.peek()
  const name = read.partName(lexer, FILE)
  if (name === undefined) return false
  const draft: Draft<DataFile> = { name }
  const urls: string[] = []
  const members = {
    bytes: () => put(draft, "bytes", read.whole(lexer, 1, LIMITS.fileBytes, "bytes 1024")),
    digest: () => put(draft, "digest", read.digestValue(lexer)),
    url: () => {
      const url = read.address(lexer, EXAMPLES["url"]!)
      return url !== undefined && urls.push(url) > 0
    },
    mirror: () => put(draft, "mirror", read.relativePath(lexer, 'mirror "questions/questions.csv"')),
  }
  const closed = block(lexer, "file", ["bytes", "digest"], ["url"], members, EXAMPLES)
  if (files.has(name.toLowerCase()))
    lexer.report(token, "OB123", `The file ${shown(token)} is here for the second time.`, "Keep one of the two.")
  files.set(name.toLowerCase(), { ...draft, urls } as DataFile)
  if (files.size === LIMITS.data + 1) tooMany(lexer, token, "files")
  return closed
}

function unknownFile(lexer: Lexer, token: Token, files: readonly DataFile[]): void {
  const names = files.slice(0, 8).map(({ name }) => name)
  const hint = `Name it with its bytes and digest: ${FILE}${names.length > 0 ? ` – those that are named: ${names.join(", ")}.` : ""}`
  lexer.report(token, "OB123", `There is no file ${shown(token)} in this data set.`, hint)
}
const tooMany = (lexer: Lexer, at: Token, what: string): void =>
  lexer.report(at, "OB113", `There are more than ${LIMITS.data} ${what}.`, `Name at most ${LIMITS.data}.`)

/** `"FILE" as READER [ { … } ]`. Errors: OB105, OB121 when the reader does not take what it is told. */
function reading(lexer: Lexer, readings: Reading[], asked: Token[]): boolean {
  const token = lexer.peek()
  const name = read.partName(lexer, READ)
  if (name === undefined || !read.expectAll(lexer, ["as"], READ)) return false
  const at = lexer.peek()
  const reader = read.choice(lexer, Object.keys(READERS) as Reader[], READ)
  if (reader === undefined) return false
  const draft: Draft<Reading> = { file: name, reader }
  asked.push(token)
  const takes: readonly string[] = READERS[reader]
  const told = <Member extends "text" | "label" | "labels" | "member">(
    member: Member,
    value: Reading[Member] | undefined,
  ): boolean => {
    if (value !== undefined && !takes.includes(member)) unfit(lexer, at, reader, `takes no \`${member}\``)
    return put(draft, member, value)
  }
  const members = {
    in: () => put(draft, "encoding", read.choice(lexer, ENCODINGS, "in latin1")),
    text: () => told("text", column(lexer, reader)),
    label: () => told("label", column(lexer, reader)),
    labels: () => {
      const other = lexer.peek()
      const labels = read.partName(lexer, 'labels "labels.txt"')
      if (labels !== undefined) asked.push(other)
      return told("labels", labels)
    },
    member: () => told("member", read.line(lexer, "The member", LIMITS.label, 'member "train"')),
    without: () => {
      const lines = damaged(lexer)
      return lines !== undefined && put(draft, "without", [...(draft.without ?? []), lines])
    },
    split: () => put(draft, "split", read.choice(lexer, ["train", "validation", "test"], "split train")),
  }
  const closed = lexer.peek().text !== "{" || block(lexer, "read", [], ["without"], members, EXAMPLES)
  if (takes.includes("labels") && draft.labels === undefined)
    unfit(lexer, at, reader, "needs the file of its labels, a line each")
  if ((typeof draft.text === "number") !== (typeof draft.label === "number"))
    unfit(lexer, at, reader, "finds columns all by their name or all by their place")
  readings.push(draft as Reading)
  if (readings.length === LIMITS.data + 1) tooMany(lexer, token, "readings")
  return closed
}

/** `line N` or `lines N to N`. Errors: OB105, OB111. */
function damaged(lexer: Lexer): readonly [number, number] | undefined {
  const word = read.choice(lexer, ["line", "lines"], WITHOUT)
  const from = word && read.whole(lexer, 1, LIMITS.fileBytes, WITHOUT)
  if (from === undefined || word === "line") return from === undefined ? undefined : [from, from]
  if (!read.expectAll(lexer, ["to"], WITHOUT)) return undefined
  const to = read.whole(lexer, from, LIMITS.fileBytes, WITHOUT)
  return to === undefined ? undefined : [from, to]
}
const WITHOUT = "without lines 4 to 5"

function unfit(lexer: Lexer, at: Token, reader: Reader, what: string): void {
  const hint: Readonly<Record<Reader, string>> = {
    csv: 'text "question" label "kind", or by their places, where no heading is: text 1 label 2',
    tsv: 'text "question" label "kind", or by their places, where no heading is: text 1 label 2',
    json: 'text "question" label "kind", or by their places in a list: text 1 label 2; member "train" where the list is in an object',
    jsonl: 'text "question" label "kind"',
    fasttext: "nothing: each line is __label__kind and the text",
    labelled: "nothing: each line is a label, a space and the text",
    lines: 'labels "labels.txt"',
  }
  lexer.report(at, "OB121", `The reader \`${reader}\` ${what}.`, `It can be told ${hint[reader]}.`)
}

/** A heading in quotation marks, or a place from 1. Errors: OB105, OB110, OB111, OB121. */
function column(lexer: Lexer, reader: Reader): Column | undefined {
  const token = lexer.peek()
  if (token.kind !== "number") return read.line(lexer, "The column", LIMITS.label, 'text "question"')
  const place = read.whole(lexer, 1, LIMITS.data, "text 1")
  if (place !== undefined && reader === "jsonl") unfit(lexer, token, reader, "finds columns by their name")
  return place
}

/** `"LABEL" NAME`. Errors: OB105, OB110, OB112. */
function call(lexer: Lexer, renamed: Map<string, string>): boolean {
  const token = lexer.peek()
  const from = read.line(lexer, "The label", LIMITS.label, CALL)
  if (from === undefined) return false
  const next = lexer.peek()
  if (next.kind !== "word" && next.kind !== "string") return read.unexpected(lexer, "Its name", CALL) !== undefined
  lexer.next()
  const to = read.checkLine(lexer, next, "The name", LIMITS.label)
  if (renamed.has(from))
    lexer.report(token, "OB112", `The label ${shown(token)} is here for the second time.`, "Keep one of the two.")
  if (to !== undefined) renamed.set(from, to)
  return to !== undefined
}

/** `out N percent for SPLIT by seed N`. Errors: OB105, OB107, OB111. */
function hold(lexer: Lexer, holdOut: { validation?: HoldOut; test?: HoldOut }): boolean {
  if (!read.expectAll(lexer, ["out"], HOLD)) return false
  const percent = read.whole(lexer, 1, 90, HOLD)
  if (percent === undefined || !read.expectAll(lexer, ["percent", "for"], HOLD)) return false
  const token = lexer.peek()
  const split = read.choice(lexer, ["validation", "test"], HOLD)
  if (split === undefined || !read.expectAll(lexer, ["by", "seed"], HOLD)) return false
  const seed = read.whole(lexer, 0, LIMITS.seed, HOLD)
  if (seed === undefined) return false
  if (holdOut[split])
    lexer.report(token, "OB107", `\`${split}\` is held out for the second time.`, "Keep one of the two.")
  holdOut[split] = { percent, seed }
  return true
}

/** The canonical text. */
export function printDataSet(manifest: DataSetManifest): string {
  const { name, about, licence, attribution, source, files, readings, renamed, none, holdOut } = manifest
  const held = (["validation", "test"] as const).flatMap((split) => {
    const found = holdOut[split]
    return found ? [`  hold out ${found.percent} percent for ${split} by seed ${found.seed}`] : []
  })
  return `${[
    `dataset ${word(name)} {`,
    `  about ${quote(about)}`,
    `  licence ${quote(licence)}`,
    `  attribution ${quote(attribution)}`,
    ...(source === undefined ? [] : [`  source ${quote(source)}`]),
    ...files.flatMap(printFile),
    ...readings.map(printReading),
    ...renamed.map(([from, to]) => `  call ${quote(from)} ${word(to)}`),
    ...(none === undefined ? [] : [`  none is ${quote(none)}`]),
    ...held,
    "}",
  ].join("\n")}\n`
}
const word = (text: string): string => (isWord(text) ? text : quote(text))
const printDigest = (digest: Digest): string => (parseDigest(digest) === undefined ? quote(digest) : digest)
const printColumn = (column: Column): string => (typeof column === "number" ? `${column}` : quote(column))

const printFile = ({ name, bytes, digest, urls, mirror }: DataFile): readonly string[] => [
  `  file ${quote(name)} {`,
  `    bytes ${bytes}`,
  `    digest ${printDigest(digest)}`,
  ...urls.map((url) => `    url ${quote(url)}`),
  ...(mirror === undefined ? [] : [`    mirror ${quote(mirror)}`]),
  "  }",
]

function printReading({ file, reader, encoding, text, label, labels, member, without = [], split }: Reading): string {
  const told = [
    ...(encoding === undefined ? [] : [`in ${encoding}`]),
    ...(text === undefined ? [] : [`text ${printColumn(text)}`]),
    ...(label === undefined ? [] : [`label ${printColumn(label)}`]),
    ...(labels === undefined ? [] : [`labels ${quote(labels)}`]),
    ...(member === undefined ? [] : [`member ${quote(member)}`]),
    ...without.map(([from, to]) => (from === to ? `without line ${from}` : `without lines ${from} to ${to}`)),
    ...(split === undefined ? [] : [`split ${split}`]),
  ]
  return `  read ${quote(file)} as ${reader}${told.length > 0 ? ` { ${told.join(" ")} }` : ""}`
}
