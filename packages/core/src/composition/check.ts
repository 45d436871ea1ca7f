import type { Problem } from "../base/problem.ts"
import { suggest } from "../base/problem.ts"
import { counted } from "../base/words.ts"
import { budgetProblems, type Costs, costsOf } from "./budget.ts"
import { checkExpression, type Names } from "./check_expression.ts"
import {
  type CheckedBrain,
  type CheckedModule,
  type CheckedUse,
  type Composition,
  FORMAT,
  type Node,
  type Target,
} from "./composition.ts"
import { type Definition, type Definitions, definitionsIn } from "./definitions.ts"
import type { Cost, Library } from "./library.ts"
import { inOrder, needs } from "./order.ts"
import type { ModuleDeclaration } from "./parts.ts"
import { type Reporter, reporter } from "./reporter.ts"
import { checkRules } from "./rules.ts"
import type { Signature, Typed } from "./signature.ts"
import type {
  ArgumentSyntax,
  BrainSyntax,
  FileSyntax,
  LiteralSyntax,
  ParameterSyntax,
  PortSyntax,
  UseSyntax,
  Word,
} from "./syntax.ts"
import { describe, misfit, type Port, type PortType } from "./types.ts"

export interface Checked {
  /** Nothing when there are problems. */
  readonly composition?: Composition
  readonly problems: readonly Problem[]
}

/** Brains in brains, at most: each is in the memory of the one that uses it. */
const DEPTH_MAX = 64
/** Brains of a composition, templates once for each set of their values. */
const BRAINS_MAX = 100_000

/**
 * Resolves and checks the last brain of a file, and whatever it leads to. All problems are told of at once, those of reading first.
 * Problems: those of `parseBrains`, OB601 to OB629, and what the library says of a module that is not there.
 */
export function checkBrains(library: Library, main: string): Checked {
  const all = reporter()
  const parsed = [...library.files.values()]
  const reading = parsed.flatMap(({ problems }) => problems)
  const file = library.files.get(main)!.syntax
  const checker = openChecker(library, all)
  const last = file.definitions.findLast((each) => each.kind === "brain")
  if (last) checker.main(file, last)
  else if (reading.length === 0)
    all.report(
      file,
      file.definitions[0]?.name ?? { start: 0, end: 0 },
      "OB629",
      `${main} has no brain to run.`,
      "Add one after its definitions: brain helpdesk { … }",
    )
  // What was misread is no reason to say that it is missing as well.
  const broken = new Set(parsed.filter(({ problems }) => problems.length > 0).map(({ syntax }) => syntax.file))
  const problems = [...reading, ...all.problems.filter(({ span }) => !broken.has(span?.file ?? ""))]
  return problems.length > 0 ? { problems } : { composition: checker.composition(), problems }
}

/** The value of a parameter: what was written, or a module. */
type Argument = { readonly literal: LiteralSyntax } | { readonly signature: Signature | undefined }
type Arguments = ReadonlyMap<string, Argument>

