import { suggest } from "../base/problem.ts"
import { definitionsIn } from "./definitions.ts"
import type { Library } from "./library.ts"
import { mentions } from "./order.ts"
import { reporter } from "./reporter.ts"
import type { BrainSyntax, FileSyntax, ModuleSyntax, Place, TypeSyntax } from "./syntax.ts"
import { describe } from "./types.ts"

/** Where a name comes from, and what it is made of, each with its own reason. */
export interface Reason {
  readonly name: string
  readonly what: "value" | "input" | "parameter" | "part" | "brain" | "net" | "code" | "remote" | "benchmark" | "module"
  readonly file: string
  /** From 1. */
  readonly line: number
  /** In the words of the text, on one line. */
  readonly said: string
  /** Through which files it is included, nearest first. */
  readonly through: readonly string[]
  readonly from: readonly Reason[]
  /** Whether it was told of above, and is not told of again. */
  readonly isAbove: boolean
}

interface Where {
  readonly file: FileSyntax
  readonly brain: BrainSyntax
  /** What the parameters of a template were given, where it was used. */
  readonly given: ReadonlyMap<string, Reason>
}

/**
 * Why a name of a brain is what it is: its text, and that of all that it comes from, through includes and templates. `name` may lead into a
 * part: `desk.kind`. Gives a hint when there is no such name.
 */
