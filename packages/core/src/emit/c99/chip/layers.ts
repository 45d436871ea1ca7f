import { type Block, type Expression, expressionsOf, operandsOf, type Statement } from "../../../ir/program.ts"

/** Statements that become one function. */
export interface Layer {
  readonly symbol: string
  /** What it does, as far as that has a name, and what it gives to the outside. */
  readonly about: string
  readonly block: Block
}

/** A block as functions: one for each of its statements, or for as many as share a local. */
export function layersOf(
  block: Block,
  name: string,
  nameOf: (s: Statement) => string | undefined,
  isGiven: (buffer: string) => boolean,
): readonly Layer[] {
  const lastUse = new Map<string, number>()
  for (const [at, s] of block.entries()) for (const local of localsIn(s)) lastUse.set(local, at)
  const groups: Statement[][] = []
  let end = -1
  for (const [at, s] of block.entries()) {
    if (at > end) groups.push([])
    groups.at(-1)!.push(s)
    if (s.kind === "let") end = Math.max(end, lastUse.get(s.name) ?? at)
    end = Math.max(end, isSmall(s) ? Math.min(at + 1, block.length - 1) : at)
  }
  return groups.map((each, at) => ({ symbol: `${name}_${at}`, about: aboutOf(each, nameOf, isGiven), block: each }))
}
/** Not worth a call: a store, or a few of them. */
const isSmall = (s: Statement): boolean =>
  s.kind === "store" ||
  s.kind === "let" ||
  s.kind === "set" ||
  (s.kind === "loop" && s.body.length === 1 && s.body[0]!.kind === "store")

function localsIn(s: Statement): ReadonlySet<string> {
  const names = new Set<string>()
  const read = (e: Expression): void => {
    if (e.kind === "local") names.add(e.name)
    operandsOf(e).forEach(read)
  }
  const visit = (each: Statement): void => {
    if (each.kind === "set") names.add(each.name)
    expressionsOf(each).forEach(read)
    if (each.kind === "loop") each.body.forEach(visit)
    if (each.kind === "if") [...each.yes, ...each.no].forEach(visit)
  }
  visit(s)
  return names
}
function aboutOf(
  block: Block,
  nameOf: (s: Statement) => string | undefined,
  isGiven: (buffer: string) => boolean,
): string {
  const [work, stored] = [new Set<string>(), new Set<string>()]
  const visit = (s: Statement): void => {
    const name = nameOf(s)
    if (name !== undefined) work.add(name)
    if (s.kind === "store" && isGiven(s.buffer)) stored.add(s.buffer)
    if (s.kind === "loop") s.body.forEach(visit)
    if (s.kind === "if") [...s.yes, ...s.no].forEach(visit)
  }
  block.forEach(visit)
  return [[...work].join(", "), [...stored].join(", ")].filter(Boolean).join(" → ") || "numbers in between"
}
