import { refuse, suggest } from "../base/problem.ts"
import { block, put } from "./block.ts"
import { built, type Parts, part, printBuilt, printParts, printWord, tooManyOrNone } from "./build.ts"
import { dataSet, printDataSet } from "./data_set.ts"
import { type Lexer, lex, quote, shown } from "./lexer.ts"
import type { DataSetManifest, Manifest, PredictorManifest } from "./manifest.ts"
import { predictor, printPredictor } from "./predictor.ts"
import * as read from "./values.ts"
import { LIMITS } from "./values.ts"

/**
 * The canonical text: one manifest has one, and its digest is the module's. Ends in a line break.
 * Errors: as `parseManifest`, with spans in the text that would have been: what is printed can be read.
 */
export function printManifest(manifest: AnyManifest): string {
  const text = PRINTERS[manifest.kind](manifest as never)
  parseModule(text, "module.brain")
  return text
}
/** Of a module of any kind that has a manifest of its own. */
export type AnyManifest = Manifest | DataSetManifest | PredictorManifest
const PRINTERS: { readonly [Kind in AnyManifest["kind"]]: (manifest: Extract<AnyManifest, { kind: Kind }>) => string } =
  {
    net: (manifest) => printNet(manifest),
    dataset: printDataSet,
    predictor: printPredictor,
  }
function printNet(manifest: Manifest): string {
  const { name, about, licence, takes, gives, unsureBelow, built } = manifest
  return `${[
    `net ${printWord(name)} {`,
    `  about ${quote(about)}`,
    `  licence ${quote(licence)}`,
    `  takes ${printWord(takes.name)}: ${takes.type} up to ${takes.bytesMax} bytes`,
    `  gives ${printWord(gives.name)}: ${gives.type} {`,
    ...gives.labels.map((label) => `    ${printWord(label)}`),
    "  }",
    `  unsure below ${unsureBelow / 256} bits`,
    ...printBuilt(built),
    ...printParts(manifest.parts),
    "}",
  ].join("\n")}\n`
}
/**
 * Reads the manifest of a net; docs/formats/module.md has the grammar. Members may stand in any order.
 * Errors: all that are found, at most ten: OB100 to OB119, and OB120 for a module of another kind.
 */
export function parseManifest(source: string, file: string): Manifest {
  const manifest = parseModule(source, file)
  if (manifest.kind === "net") return manifest
  return manifest.kind === "dataset"
    ? refuse({
        code: "OB120",
        seen: `${file} describes a data set, \`${manifest.name}\`, and a net is needed here.`,
        hint: `Teach one from it: brain teach ${manifest.name} --into NAME.`,
      })
    : refuse({
        code: "OB120",
        seen: `${file} describes a predictor of text, \`${manifest.name}\`, and a net is needed here.`,
        hint: "A predictor learns texts: brain teach FOLDER notes.txt. It takes them back: brain undo FOLDER.",
      })
}

/** Reads the manifest of a predictor. Errors: those of `parseModule`, and OB801 for a module of another kind. */
export function parsePredictor(source: string, file: string): PredictorManifest {
  const manifest = parseModule(source, file)
  if (manifest.kind === "predictor") return manifest
  const what = manifest.kind === "net" ? "a net" : "a data set"
  return refuse({
    code: "OB801",
    seen: `${file} describes ${what}, \`${manifest.name}\`, and a scribe is needed here.`,
    hint: "Name the folder of a scribe, or one that comes with Open Brains: scribe. None yet? brain teach scribe notes.txt",
  })
}

/** What the text of a brain begins with. */
const OF_BRAINS = ["include", "brain", "code", "remote"]

/** Reads a manifest of any kind. Errors: all that are found, at most ten: OB100 to OB119, OB121 to OB123. */
export function parseModule(source: string, file: string): AnyManifest {
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
const KINDS = { net, dataset: dataSet, predictor } as const

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
