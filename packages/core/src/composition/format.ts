import { refuse } from "../base/problem.ts"
import { lex, type Token } from "../module/lexer.ts"
import { FILE_LIMITS, parseBrains } from "./parse.ts"

const WIDTH = 100
const INDENT = "  "

/** What stands between two tokens: comments, and whether an empty line does. */
interface Gap {
  /** On the line of the token before, and on lines of their own. */
  readonly trailing: string | undefined
  readonly own: readonly { readonly text: string; readonly afterBlank: boolean }[]
  readonly isBlank: boolean // an empty line stands last
  readonly breaks: boolean // any line ends
}

/**
 * A file of brains as everybody writes it: an element of a block a line, two spaces a level, blocks that fit in 100 columns and were
 * written on one line stay on it, one empty line where there were any. Comments keep their places. What was formatted is
 * formatted to itself. Problems: those of reading.
 */
export function formatBrains(source: string, file: string): string {
  const elements: number[] = []
  const { problems } = parseBrains(source, file, elements)
  if (problems.length > 0) refuse(...problems)
  const tokens = tokensOf(source, file)
  const starts = new Set(elements)
  const partners = partnersOf(tokens)
  const gaps = tokens.map((token, i) =>
    gapOf(source, i === 0 ? 0 : tokens[i - 1]!.end, token.kind === "end" ? source.length : token.start, i === 0),
  )
  const expanded = new Set<number>() // places of braces that open an expanded block
  const out = printer()

  for (const [i, token] of tokens.entries()) {
    const gap = gaps[i]!
    const block = out.block()
    const closes = token.kind === "}"
    const isElement = starts.has(token.start) && (block === undefined || expanded.has(block))
    comments(gap, i === 0 || isOpen(tokens[i - 1]))
    if (closes && block !== undefined) out.close()
    if (token.kind === "end") break
    const isFirst = i === 0 || (block !== undefined && block === i - 1)
    if (isElement && !closes) {
      const isDefinition = block === undefined
      out.line(!isFirst && (gap.isBlank || (isDefinition && i > 0 && parted(tokens, i))))
    } else if (closes && block !== undefined && expanded.has(block)) out.line(false)
    out.put(spelling(source, token), token.kind !== ":")
    if (token.kind === "{") {
      if (isWide(i)) expanded.add(i)
      out.open(i, expanded.has(i))
    }
  }
  return out.text()

  function comments(gap: Gap, isAtStart: boolean): void {
    if (gap.trailing !== undefined) out.trailing(gap.trailing)
    for (const [k, { text, afterBlank }] of gap.own.entries()) out.comment(text, afterBlank && !(isAtStart && k === 0))
  }
  /** Whether the block that opens here takes lines of its own. */
  function isWide(open: number): boolean {
    const close = partners.get(open)!
    if (out.depth() === 0) return true
    for (let i = open + 1; i <= close; i++) if (gaps[i]!.trailing !== undefined || gaps[i]!.own.length > 0) return true
    if (gaps[open + 1]!.breaks) return true
    let width = out.column()
    for (let i = open + 1; i <= close; i++) {
      width += tokens[i]!.end - tokens[i]!.start + (tokens[i]!.kind === ":" ? 0 : 1)
      if (width > WIDTH) return true
    }
    return false
  }
}
const isOpen = (token: Token | undefined): boolean => token?.kind === "{"
/** Whether an empty line stands before a definition: between all of them, but not between includes. */
const parted = (tokens: readonly Token[], i: number): boolean =>
  !(tokens[i]!.text === "include" && tokens[i - 2]?.text === "include" && tokens[i - 2]?.kind === "word")

const spelling = (source: string, { start, end }: Token): string => source.slice(start, end)

function tokensOf(source: string, file: string): readonly Token[] {
  const lexer = lex(source, file, FILE_LIMITS)
  const tokens: Token[] = []
  do tokens.push(lexer.next())
  while (tokens.at(-1)!.kind !== "end")
  return tokens
}
function partnersOf(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const partners = new Map<number, number>()
  const open: number[] = []
  for (const [i, { kind }] of tokens.entries()) {
    if (kind === "{") open.push(i)
    else if (kind === "}") partners.set(open.pop()!, i)
  }
  return partners
}

function gapOf(source: string, from: number, to: number, isFirst: boolean): Gap {
  const lines = source
    .slice(from, to)
    .replaceAll("\r\n", "\n")
    .replace(/^\ufeff/, "")
    .split("\n")
  const own: { text: string; afterBlank: boolean }[] = []
  let trailing: string | undefined
  let isBlank = false
  for (const [i, line] of lines.entries()) {
    const text = line.trim()
    if (text === "") {
      if (i > 0 && i < lines.length - 1) isBlank = true
      continue
    }
    if (i === 0 && !isFirst) trailing = text
    else own.push({ text, afterBlank: isBlank })
    isBlank = false
  }
  return { trailing, own, isBlank, breaks: lines.length > 1 }
}

/** Lines as they grow. A comment ends its line, so what follows it begins another. */
function printer() {
  const lines: string[] = []
  let line = ""
  let isEnded = true // the line may take no more
  const blocks: { readonly at: number; readonly isWide: boolean }[] = []
  const depth = (): number => blocks.filter(({ isWide }) => isWide).length
  const begin = (isBlank: boolean): void => {
    if (line !== "") lines.push(line)
    if (isBlank && lines.length > 0) lines.push("")
    line = ""
    isEnded = false
  }
  return {
    block: () => blocks.at(-1)?.at,
    depth: () => blocks.length,
    column: () => (line === "" ? depth() * INDENT.length : line.length),
    line: begin,
    put(text: string, isParted: boolean): void {
      if (isEnded) begin(false)
      if (line === "") line = INDENT.repeat(depth()) + text
      else line += isParted ? ` ${text}` : text
    },
    trailing(text: string): void {
      line += `  ${text}`
      isEnded = true
    },
    comment(text: string, isBlank: boolean): void {
      begin(isBlank)
      line = INDENT.repeat(depth()) + text
      isEnded = true
    },
    open(at: number, isWide: boolean): void {
      blocks.push({ at, isWide })
    },
    close(): void {
      blocks.pop()
    },
    text(): string {
      if (line !== "") lines.push(line)
      return `${lines.join("\n")}\n`
    },
  }
}