export function whyOf(library: Library, main: string, name: string): Reason | { readonly hint: string } {
  const definitionsOf = definitionsIn(library, reporter())
  const file = library.files.get(main)!.syntax
  const brain = brainOf(file)
  if (brain === undefined) return { hint: "There is no brain in this file." }
  const told = new Set<object>()
  let where: Where = { file, brain, given: new Map() }
  const way = name.split(".")
  for (const [i, step] of way.entries()) {
    if (i === way.length - 1) return reasonOf(step, where, 0) ?? { hint: suggest(step, namesOf(where)) }
    const next = inside(step, where)
    if (next === undefined) return { hint: suggest(step, namesOf(where)) }
    where = next
  }
  return { hint: suggest(name, namesOf(where)) }

  function namesOf({ brain: { takes, values, uses, parameters }, file: in_ }: Where): readonly string[] {
    const all = [...values, ...takes, ...uses, ...parameters, ...definitionsOf(in_).values()]
    return [...new Set(all.map((each) => ("syntax" in each ? each.syntax.name.text : each.name.text)))]
  }

  function reasonOf(wanted: string, at: Where, depth: number): Reason | undefined {
    const { brain: own, file: in_ } = at
    const place = <What extends Reason["what"]>(what: What, spot: Place, said: string) => ({
      name: wanted,
      what,
      file: in_.file,
      line: lineOf(in_, spot),
      said,
      through: [] as readonly string[],
    })
    const value = own.values.find((each) => each.name.text === wanted)
    if (value) {
      const isAbove = told.has(value) || depth > 200
      told.add(value)
      const names = [...new Set(mentions(value.value, wanted).map(({ text }) => text))]
      const from = isAbove ? [] : names.flatMap((each) => reasonOf(each, at, depth + 1) ?? [])
      return { ...place("value", value.name, statement(in_, value.name)), from, isAbove }
    }
    const input = own.takes.find((each) => each.name.text === wanted)
    if (input) return { ...place("input", input.name, spoken(input.type)), from: [], isAbove: false }
    const parameter = own.parameters.find((each) => each.name.text === wanted)
    if (parameter) {
      const given = at.given.get(wanted)
      const from = given ? [given] : []
      return { ...place("parameter", parameter.name, statement(in_, parameter.name)), from, isAbove: false }
    }
    const use = own.uses.find((each) => each.name.text === wanted)
    if (use) {
      const from = use.isString ? outside(in_, use.source.text) : definitionReason(use.source.text, at)
      return { ...place("part", use.name, statement(in_, use.name)), from: from ? [from] : [], isAbove: false }
    }
    return definitionReason(wanted, at)
  }

  function definitionReason(wanted: string, { file: in_, given }: Where): Reason | undefined {
    const argument = given.get(wanted)
    if (argument) return argument
    const found = definitionsOf(in_).get(wanted)
    if (found === undefined) return undefined
    return definitionAt(found.file, found.syntax, throughOf(in_, found.file))
  }
  function definitionAt(file: FileSyntax, syntax: BrainSyntax | ModuleSyntax, through: readonly string[]): Reason {
    return {
      name: syntax.name.text,
      what: syntax.kind === "brain" ? "brain" : syntax.declaration.kind,
      file: file.file,
      line: lineOf(file, syntax.name),
      said: syntax.kind === "brain" ? syntax.about : syntax.declaration.about,
      through,
      from: [],
      isAbove: false,
    }
  }
  function outside(in_: FileSyntax, source: string): Reason | undefined {
    const found = library.found(in_.file, source)
    if (found.kind === "brain") {
      const other = library.files.get(found.file)!.syntax
      const last = brainOf(other)
      return last && definitionAt(other, last, [])
    }
    const common = { name: source, line: 1, through: [], from: [], isAbove: false }
    if (found.kind === "absent") return { ...common, what: "module", file: source, said: found.problem.seen }
    const { kind, folder, digest, gives } = found.module
    return { ...common, what: kind, file: folder, said: `gives ${describe(gives[0]!.type)}, ${digest.slice(0, 19)}…` }
  }

  /** The brain that a part is, with the values that its parameters are given there. */
  function inside(wanted: string, at: Where): Where | undefined {
    const use = at.brain.uses.find((each) => each.name.text === wanted)
    const found = use?.isString ? library.found(at.file.file, use.source.text) : undefined
    if (found?.kind === "brain") {
      const file = library.files.get(found.file)!.syntax
      const brain = brainOf(file)
      return brain && { file, brain, given: new Map() }
    }
    const definition = definitionsOf(at.file).get(use && !use.isString ? use.source.text : wanted)
    if (definition?.syntax.kind !== "brain") return undefined
    const given = new Map(
      (use?.arguments ?? []).map(({ name: parameter, value }): [string, Reason] => [
        parameter.text,
        {
          name: parameter.text,
          what: "parameter",
          file: at.file.file,
          line: lineOf(at.file, parameter),
          said: at.file.source.slice(parameter.start, value.end),
          through: [],
          from: [],
          isAbove: false,
        },
      ]),
    )
    return { file: definition.file, brain: definition.syntax, given }
  }

  /** The files on the way from one that includes to the one that is included. */
  function throughOf(from: FileSyntax, to: FileSyntax): readonly string[] {
    const before = new Map<string, string>()
    const open = [from.file]
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      if (at === to.file) break
      for (const { text } of library.files.get(at)?.syntax.includes ?? []) {
        const next = library.included(at, text)
        if (!before.has(next) && next !== from.file) {
          before.set(next, at)
          open.push(next)
        }
      }
    }
    const way: string[] = []
    for (let at = before.get(to.file); at !== undefined && way.length < 1000; at = before.get(at)) way.push(at)
    return to === from ? [] : way
  }
}

const brainOf = ({ definitions }: FileSyntax): BrainSyntax | undefined =>
  definitions.findLast((each) => each.kind === "brain")
const lineOf = ({ source }: FileSyntax, { start }: Place): number => source.slice(0, start).split("\n").length
const spoken = (type: TypeSyntax): string => (type.type === "label of" ? `label of ${type.part.text}` : describe(type))

/** The member that a name begins or stands in, on one line: up to the line that begins the next. */
function statement({ source }: FileSyntax, { start }: Place): string {
  const from = source.lastIndexOf("\n", start) + 1
  let depth = 0
  let at = from
  for (; at < source.length; at++) {
    const character = source[at]
    if (character === '"') at = source.indexOf('"', at + 1)
    else if (character === "{") depth++
    else if (character === "}") depth--
    if (at < 0 || depth < 0 || (character === "\n" && depth === 0)) break
  }
  const text = source.slice(from, at < 0 ? undefined : at).replace(/#[^\n]*/g, "")
  return text.trim().replace(/\s+/g, " ")
}
