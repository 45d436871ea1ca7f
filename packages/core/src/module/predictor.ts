import { block, put } from "./block.ts"
import { built, type Parts, part, printBuilt, printParts, printWord } from "./build.ts"
import { type Lexer, quote, shown } from "./lexer.ts"
import type { PredictorManifest } from "./manifest.ts"
import * as read from "./values.ts"
import { LIMITS } from "./values.ts"

/** The members of a predictor's manifest, after its first word. Errors: as `parseModule`, and OB800. */
export function predictor(lexer: Lexer): () => PredictorManifest {
  const name = read.name(lexer, "-", "predictor scribe {")
  const draft: Draft = { kind: "predictor", ...(name === undefined ? {} : { name }) }
  const parts: Parts = new Map()
  const members = {
    about: () => put(draft, "about", read.line(lexer, "The line about it", LIMITS.about, EXAMPLES["about"]!)),
    licence: () => put(draft, "licence", read.licence(lexer)),
    memory: () => put(draft, "memoryBytes", memory(lexer)),
    built: () => put(draft, "built", built(lexer)),
    part: () => part(lexer, parts),
  }
  block(lexer, "predictor", ["about", "licence", "memory", "built"], ["part"], members, EXAMPLES)
  return () => ({ ...draft, parts: Object.fromEntries(parts.values()) }) as PredictorManifest
}

type Draft = { -readonly [Member in keyof PredictorManifest]?: PredictorManifest[Member] }
const MEMORY = "memory 16777216 bytes"
const EXAMPLES: Readonly<Record<string, string>> = {
  about: 'about "What it has read"',
  licence: 'licence "CC0-1.0"',
  memory: MEMORY,
  built: "built { operations 1 seed 1 }",
}

/** `N bytes`. Errors: OB105, OB111, OB800. */
function memory(lexer: Lexer): number | undefined {
  const token = lexer.peek()
  const bytes = read.whole(lexer, 2 ** 10, 2 ** 30, MEMORY)
  if (bytes === undefined || !read.expectAll(lexer, ["bytes"], MEMORY)) return undefined
  if (Number.isInteger(Math.log2(bytes))) return bytes
  const nearest = 2 ** Math.round(Math.log2(bytes))
  lexer.report(token, "OB800", `${shown(token)} is no power of two.`, `The nearest one: memory ${nearest} bytes`)
  return undefined
}

/** The canonical text. */
export const printPredictor = ({ name, about, licence, memoryBytes, built, parts }: PredictorManifest): string =>
  `${[
    `predictor ${printWord(name)} {`,
    `  about ${quote(about)}`,
    `  licence ${quote(licence)}`,
    `  memory ${memoryBytes} bytes`,
    ...printBuilt(built),
    ...printParts(parts),
    "}",
  ].join("\n")}\n`
