import { counted } from "../base/words.ts"
import type { Arguments } from "./arguments.ts"
import { checkBrain, parameterNodes } from "./check_brain.ts"
import type { CheckedBrain, CheckedModule, Composition } from "./composition.ts"
import { type Definition, type Definitions, definitionsIn } from "./definitions.ts"
import { type Cost, type Library, lockedCode } from "./library.ts"
import type { ModuleDeclaration } from "./parts.ts"
import type { Reporter } from "./reporter.ts"
import type { Signature } from "./signature.ts"
import type { BrainSyntax, FileSyntax, Word } from "./syntax.ts"
import { misfit, type Port } from "./types.ts"

/** Brains in brains, at most: each is in the memory of the one that uses it. */
const DEPTH_MAX = 64
/** Brains of a composition, templates once for each set of their values. */
const BRAINS_MAX = 100_000

/** All that a composition is made of, as it is found: each module, and each brain with each set of values, once. */
export interface Targets {
  readonly library: Library
  readonly all: Reporter
  definitionsOf(file: FileSyntax): Definitions
  /** Whether something that a file includes, straight or not, could not be read. */
  isPartial(file: FileSyntax): boolean
  /** What was found before, by what it is. */
  readonly known: ReadonlyMap<string, Signature | undefined>
  moduleSignature(key: string, module: CheckedModule, cost: Cost): Signature
  /** Of a definition with the values of its parameters; nothing when a problem was told of. */
  definitionSignature(
    definition: Definition,
    given: Arguments,
    at: { readonly file: FileSyntax; readonly place: Word },
  ): Signature | undefined
  /** Adds a brain and says where. */
  add(brain: CheckedBrain): number
  counts(): Counts
  upTo(counts: Counts): Pick<Composition, "modules" | "brains">
}
interface Counts {
  readonly modules: number
  readonly brains: number
}

/** Problems: OB614, OB629, those of the library, and of `checkBrain`. */
export function openTargets(library: Library, all: Reporter, broken: ReadonlySet<FileSyntax>): Targets {
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
  const shapes = new Map<string, Signature>() // of templates, by the modules that they were given

  const partial = new Map<FileSyntax, boolean>()
  function isPartial(file: FileSyntax): boolean {
    const before = partial.get(file)
    if (before !== undefined) return before
    partial.set(file, false) // on its way
    const found = file.includes.some(({ text }) => {
      const parsed = library.files.get(library.included(file.file, text))
      return parsed === undefined || broken.has(parsed.syntax) || isPartial(parsed.syntax)
    })
    partial.set(file, found)
    return found
  }

  function moduleSignature(key: string, module: CheckedModule, cost: Cost): Signature {
    const place = modules.push(module) - 1
    const label = (port: Port): boolean => port.type.type === "label"
    const signature: Signature = {
      target: { module: place },
      name: module.name,
      takes: module.takes,
      gives: module.gives,
      unsure: module.gives.map(label),
      isExpert: module.kind === "net" && !module.isStepped && module.gives.length === 1 && label(module.gives[0]!),
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
    let isStepped: true | undefined
    if (isNet) {
      const found = declaration.in === undefined ? undefined : library.found(definition.file.file, declaration.in)
      if (found?.kind === "module") {
        folder = found.module.folder
        digest = found.module.digest
        isStepped = found.module.isStepped
        compareWithFolder(definition, declaration, found.module)
      } else {
        const { code, seen, hint } =
          found === undefined
            ? ({
                code: "OB629",
                seen: `The net \`${name}\` is declared here, and nothing says where it lies.`,
                hint: `Say: in "./${name}", once it is taught.`,
              } as const)
            : found.kind === "absent"
              ? found.problem
              : ({
                  code: "OB629",
                  seen: `${declaration.in} holds a brain, not a net.`,
                  hint: "Name the folder of a net.",
                } as const)
        all.report(definition.file, definition.syntax.name, code, seen, hint)
      }
    } else if (kind === "code") {
      folder = library.included(definition.file.file, declaration.in ?? ".")
      const path = library.included(definition.file.file, `${declaration.in ?? "."}/${declaration.file}`)
      if (library.isLost(path))
        all.report(
          definition.file,
          definition.syntax.name,
          "OB629",
          `The code \`${name}\` runs ${path}, and there is no such file.`,
          "Write it there, or name the one that is meant.",
        )
      digest = library.codeDigest(definition.file.file, declaration)
      const locked = library.locked(definition.file.file, lockedCode(name))
      if (locked !== undefined && digest !== undefined && locked !== digest)
        all.report(
          definition.file,
          definition.syntax.name,
          "OB617",
          `${path} is not the code that is locked, ${locked}: it is ${digest}.`,
          "Take the one that was locked, or lock this one: brain lock BRAIN",
        )
    }
    return moduleSignature(
      key,
      {
        kind,
        name,
        ...(folder === undefined ? {} : { folder }),
        ...(digest === undefined ? {} : { digest }),
        ...(isStepped ? { isStepped } : {}),
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
    if (broken.has(file)) return undefined
    if (syntax.kind === "module") {
      if (syntax.declaration.kind !== "benchmark") return declaredSignature(definition, syntax.declaration)
      all.report(
        at.file,
        at.place,
        "OB751",
        `\`${syntax.name.text}\` is a benchmark: it asks, and answers nothing.`,
        `Use a net, code, a remote part or a brain here. What a brain lives by is named so: benchmark "./${syntax.name.text}"`,
      )
      return undefined
    }
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
    const signature = brains.length < BRAINS_MAX ? withValues(file, syntax, given) : undefined
    onTheWay.pop()
    known.set(key, signature)
    return signature
  }
  /** A template that was checked is checked for all texts, numbers and labels: they are of the types that it asks for. */
  function withValues(file: FileSyntax, syntax: BrainSyntax, given: Arguments): Signature | undefined {
    const isAlike =
      given.size > 0 &&
      syntax.rules.length === 0 &&
      syntax.uses.every((use) => use.arguments.every(({ value }) => value.kind !== "name"))
    if (!isAlike) return checkBrain(targets, file, syntax, given)
    const modules = [...given].flatMap(([name, value]) =>
      "literal" in value ? [] : [[name, value.signature?.target ?? null]],
    )
    const shape = `${idOf(file)} ${syntax.name.text} ${JSON.stringify(modules)}`
    const like = shapes.get(shape)
    if (like === undefined) {
      const signature = checkBrain(targets, file, syntax, given)
      if (signature) shapes.set(shape, signature)
      return signature
    }
    const brain = brains[(like.target as { readonly brain: number }).brain]!
    const own = parameterNodes(syntax, given).map(({ node }) => node)
    const place = brains.push({ ...brain, nodes: [...own, ...brain.nodes.slice(own.length)] }) - 1
    return { ...like, target: { brain: place } }
  }
  const targets: Targets = {
    library,
    all,
    definitionsOf,
    isPartial,
    moduleSignature,
    definitionSignature,
    known,
    add: (brain) => brains.push(brain) - 1,
    counts: () => ({ modules: modules.length, brains: brains.length }),
    upTo: (counts) => ({ modules: modules.slice(0, counts.modules), brains: brains.slice(0, counts.brains) }),
  }
  return targets
}
const withoutPlaces = (key: string, value: unknown): unknown => (key === "start" || key === "end" ? undefined : value)
