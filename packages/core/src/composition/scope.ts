import { suggest } from "../base/problem.ts"
import { type Argument, type Arguments, fit, sample, unlike } from "./arguments.ts"
import type { Names } from "./check_expression.ts"
import type { Node } from "./composition.ts"
import type { Definition } from "./definitions.ts"
import { NONE, type Signature, type Typed } from "./signature.ts"
import type { ArgumentSyntax, BrainSyntax, FileSyntax, ParameterSyntax, PortSyntax, UseSyntax, Word } from "./syntax.ts"
import type { Targets } from "./targets.ts"
import { describe, elementOf, type PortType } from "./types.ts"

export type Scope = ReturnType<typeof openScope>

/** The names of one brain: what each stands for, and whether it was needed. Problems: OB601 to OB604, OB616, OB617, OB620. */
export function openScope(targets: Targets, file: FileSyntax, brain: BrainSyntax, given: Arguments) {
  const { library, all, known, moduleSignature, definitionSignature } = targets
  const definitions = targets.definitionsOf(file)
  // A file that is missing or was misread may have what nothing else has.
  const isPartial = targets.isPartial(file)
  type Entry = { readonly what: "input" | "value" | "parameter" | "part"; readonly name: Word; used: boolean }
  const entries = new Map<string, Entry>()
  const values = new Map<string, Typed>()
  const uses: {
    name: string
    signature: Signature | undefined
    absent?: string
    shared?: string
    isOptional: boolean
  }[] = []
  const useOf = new Map<string, number>()
  const types = new Map<PortSyntax, PortType | undefined>()

  const enter = (what: Entry["what"], name: Word, source?: Word): void => {
    const other = entries.get(name.text)
    const shadowed = definitions.get(name.text)
    if (other)
      all.report(
        file,
        name,
        "OB603",
        `There is a${other.what === "input" ? "n" : ""} ${other.what} \`${name.text}\` already.`,
        "Give one of the two another name.",
      )
    else if (shadowed && shadowed.syntax !== brain && source?.text !== name.text)
      all.report(
        file,
        name,
        "OB604",
        `\`${name.text}\` would hide what ${shadowed.file.file} defines under that name.`,
        `Take another name, such as \`${name.text}_here\`.`,
      )
    if (!other) entries.set(name.text, { what, name, used: false })
  }
  for (const { name } of brain.takes) enter("input", name)
  for (const { name } of brain.parameters) enter("parameter", name)
  for (const { name, source, isString } of brain.uses) enter("part", name, isString ? undefined : source)
  for (const { name } of brain.values) enter("value", name)
  for (const { name } of brain.gives) {
    const other = entries.get(name.text)
    if (other && other.what !== "value")
      all.report(
        file,
        name,
        "OB603",
        `There is a${other.what === "input" ? "n" : ""} ${other.what} \`${name.text}\` already.`,
        "An output has a name of its own.",
      )
  }
  for (const [i, each] of brain.gives.entries())
    if (brain.gives.findIndex(({ name }) => name.text === each.name.text) < i)
      all.report(file, each.name, "OB603", `There is an output \`${each.name.text}\` already.`, "Keep one of the two.")

  const argumentOf = ({ name, value }: ParameterSyntax): Argument | undefined =>
    given.get(name.text) ?? (value && { literal: value })
  const parameter = (name: string): ParameterSyntax | undefined =>
    brain.parameters.find((each) => each.name.text === name)

  function resolveUse(use: UseSyntax): (typeof uses)[number] {
    const { name, source, isString, isOptional, shared } = use
    const common = { name: name.text, isOptional, ...(shared === undefined ? {} : { shared }) }
    if (isString) {
      const found = library.found(file.file, source.text)
      if (found.kind === "absent") {
        if (!isOptional) all.report(file, source, found.problem.code, found.problem.seen, found.problem.hint)
        return { ...common, signature: undefined, absent: found.problem.seen }
      }
      const digest = found.kind === "module" ? found.module.digest : found.digest
      const wanted = use.digest ?? library.locked(file.file, source.text)
      if (wanted !== undefined && digest !== undefined && wanted !== digest)
        all.report(
          file,
          source,
          "OB617",
          `${source.text} is not the module that is ${use.digest === undefined ? `locked, ${wanted}` : "named here"}: it is ${digest}.`,
          use.digest === undefined
            ? "Take the one that was locked, or lock this one: brain lock BRAIN"
            : "Take the one that is named, or name this one.",
        )
      if (found.kind === "brain") {
        const parsed = library.files.get(found.file)!
        const last = parsed.syntax.definitions.findLast((each) => each.kind === "brain")
        if (last === undefined) return { ...common, signature: undefined, absent: "it holds no brain" }
        const definition = { file: parsed.syntax, syntax: last }
        return { ...common, signature: withArguments(definition, use) }
      }
      const { folder, kind, name: called, digest: is, takes, gives, isStepped, ...cost } = found.module
      const key = `folder ${folder}`
      const signature = known.has(key)
        ? known.get(key)
        : moduleSignature(
            key,
            { kind, name: called, folder, digest: is, takes, gives, ...(isStepped ? { isStepped } : {}) },
            cost,
          )
      return { ...common, signature }
    }
    const own = parameter(source.text)
    if (own) {
      mark(source.text)
      const value = argumentOf(own)
      return { ...common, signature: value && "signature" in value ? value.signature : undefined }
    }
    const definition = definitions.get(source.text)
    if (definition) return { ...common, signature: withArguments(definition, use) }
    if (isPartial) return { ...common, signature: undefined }
    all.report(
      file,
      source,
      "OB601",
      `Nothing here is called \`${source.text}\`.`,
      `${suggest(source.text, [...definitions.keys()])} A folder stands in quotation marks: use ${name.text} from "./${source.text}"`,
    )
    return { ...common, signature: undefined }
  }

  function withArguments(definition: Definition, use: UseSyntax): Signature | undefined {
    const parameters = definition.syntax.kind === "brain" ? definition.syntax.parameters : []
    const found = new Map<string, Argument>()
    for (const each of use.arguments) {
      const wanted = parameters.find(({ name }) => name.text === each.name.text)
      if (wanted === undefined)
        all.report(
          file,
          each.name,
          "OB620",
          `\`${definition.syntax.name.text}\` has no parameter \`${each.name.text}\`.`,
          suggest(
            each.name.text,
            parameters.map(({ name }) => name.text),
          ),
        )
      else if (found.has(each.name.text))
        all.report(file, each.name, "OB620", `\`${each.name.text}\` has a value already.`, "Keep one of the two.")
      else {
        const value = argumentValue(each, wanted)
        if (value) found.set(each.name.text, value)
      }
    }
    const missing = parameters.filter(
      ({ name, value }) => value === undefined && !use.arguments.some((each) => each.name.text === name.text),
    )
    if (missing.length > 0)
      all.report(
        file,
        use.source,
        "OB620",
        `\`${definition.syntax.name.text}\` needs a value for ${missing.map(({ name }) => `\`${name.text}\``).join(", ")}.`,
        `Add: with { ${missing.map(({ name, type }) => `${name.text} ${sample(type)}`).join(" ")} }`,
      )
    if (missing.length > 0 || found.size < use.arguments.length) return undefined
    return definitionSignature(definition, found, { file, place: use.source })
  }

  function argumentValue({ name, value }: ArgumentSyntax, { type }: ParameterSyntax): Argument | undefined {
    const refuse = (why: string): undefined => {
      all.report(
        file,
        value,
        "OB620",
        `This is no value for \`${name.text}\`: ${why}.`,
        `Give one such as: ${sample(type)}`,
      )
      return undefined
    }
    if (value.kind === "name") {
      const own = parameter(value.name)
      if (own) {
        mark(value.name)
        const passed = argumentOf(own)
        if (passed === undefined) return undefined
        if ("literal" in passed)
          return type.type === "module" ? refuse("a module is needed") : fit(passed.literal, type, refuse)
      }
      const part = own ? undefined : names([]).part({ text: value.name, start: value.start, end: value.end })
      const passed = own ? argumentOf(own) : undefined
      const signature = passed && "signature" in passed ? passed.signature : part?.signature
      if (signature === undefined) return undefined
      if (type.type !== "module") return refuse(`\`${value.name}\` is a module, and ${describe(type)} is needed`)
      const why = unlike(signature, type)
      return why === undefined ? { signature } : refuse(`\`${value.name}\` ${why}`)
    }
    if (type.type === "module") return refuse("a module is needed")
    return fit(value, type, refuse)
  }

  function part(name: Word) {
    const known = useOf.get(name.text)
    if (known !== undefined) {
      mark(name.text)
      return { use: known, ...uses[known]! }
    }
    const entry = entries.get(name.text)
    const own = parameter(name.text)
    if (own?.type.type === "module" || (!entry && definitions.has(name.text))) {
      mark(name.text)
      const source = { ...name }
      const found = resolveUse({ name, source, isString: false, arguments: [], isOptional: false })
      useOf.set(name.text, uses.push(found) - 1)
      return { use: uses.length - 1, ...found }
    }
    if (entry) {
      mark(name.text)
      all.report(
        file,
        name,
        "OB602",
        `\`${name.text}\` is a${entry.what === "input" ? "n" : ""} ${entry.what}, not a part that can be asked.`,
        `Name a part before \`of\`. ${suggest(name.text, callables())}`,
      )
    } else all.report(file, name, "OB601", `Nothing here is called \`${name.text}\`.`, suggest(name.text, callables()))
    return undefined
  }
  const callables = (): readonly string[] => [
    ...new Set([
      ...brain.uses.map((each) => each.name.text),
      ...[...definitions.keys()].filter((key) => key !== brain.name.text),
    ]),
  ]
  const mark = (name: string): void => {
    const entry = entries.get(name)
    if (entry) entry.used = true
  }

  function value(name: Word): Typed {
    const stood = standing.get(name.text)
    if (stood) return stood
    const entry = entries.get(name.text)
    if (entry) entry.used = true
    const found = values.get(name.text)
    if (found) return found
    if (entry?.what === "parameter" && parameter(name.text)!.type.type !== "module") return NONE // a template without its values
    if (entry?.what === "part" || entry?.what === "parameter" || (!entry && definitions.has(name.text)))
      all.report(
        file,
        name,
        "OB602",
        `\`${name.text}\` is a part, not a value.`,
        `Ask it: ${name.text} of ${brain.takes[0]?.name.text ?? "message"}`,
      )
    else if (!entry)
      all.report(
        file,
        name,
        "OB601",
        `Nothing here is called \`${name.text}\`.`,
        suggest(
          name.text,
          [...entries.values()].filter(({ what }) => what !== "part").map((each) => each.name.text),
        ),
      )
    return NONE
  }
  const standing = new Map<string, Typed>()
  const names = (nodes: Node[]): Names => {
    return {
      value,
      part,
      report: (at, code, seen, hint) => all.report(file, at, code, seen, hint),
      mark,
      add: (node) => nodes.push(node) - 1,
      nodes,
      hasRules: brain.rules.length > 0,
      standing(name, as, work) {
        standing.set(name, as)
        try {
          return work()
        } finally {
          standing.delete(name)
        }
      },
      trial(work) {
        const { length } = nodes
        try {
          return all.muted(work)
        } finally {
          nodes.length = length
        }
      },
    }
  }

  for (const own of brain.parameters) {
    const { name, type, value: standard } = own
    if (type.type === "module") continue
    if (standard)
      fit(standard, type, (why) => {
        all.report(
          file,
          standard,
          "OB620",
          `This is no value for \`${name.text}\`: ${why}.`,
          `Give one such as: ${sample(type)}`,
        )
        return undefined
      })
  }
  for (const use of brain.uses) if (!useOf.has(use.name.text)) useOf.set(use.name.text, uses.push(resolveUse(use)) - 1)

  return {
    names,
    put: (name: string, typed: Typed) => void values.set(name, typed),
    get: (name: string) => values.get(name),
    uses: () => uses,
    mark,
    unused: () => [...entries.values()].filter((entry) => !entry.used && entry.what !== "value"),
    typeOf(port: PortSyntax): PortType | undefined {
      if (port.type.type !== "label of") return elementOf(port.type)
      if (types.has(port)) return types.get(port)
      const named = port.type.part
      const found = part(named)?.signature
      const gives = found?.gives.length === 1 ? found.gives[0]!.type : undefined
      if (found && gives?.type !== "label")
        all.report(file, named, "OB607", `\`${named.text}\` gives no label.`, "Write the labels: label { yes no }")
      types.set(port, gives?.type === "label" ? gives : undefined)
      return types.get(port)
    },
  }
}
