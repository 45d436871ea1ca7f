import type { Digest } from "../base/digest.ts"
import { parseDigest } from "../base/digest.ts"
import { refuse, suggest } from "../base/problem.ts"
import { block, put } from "./block.ts"
import { dataSet, printDataSet } from "./data_set.ts"
import { isWord, type Lexer, lex, quote, shown } from "./lexer.ts"
import type { Build, DataSetManifest, Manifest, NamedDigest } from "./manifest.ts"
import * as read from "./values.ts"
import { LIMITS } from "./values.ts"

/**
 * The canonical text: one manifest has one, and its digest is the module's. Ends in a line break.
 * Errors: as `parseManifest`, with spans in the text that would have been: what is printed can be read.
 */
export function printManifest(manifest: Manifest | DataSetManifest): string {
  const text = manifest.kind === "dataset" ? printDataSet(manifest) : printNet(manifest)
  parseModule(text, "module.brain")
  return text
}
function printNet(manifest: Manifest): string {
  const { name, about, licence, takes, gives, unsureBelow, built } = manifest
  const parts = Object.entries(manifest.parts).sort(([a], [b]) => (a < b ? -1 : 1))
  const base = built.base === undefined ? [] : [`    base ${printNamed(built.base)}`]
  return `${[
    `net ${printWord(name)} {`,
    `  about ${quote(about)}`,
    `  licence ${quote(licence)}`,
    `  takes ${printWord(takes.name)}: ${takes.type} up to ${takes.bytesMax} bytes`,
    `  gives ${printWord(gives.name)}: ${gives.type} {`,
    ...gives.labels.map((label) => `    ${printWord(label)}`),
    "  }",
    `  unsure below ${unsureBelow / 256} bits`,
    "  built {",
    `    operations ${built.operations}`,
    `    seed ${built.seed}`,
    ...built.data.map((each) => `    data ${printNamed(each)}`),
    ...base,
    ...(built.edited === undefined ? [] : [`    edited ${printNamed(built.edited)}`]),
    "  }",
    ...parts.map(([part, digest]) => `  part ${quote(part)} ${printDigest(digest)}`),
    "}",
  ].join("\n")}\n`
}
const printWord = (text: string): string => (isWord(text) ? text : quote(text))
const printNamed = ({ name, digest }: NamedDigest): string => `${quote(name)} ${printDigest(digest)}`
/** A digest that somebody forced into its type must not become another line of the manifest. */
const printDigest = (digest: Digest): string => (parseDigest(digest) === undefined ? quote(digest) : digest)

/**
 * Reads the manifest of a net; docs/formats/module.md has the grammar. Members may stand in any order.
 * Errors: all that are found, at most ten: OB100 to OB119, and OB120 for a module of another kind.
 */
export function parseManifest(source: string, file: string): Manifest {
  const manifest = parseModule(source, file)
  if (manifest.kind === "net") return manifest
  return refuse({
    code: "OB120",
    seen: `${file} describes a data set, \`${manifest.name}\`, and a net is needed here.`,
    hint: `Teach one from it: brain teach ${manifest.name} --into NAME.`,
  })
}

/** What the text of a brain begins with. */
const OF_BRAINS = ["include", "brain", "code", "remote"]

/** Reads a manifest of any kind. Errors: all that are found, at most ten: OB100 to OB119, OB121 to OB123. */
export function parseModule(source: string, file: string): Manifest | DataSetManifest {
  const lexer = lex(source, file)
  const kind = lexer.next()
  if (kind.kind === "word" && !Object.hasOwn(KINDS, kind.text)) {
    if (OF_BRAINS.includes(kind.text)) {
      const hint = "Ask it: brain ask, trace, why. Name the folder of one of its nets, where a net is needed."
      lexer.report(kind, "OB104", "Here is a brain, and a module is needed.", hint)
      lexer.finish()
    }
    if (kind.text === "benchmark") {
      const hint = "Run one on it: brain compare OLD NEW --on BENCHMARK. Name the folder of a net here."
      lexer.report(kind, "OB104", "Here is a benchmark, and a module that answers is needed.", hint)
      lexer.finish()
    }
    const hint = `If a newer version made this module, update \`open-brains\`. ${suggest(kind.text.slice(0, 64), Object.keys(KINDS))}`
    lexer.report(kind, "OB104", `This version knows no kind of module called ${shown(kind)}.`, hint)
    lexer.finish()
  }
  if (kind.kind !== "word") {
    const hint = "A manifest begins with its kind and name, like this: net helpdesk {"
    lexer.report(kind, "OB105", `\`net\` was expected here, not ${shown(kind)}.`, hint)
    lexer.finish()
  }
  const manifest = KINDS[kind.text as keyof typeof KINDS](lexer)
  if (lexer.peek().kind !== "end") read.unexpected(lexer, "The end of the file", "one module to a file")
  lexer.finish()
  return manifest() // whole, since nothing was reported
}
/** Each kind reads its name and members, and gives the manifest once nothing was reported. */
const KINDS = { net, dataset: dataSet } as const

function net(lexer: Lexer): () => Manifest {
  const name = read.name(lexer, "-", "net helpdesk {")
  const draft: Draft = { kind: "net", ...(name === undefined ? {} : { name }) }
  const parts: Parts = new Map()
  const members = {
    about: () =>
      put(draft, "about", read.line(lexer, "The line about it", LIMITS.about, 'about "What it is good for"')),
    licence: () => put(draft, "licence", read.licence(lexer)),
    takes: () => put(draft, "takes", takes(lexer)),
    gives: () => put(draft, "gives", gives(lexer)),
    unsure: () => read.expectAll(lexer, ["below"], UNSURE) && put(draft, "unsureBelow", read.evidence(lexer)),
    built: () => put(draft, "built", built(lexer)),
    part: () => part(lexer, parts),
  }
  block(lexer, "net", NET_REQUIRED, ["part"], members, EXAMPLES)
  return () => ({ ...draft, parts: Object.fromEntries(parts.values()) }) as Manifest
}

type Draft = { -readonly [Member in keyof Manifest]?: Manifest[Member] }
const NET_REQUIRED = ["about", "licence", "takes", "gives", "unsure", "built"]
const UNSURE = "unsure below 10.25 bits"
const TAKES = "takes message: text up to 1024 bytes"
const GIVES = "gives intent: label { yes no }"

const EXAMPLES: Readonly<Record<string, string>> = {
  about: 'about "What it is good for"',
  licence: 'licence "CC0-1.0"',
  takes: TAKES,
  gives: GIVES,
  unsure: UNSURE,
  built: "built { operations 1 seed 1 }",
  operations: "operations 1",
  seed: "seed 1",
}

function takes(lexer: Lexer): Manifest["takes"] | undefined {
  const name = read.name(lexer, "_", TAKES)
  if (name === undefined || !portType(lexer, "text", TAKES) || !read.expectAll(lexer, ["up", "to"], TAKES)) return
  const bytesMax = read.whole(lexer, 1, LIMITS.bytes, TAKES)
  return bytesMax !== undefined && read.expectAll(lexer, ["bytes"], TAKES)
    ? { name, type: "text", bytesMax }
    : undefined
}

function gives(lexer: Lexer): Manifest["gives"] | undefined {
  const name = read.name(lexer, "_", GIVES)
  if (name === undefined || !portType(lexer, "label", GIVES) || !read.expectAll(lexer, ["{"], GIVES)) return
  const labels = new Set<string>()
  for (;;) {
    const token = lexer.peek()
    const isLabel = token.kind === "word" || token.kind === "string"
    if (!isLabel && token.kind !== "}") read.unexpected(lexer, "A label or }", GIVES)
    if (token.kind === "end") return
    lexer.next()
    if (token.kind === "}") {
      if (labels.size === 0) tooManyOrNone(lexer, token, "labels", labels.size, LIMITS.labels)
      return { name, type: "label", labels: [...labels] }
    }
    const label = isLabel ? read.checkLine(lexer, token, "This label", LIMITS.label) : undefined
    if (label === undefined) continue
    if (labels.has(label))
      lexer.report(token, "OB112", `The label ${shown(token)} is here for the second time.`, "Keep one of the two.")
    labels.add(label)
    if (labels.size === LIMITS.labels + 1) tooManyOrNone(lexer, token, "labels", labels.size, LIMITS.labels)
  }
}
function tooManyOrNone(lexer: Lexer, at: ReturnType<Lexer["next"]>, what: string, count: number, max: number): void {
  const seen = count === 0 ? `There are no ${what}.` : `There are more than ${max} ${what}.`
  lexer.report(at, "OB113", seen, `Name at least one and at most ${max}.`)
}

/** `: text`. Errors: OB105, OB118. */
function portType(lexer: Lexer, type: string, example: string): boolean {
  if (!read.expectAll(lexer, [":"], example)) return false
  const token = lexer.peek()
  if (token.kind === "word" && token.text !== type) {
    const hint = `If a newer version made this module, update \`open-brains\`. ${suggest(token.text.slice(0, 64), [type])}`
    lexer.report(token, "OB118", `This version knows no type ${shown(token)} here.`, hint)
    return false
  }
  return read.expectAll(lexer, [type], example)
}

function built(lexer: Lexer): Build | undefined {
  const draft: { operations?: number; seed?: number; base?: NamedDigest; edited?: NamedDigest } = {}
  const data = new Map<string, NamedDigest>()
  const readNamed = (example: string): NamedDigest | undefined => {
    const name = read.line(lexer, "The name", LIMITS.dataName, example)
    const digest = name === undefined ? undefined : read.digestValue(lexer)
    return name === undefined || digest === undefined ? undefined : { name, digest }
  }
  const closed = block(
    lexer,
    "built",
    ["operations", "seed"],
    ["data"],
    {
      operations: () => put(draft, "operations", read.whole(lexer, 1, LIMITS.operations, "operations 1")),
      seed: () => put(draft, "seed", read.whole(lexer, 0, LIMITS.seed, "seed 1")),
      base: () => put(draft, "base", readNamed('base "intent" sha256:…')),
      edited: () => put(draft, "edited", readNamed('edited "desk" sha256:…')),
      data: () => {
        const token = lexer.peek()
        const each = readNamed('data "examples.jsonl" sha256:…')
        if (each === undefined) return false
        if (data.has(each.name))
          lexer.report(token, "OB119", `The data ${shown(token)} is here for the second time.`, "Keep one of the two.")
        data.set(each.name, each)
        if (data.size === LIMITS.data + 1) tooManyOrNone(lexer, token, "data", data.size, LIMITS.data)
        return true
      },
    },
    EXAMPLES,
  )
  return closed ? ({ ...draft, data: [...data.values()] } as unknown as Build) : undefined // whole, or it was reported
}

/** By name in small letters: two names that differ in case alone are one file on Windows and macOS. */
type Parts = Map<string, readonly [name: string, digest: Digest]>

function part(lexer: Lexer, parts: Parts): boolean {
  const token = lexer.peek()
  const name = read.partName(lexer, 'part "graph.json" sha256:…')
  const digest = name === undefined ? undefined : read.digestValue(lexer)
  if (name === undefined || digest === undefined) return false
  if (parts.has(name.toLowerCase()))
    lexer.report(token, "OB116", `The part ${shown(token)} is here for the second time.`, "Keep one of the two.")
  parts.set(name.toLowerCase(), [name, digest])
  if (parts.size === LIMITS.parts + 1) tooManyOrNone(lexer, token, "parts", parts.size, LIMITS.parts)
  return true
}