function openChecker(library: Library, all: Reporter) {
  const definitionsOf = definitionsIn(library, all)
  const modules: CheckedModule[] = []
  const brains: CheckedBrain[] = []
  const known = new Map<string, Signature | undefined>() // by what it is: modules by folder, brains by definition and arguments
  const fileIds = new Map<FileSyntax, number>()
  const idOf = (file: FileSyntax): number => {
    const found = fileIds.get(file) ?? fileIds.size
    fileIds.set(file, found)
    return found
  }
  const onTheWay: string[] = []

  function moduleSignature(key: string, module: CheckedModule, cost: Cost): Signature {
    const place = modules.push(module) - 1
    const label = (port: Port): boolean => port.type.type === "label"
    const signature: Signature = {
      target: { module: place },
      name: module.name,
      takes: module.takes,
      gives: module.gives,
      unsure: module.gives.map(label),
      isExpert: module.kind === "net" && module.gives.length === 1 && label(module.gives[0]!),
      ...(module.kind === "net" ? {} : { nothing: `\`${module.name}\` may fail or be late` }),
      cost: () => cost,
      loads: new Map([[place, cost]]),
    }
    known.set(key, signature)
    return signature
  }

  function declaredSignature(definition: Definition, declaration: ModuleDeclaration): Signature | undefined {
    const key = `module ${idOf(definition.file)} ${declaration.name}`
    if (known.has(key)) return known.get(key)
    const { kind, name, takes, gives } = declaration
    const cost = library.cost(definition.file.file, declaration)
    const isNet = kind === "net"
    let folder: string | undefined
    let digest: CheckedModule["digest"]
    if (isNet) {
      const found = library.found(definition.file.file, declaration.in ?? `./${name}`)
      if (found.kind === "module") {
        folder = found.module.folder
        digest = found.module.digest
        compareWithFolder(definition, declaration, found.module)
      } else if (declaration.in !== undefined) {
        const { code, seen, hint } =
          found.kind === "absent"
            ? found.problem
            : ({
                code: "OB616",
                seen: `${declaration.in} holds a brain, not a net.`,
                hint: "Name the folder of a net.",
              } as const)
        all.report(definition.file, definition.syntax.name, code, seen, hint)
      } else
        all.report(
          definition.file,
          definition.syntax.name,
          "OB629",
          `The net \`${name}\` is declared here, and nothing says where it lies.`,
          `Say: in "./${name}", once it is taught.`,
        )
    } else if (kind === "code") folder = library.included(definition.file.file, declaration.in ?? ".")
    return moduleSignature(
      key,
      {
        kind,
        name,
        ...(folder === undefined ? {} : { folder }),
        ...(digest === undefined ? {} : { digest }),
        takes,
        gives,
        ...(isNet ? {} : { declaration }),
      },
      cost,
    )
  }

  function compareWithFolder(definition: Definition, declared: ModuleDeclaration, found: CheckedModule): void {
    const pairs = [
      ["takes", found.takes, declared.takes],
      ["gives", found.gives, declared.gives],
    ] as const
    for (const [what, real, said] of pairs) {
      const why =
        real.length !== said.length
          ? `it has ${counted(real.length, "port")}`
          : real
              .map((port, i) =>
                what === "takes" ? misfit(said[i]!.type, port.type) : misfit(port.type, said[i]!.type),
              )
              .find((each) => each !== undefined)
      if (why !== undefined)
        all.report(
          definition.file,
          definition.syntax.name,
          "OB629",
          `The net in ${found.folder} does not have the \`${what}\` that is declared here: ${why}.`,
          "Declare what it has, or teach it again.",
        )
    }
  }

  function definitionSignature(
    definition: Definition,
    given: Arguments,
    at: { readonly file: FileSyntax; readonly place: Word },
  ) {
    const { syntax, file } = definition
    if (syntax.kind === "module") return declaredSignature(definition, syntax.declaration)
    const values = [...given].map(([name, value]) => [
      name,
      "literal" in value ? value.literal : (value.signature?.target ?? null),
    ])
    const key = `brain ${idOf(file)} ${syntax.name.text} ${given.size > 0 ? JSON.stringify(values, withoutPlaces) : ""}`
    if (known.has(key) && !onTheWay.includes(key)) return known.get(key)
    if (onTheWay.includes(key) || onTheWay.length >= DEPTH_MAX) {
      const isCircle = onTheWay.includes(key)
      all.report(
        at.file,
        at.place,
        "OB614",
        isCircle
          ? `\`${syntax.name.text}\` is used by itself, and would never end.`
          : `Brains are used by brains more than ${DEPTH_MAX} deep.`,
        isCircle
          ? "Let it use another, or repeat something with a bound: repeat up to 4 times { … }"
          : "Make it flatter.",
      )
      return undefined
    }
    onTheWay.push(key)
    const signature = brains.length < BRAINS_MAX ? checkBrain(file, syntax, given) : undefined
    onTheWay.pop()
    known.set(key, signature)
    return signature
  }

  function checkBrain(file: FileSyntax, brain: BrainSyntax, given: Arguments): Signature | undefined {
    const before = all.problems.length
    const definitions = definitionsOf(file)
    const scope = openScope(file, brain, given, definitions)
    const nodes: Node[] = []
    const unresolved = scope.names(nodes)
    for (const parameter of brain.parameters) {
      const literal = scope.literalOf(parameter)
      if (literal === undefined || parameter.type.type === "module") continue
      const node: Node =
        literal.kind === "label"
          ? { op: "label", label: literal.label }
          : { op: "literal", value: literal.kind === "text" ? literal.text : literal.value }
      scope.put(parameter.name.text, {
        node: nodes.push(node) - 1,
        type: parameter.type,
        unsure: false,
        isExpert: false,
      })
    }
    for (const [input, { name }] of brain.takes.entries()) {
      const node = nodes.push({ op: "input", input }) - 1
      const type = scope.typeOf(brain.takes[input]!)
      scope.put(name.text, { node, type, unsure: type?.type === "label", isExpert: false })
    }
    const places = new Map(brain.values.map(({ name }, i) => [name.text, i]))
    const needed = brain.values.map((each) => needs(each).flatMap(({ text }) => places.get(text) ?? []))
    const { order, cycles } = inOrder(needed)
    for (const cycle of cycles) {
      const value = brain.values[cycle[0]!]!
      const way = [...cycle, cycle[0]!].map((at) => `\`${brain.values[at]!.name.text}\``).join(" needs ")
      all.report(
        file,
        value.name,
        "OB613",
        `These values need each other without end: ${way}.`,
        "Break the circle, or give it a bound: draft is repeat up to 4 times { … }",
      )
    }
    for (const at of order) {
      const { name, value } = brain.values[at]!
      if (places.get(name.text) !== at) continue // the later one of two, told of elsewhere
      const isInCircle = cycles.some((cycle) => cycle.includes(at))
      scope.put(name.text, isInCircle ? NONE : checkExpression(value, unresolved, name.text))
    }
    const outputs = brain.gives.map((each) => checkOutput(file, brain, each, scope))
    reportUnused(file, brain, scope, needed)
    const rules = checkRules(brain, outputs, nodes, (at, code, seen, hint) => all.report(file, at, code, seen, hint))
    const uses = scope.uses()
    const loads = new Map<number, Cost>()
    for (const { signature } of uses) for (const [place, cost] of signature?.loads ?? []) loads.set(place, cost)
    let known: Costs | undefined
    const costs = (): Costs => {
      known ??= costsOf(
        nodes,
        outputs.map(({ node }) => node),
        uses.map((use) => ({ name: use.name, cost: use.signature?.cost() })),
        loads,
      )
      return known
    }
    if (brain.budget.length > 0)
      for (const { at, seen, hint } of budgetProblems(brain.budget, costs())) all.report(file, at, "OB622", seen, hint)
    const gives = brain.gives.map(({ name }, i) => ({ name: name.text, type: outputs[i]!.wanted ?? EMPTY }))
    const takes = brain.takes.map((each) => ({ name: each.name.text, type: scope.typeOf(each) ?? EMPTY }))
    if (all.problems.length > before) {
      // Its users are checked against what it says of itself.
      if (gives.some(({ type }) => type === EMPTY) || takes.some(({ type }) => type === EMPTY)) return undefined
    }
    const place =
      brains.push({
        name: brain.name.text,
        about: brain.about,
        licence: brain.licence,
        takes,
        gives,
        uses: uses.map(
          ({ name, signature, absent, shared }): CheckedUse => ({
            name,
            of: signature?.target ?? { absent: absent ?? "it is not there" },
            ...(shared === undefined ? {} : { shared }),
          }),
        ),
        nodes,
        outputs: outputs.map(({ node }) => node),
        rules,
        budget: brain.budget.map(({ what, amount }) => ({ what, amount })),
        values: brain.values.map(({ name }) => ({ name: name.text, node: scope.get(name.text)?.node ?? -1 })),
      }) - 1
    return {
      target: { brain: place },
      name: brain.name.text,
      takes,
      gives,
      unsure: outputs.map(({ unsure }) => unsure),
      ...(rules.length > 0 ? { nothing: `\`${brain.name.text}\` may give an answer that breaks its rules` } : {}),
      isExpert: gives.length === 1 && outputs[0]!.isExpert,
      cost: () => costs().total,
      loads,
    }
  }

  function checkOutput(file: FileSyntax, brain: BrainSyntax, output: PortSyntax, scope: Scope): Output {
    const wanted = scope.typeOf(output)
    const value = brain.values.find(({ name }) => name.text === output.name.text)
    if (value === undefined) {
      const isInput = brain.takes.some(({ name }) => name.text === output.name.text)
      if (!isInput)
        all.report(
          file,
          output.name,
          "OB618",
          `Nothing says what \`${output.name.text}\` is.`,
          `Add: ${output.name.text} is …`,
        )
      return { ...NONE, wanted }
    }
    const found = scope.get(output.name.text) ?? NONE
    const why = found.type && wanted && misfit(found.type, wanted)
    if (why !== undefined)
      all.report(
        file,
        value.name,
        "OB607",
        `\`${output.name.text}\` is ${describe(found.type!)}, and the brain gives ${describe(wanted!)}: ${why}.`,
        `Say what it gives: gives ${output.name.text}: ${describe(found.type!)}`,
      )
    else if (found.nothing !== undefined)
      all.report(
        file,
        value.name,
        "OB612",
        `\`${output.name.text}\` may be nothing: ${found.nothing}.`,
        'Give it something that always answers, last in `first good { … "A person will answer." }`.',
      )
    return { ...found, wanted, place: value.name }
  }

  function reportUnused(
    file: FileSyntax,
    brain: BrainSyntax,
    scope: Scope,
    needed: readonly (readonly number[])[],
  ): void {
    const reached = new Set<number>()
    const open = brain.values.flatMap(({ name }, i) =>
      brain.gives.some((each) => each.name.text === name.text) ? [i] : [],
    )
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      open.push(...needed[at]!)
    }
    for (const [i, { name }] of brain.values.entries())
      if (!reached.has(i))
        all.report(
          file,
          name,
          "OB605",
          `No output of \`${brain.name.text}\` needs \`${name.text}\`.`,
          "Use it, or take it out.",
        )
    for (const { name, what } of scope.unused())
      all.report(file, name, "OB605", `The ${what} \`${name.text}\` is not used.`, "Use it, or take it out.")
  }

  /** The names of one brain. */
  function openScope(file: FileSyntax, brain: BrainSyntax, given: Arguments, definitions: Definitions) {
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
      else if (shadowed && source?.text !== name.text)
        all.report(
          file,
          name,
          "OB604",
          `\`${name.text}\` is what ${shadowed.file.file} defines under that name, and would hide it.`,
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
        all.report(
          file,
          each.name,
          "OB603",
          `There is an output \`${each.name.text}\` already.`,
          "Keep one of the two.",
        )

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
        if (use.digest !== undefined && digest !== undefined && use.digest !== digest)
          all.report(
            file,
            source,
            "OB617",
            `${source.text} is not the module that is named here: it is ${digest}.`,
            "Take the one that is named, or name this one.",
          )
        if (found.kind === "brain") {
          const parsed = library.files.get(found.file)!
          const last = parsed.syntax.definitions.findLast((each) => each.kind === "brain")
          if (last === undefined) return { ...common, signature: undefined, absent: "it holds no brain" }
          const definition = { file: parsed.syntax, syntax: last }
          return { ...common, signature: withArguments(definition, use) }
        }
        const { folder, kind, name: called, digest: is, takes, gives, ...cost } = found.module
        const key = `folder ${folder}`
        const signature = known.has(key)
          ? known.get(key)
          : moduleSignature(key, { kind, name: called, folder, digest: is, takes, gives }, cost)
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
      } else
        all.report(file, name, "OB601", `Nothing here is called \`${name.text}\`.`, suggest(name.text, callables()))
      return undefined
    }
    const callables = (): readonly string[] => [
      ...brain.uses.map((each) => each.name.text),
      ...[...definitions.keys()].filter((key) => key !== brain.name.text),
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
        add: (node) => nodes.push(node) - 1,
        nodes,
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
    for (const use of brain.uses)
      if (!useOf.has(use.name.text)) useOf.set(use.name.text, uses.push(resolveUse(use)) - 1)

    return {
      names,
      put: (name: string, typed: Typed) => void values.set(name, typed),
      get: (name: string) => values.get(name),
      literalOf(own: ParameterSyntax): LiteralSyntax | undefined {
        const found = argumentOf(own)
        return found && "literal" in found ? found.literal : undefined
      },
      uses: () => uses,
      unused: () => [...entries.values()].filter((entry) => !entry.used && entry.what !== "value"),
      typeOf(port: PortSyntax): PortType | undefined {
        if (port.type.type !== "label of") return port.type
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
  type Scope = ReturnType<typeof openScope>

  return {
    main(file: FileSyntax, brain: BrainSyntax): void {
      const missing = brain.parameters.filter(({ value }) => value === undefined)
      if (missing.length > 0)
        all.report(
          file,
          missing[0]!.name,
          "OB620",
          `\`${brain.name.text}\` is a template: ${missing.map(({ name }) => `\`${name.text}\``).join(", ")} has no value.`,
          "Use it in another brain, with { … }, or give it a value: parameter … is …",
        )
      definitionSignature({ file, syntax: brain }, new Map(), { file, place: brain.name })
    },
    composition: (): Composition => ({ format: FORMAT, modules, brains }),
  }
}

export interface Output extends Typed {
  readonly wanted: PortType | undefined
  /** The name where its value is said. */
  readonly place?: Word
}
const NONE: Typed = { node: -1, type: undefined, unsure: false, isExpert: false }
/** Stands where a type is missing because of a problem. */
const EMPTY: PortType = { type: "label", labels: [] }

const withoutPlaces = (key: string, value: unknown): unknown => (key === "start" || key === "end" ? undefined : value)

function fit(literal: LiteralSyntax, type: PortType, refuse: (why: string) => undefined): Argument | undefined {
  const own: PortType =
    literal.kind === "text"
      ? { type: "text", bytesMax: Math.max(1, new TextEncoder().encode(literal.text).length) }
      : literal.kind === "number"
        ? { type: "number", least: literal.value, most: literal.value }
        : { type: "label", labels: [literal.label] }
  const why = misfit(own, type)
  return why === undefined ? { literal } : refuse(why)
}
function unlike(
  signature: Signature,
  wanted: Extract<ParameterSyntax["type"], { readonly type: "module" }>,
): string | undefined {
  if (signature.takes.length !== wanted.takes.length)
    return `takes ${counted(signature.takes.length, "input")}, not ${wanted.takes.length}`
  for (const [i, { type }] of signature.takes.entries()) {
    const why = misfit(wanted.takes[i]!, type)
    if (why !== undefined) return `takes something else: ${why}`
  }
  if (signature.gives.length !== 1) return `gives ${counted(signature.gives.length, "output")}, not one`
  const why = misfit(signature.gives[0]!.type, wanted.gives)
  return why === undefined ? undefined : `gives something else: ${why}`
}
function sample(type: ParameterSyntax["type"]): string {
  switch (type.type) {
    case "text":
      return '"Hello"'
    case "number":
      return `${Math.min(Math.max(type.least, 1), type.most)}`
    case "label":
      return `label ${type.labels[0]}`
    case "module":
      return "intent"
    default:
      return describe(type)
  }
}

export type { Target }
