import type { Digest } from "../base/digest.ts"
import { parseDigest } from "../base/digest.ts"
import { block, put } from "./block.ts"
import { isWord, type Lexer, quote, shown } from "./lexer.ts"
import type { Build, NamedDigest } from "./manifest.ts"
import * as read from "./values.ts"
import { LIMITS } from "./values.ts"

/** `{ operations … seed … data … base … edited … }`. Errors: OB105 to OB119. */
export function built(lexer: Lexer): Build | undefined {
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
    { operations: "operations 1", seed: "seed 1" },
  )
  return closed ? ({ ...draft, data: [...data.values()] } as unknown as Build) : undefined // whole, or it was reported
}

/** By name in small letters: two names that differ in case alone are one file on Windows and macOS. */
export type Parts = Map<string, readonly [name: string, digest: Digest]>

/** `"FILE" DIGEST`. Errors: OB105, OB113 to OB116. */
export function part(lexer: Lexer, parts: Parts): boolean {
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

export function tooManyOrNone(
  lexer: Lexer,
  at: ReturnType<Lexer["next"]>,
  what: string,
  count: number,
  max: number,
): void {
  const seen = count === 0 ? `There are no ${what}.` : `There are more than ${max} ${what}.`
  lexer.report(at, "OB113", seen, `Name at least one and at most ${max}.`)
}

export const printWord = (text: string): string => (isWord(text) ? text : quote(text))
export const printNamed = ({ name, digest }: NamedDigest): string => `${quote(name)} ${printDigest(digest)}`
/** A digest that somebody forced into its type must not become another line of the manifest. */
const printDigest = (digest: Digest): string => (parseDigest(digest) === undefined ? quote(digest) : digest)

export const printBuilt = ({ operations, seed, data, base, edited }: Build): readonly string[] => [
  "  built {",
  `    operations ${operations}`,
  `    seed ${seed}`,
  ...data.map((each) => `    data ${printNamed(each)}`),
  ...(base === undefined ? [] : [`    base ${printNamed(base)}`]),
  ...(edited === undefined ? [] : [`    edited ${printNamed(edited)}`]),
  "  }",
]
export const printParts = (parts: Readonly<Record<string, Digest>>): readonly string[] =>
  Object.entries(parts)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([part, digest]) => `  part ${quote(part)} ${printDigest(digest)}`)
