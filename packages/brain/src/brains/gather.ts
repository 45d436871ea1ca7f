import { statSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { type Digest, digest as digestOf } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import { Refusal, suggest } from "@open-brains/core/base/problem.ts"
import { benchmarkIn } from "@open-brains/core/composition/benchmark.ts"
import {
  type Cost,
  type Found,
  type FoundBenchmark,
  type Library,
  lockedCode,
  type ModuleFacts,
} from "@open-brains/core/composition/library.ts"
import { type Parsed, parseBrains } from "@open-brains/core/composition/parse.ts"
import type { CodeDeclaration, ModuleDeclaration } from "@open-brains/core/composition/parts.ts"
import type { FileSyntax } from "@open-brains/core/composition/syntax.ts"
import type { PortType } from "@open-brains/core/composition/types.ts"
import type { Manifest } from "@open-brains/core/module/manifest.ts"
import { parseModule, printManifest } from "@open-brains/core/module/text.ts"
import { CODE_LIMITS } from "../code/open.ts"
import { REMOTE_LIMITS } from "../remote/open.ts"
import { firstParty } from "../services.ts"
import { MANIFEST, sha256 } from "../store/whole.ts"
import { readStreamModule } from "../streams/module.ts"
import { costOfNet } from "./cost.ts"
import { type LockedUse, lockPathOf, readLock } from "./lock.ts"
import { absent, type NamedUse, openNames, type Repin, storeName, strays } from "./names.ts"
import { BRAIN_FILE, firstWordOf, leadsTo, readText } from "./sources.ts"

/** What was read on the way, by path: a cache asks whether it is still the same. */
export interface Gathered {
  readonly library: Library
  readonly main: string
  readonly texts: ReadonlyMap<string, string>
  /** Files of code, by path. */
  readonly code: ReadonlyMap<string, Digest>
  /** Places that were looked at in vain. */
  readonly missing: readonly string[]
  /** Each `use` of a folder, file or name, with what it led to; of modules of the store those that they use are theirs. */
  readonly uses: readonly LockedUse[]
  /** Of those the ones of the store. */
  readonly named: readonly NamedUse[]
  /** What was looked up by a tag depends on these files, which name what tags stand for. */
  readonly tables: ReadonlyMap<string, Digest>
}

export interface GatherOptions {
  readonly isLocked?: boolean
  /** Changes what was read of the brain's own file, before it is followed. */
  readonly edit?: (syntax: FileSyntax) => FileSyntax
  /** A path that `edit` put there: it is no stranger's, also where the brain is one's of the store. */
  readonly led?: string
  /** Reads it as it would be if its lock named other artifacts. */
  readonly repin?: Repin
}

/**
 * Reads a brain and all that it leads to: files that it includes, brains and modules that it uses, and its lock, which is not
 * heeded where `isLocked` is false. Errors: OB632, OB633.
 */
export async function gather(
  main: string,
  { isLocked = true, edit, led, repin }: GatherOptions = {},
): Promise<Gathered> {
  const files = new Map<string, Parsed>()
  const texts = new Map<string, string>()
  const found = new Map<string, Found>()
  const seen = new Set<string>()
  const missing: string[] = []
  const lost = new Set<string>()
  const uses: LockedUse[] = []
  const places = new Map<string, Promise<Found>>()
  const named: NamedUse[] = []
  const code = new Map<string, Digest>() // by path
  let isBudgeted = false
  const nets = new Map<string, Promise<ModuleFacts | undefined>>()
  const benchmarks = new Map<string, FoundBenchmark>()
  const keyOf = (file: string, source: string): string => `${file}\n${source}`

  async function read(path: string): Promise<void> {
    if (seen.has(path)) return
    seen.add(path)
    const source = readText(path)
    texts.set(path, source)
    const read = parseBrains(source, path)
    const parsed = path === main && edit ? { ...read, syntax: edit(read.syntax) } : read
    files.set(path, parsed)
    await follow(parsed.syntax)
  }
  async function follow({ file, includes, definitions }: FileSyntax): Promise<void> {
    for (const { text } of includes) {
      const path = leadsTo(file, text)
      if (!strays(file, path) && (seen.has(path) || isFile(path))) await read(path)
      else missing.push(path)
    }
    for (const definition of definitions) {
      if (definition.kind === "module") {
        const { declaration } = definition
        if (declaration.kind === "code") await readCode(file, declaration)
        if (declaration.kind === "net" && declaration.in !== undefined) await find(file, declaration.in)
        continue
      }
      if (definition.budget.length > 0) isBudgeted = true
      for (const { source, isString } of definition.uses) if (isString) await find(file, source.text)
      for (const { text } of definition.benchmarks) await findBenchmark(file, text)
    }
  }
  async function findBenchmark(file: string, source: string): Promise<void> {
    const named = storeName(source) && (await names.placeOf(file, source))
    const place = named ?? (isPath(source) ? leadsTo(file, source) : firstPartyModule(source))
    if (typeof place !== "string" || strays(file, place)) return // it need not be here for the brain to answer
    const path = isFile(place) ? place : join(place, MANIFEST)
    const text = isFile(path) ? readText(path) : undefined
    if (text === undefined) missing.push(place)
    else texts.set(path, text)
    benchmarks.set(keyOf(file, source), benchmarkIn(text === undefined ? undefined : parseBrains(text, path), source))
  }
  async function readCode(file: string, declaration: CodeDeclaration): Promise<void> {
    const path = codePath(file, declaration)
    const bytes = strays(file, path) ? undefined : await readFile(path).catch(() => undefined)
    if (bytes === undefined) {
      missing.push(path)
      lost.add(path)
      return
    }
    code.set(path, sha256(bytes))
    if (names.isOwn(file)) uses.push({ file, source: lockedCode(declaration.name), digest: sha256(bytes) })
  }
  async function find(file: string, source: string): Promise<void> {
    const key = keyOf(file, source)
    if (found.has(key)) return
    const result = await lookUp(file, source)
    found.set(key, result)
    if (result.kind === "absent") missing.push(leadsTo(file, source))
    else if (result.kind === "brain") await read(result.file)
    const reference = storeName(source)
    const artifact = reference && names.artifactOf(file, source)
    const isOwn = names.isOwn(file)
    if (artifact) named.push({ file, source, artifact, isOwn, isLocked: names.lockedIn(file, source) === artifact })
    const digest = artifact ?? digestOfFound(result)
    if (digest === undefined) return
    found.set(key, withDigest(result, digest))
    if (isOwn) uses.push({ file, source, digest })
  }
  const digestOfFound = (result: Found): Digest | undefined =>
    result.kind === "brain"
      ? sha256(new TextEncoder().encode(texts.get(result.file)!))
      : result.kind === "module"
        ? result.module.digest
        : undefined
  async function lookUp(file: string, source: string): Promise<Found> {
    const place = storeName(source) ? await names.placeOf(file, source) : await placeOf(file, source, led)
    if (typeof place !== "string") return place
    const known = places.get(place) ?? lookInto(place, source)
    places.set(place, known)
    return known
  }
  async function lookInto(place: string, source: string): Promise<Found> {
    if (isFile(place)) return { kind: "brain", file: place }
    if (!isFile(join(place, MANIFEST))) return { kind: "module", module: await steppedNet(place) }
    const manifest = join(place, MANIFEST)
    const text = readText(manifest)
    const kind = firstWordOf(text) ?? ""
    if (kind === "benchmark")
      return absent(`${source} is a benchmark, and answers nothing.`, `Let the brain live by it: benchmark "${source}"`)
    if (!["net", "dataset", "predictor"].includes(kind)) return { kind: "brain", file: manifest }
    texts.set(manifest, text)
    try {
      const module = parseModule(text, manifest)
      if (module.kind === "net") return { kind: "module", module: factsOf(module, place) }
      if (module.kind === "predictor")
        return absent(`${source} is a predictor of text, and gives no answers.`, "Name the folder of a net.")
      return absent(`${source} is a data set, and answers nothing.`, "Teach a net from it: brain teach.")
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { kind: "absent", problem: error.problems[0]! }
    }
  }

  const lock = isLocked ? readLock(main) : undefined
  const names = openNames(main, lock, repin)
  await read(main)
  if (lock) texts.set(lock.path, readText(lock.path))
  else missing.push(lockPathOf(main))
  if (isBudgeted)
    for (const [key, each] of found)
      if (each.kind === "module") {
        const { folder } = each.module
        const costed = nets.get(folder) ?? costOfNet(each.module).then((cost) => ({ ...each.module, ...cost }))
        nets.set(folder, costed)
        found.set(key, { kind: "module", module: (await costed)! })
      }
  const library: Library = {
    files,
    included: leadsTo,
    found: (file, source) =>
      found.get(keyOf(file, source)) ?? absent(`Nothing was read at ${source}.`, "Name a folder."),
    benchmark: (file, source) => benchmarks.get(keyOf(file, source)),
    isLost: (path) => lost.has(path),
    codeDigest: (file, declaration) => code.get(codePath(file, declaration)),
    locked: names.lockedIn,
    cost: (file, declaration) => costOf(declaration, found.get(keyOf(file, netFolder(declaration)))),
  }
  return { library, main, texts, code, missing: [...missing, ...names.missing], uses, named, tables: names.tables }
}
const withDigest = (found: Found, digest: Digest): Found =>
  found.kind === "module"
    ? { ...found, module: { ...found.module, digest } }
    : found.kind === "brain"
      ? { ...found, digest }
      : found
const codePath = (file: string, declaration: CodeDeclaration): string =>
  join(leadsTo(file, declaration.in ?? "."), declaration.file)
const netFolder = (declaration: ModuleDeclaration): string => (declaration.kind === "net" ? (declaration.in ?? "") : "")

const factsOf = (module: Manifest, folder: string): ModuleFacts => ({
  kind: "net",
  name: module.name,
  folder,
  digest: digestOf(printManifest(module)),
  takes: [{ name: module.takes.name, type: { type: "text", bytesMax: module.takes.bytesMax } }],
  gives: [{ name: module.gives.name, type: { type: "label", labels: module.gives.labels } }],
})

/** A net with a memory: a vector in and a vector out, of which labels are the largest number. It is named by its two files. */
async function steppedNet(folder: string): Promise<ModuleFacts> {
  const { graph, weights, shape, labels } = await readStreamModule(folder)
  const type: PortType = labels ? { type: "label", labels } : { type: "vector", length: shape.gives }
  return {
    kind: "net",
    name: basename(folder),
    folder,
    digest: digestOf(canonicalJson([digestOf(canonicalJson(graph)), sha256(weights)])),
    takes: [{ name: "sample", type: { type: "vector", length: shape.takes } }],
    gives: [{ name: labels ? "label" : "output", type }],
    isStepped: true,
  }
}

function costOf(declaration: ModuleDeclaration, found: Found | undefined): Cost {
  if (declaration.kind === "net") {
    if (found?.kind !== "module") return {}
    const { memoryBytes, flashBytes, latencyMs } = found.module
    return {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(flashBytes === undefined ? {} : { flashBytes }),
      ...(latencyMs === undefined ? {} : { latencyMs }),
    }
  }
  const standard = declaration.kind === "code" ? CODE_LIMITS : { ...REMOTE_LIMITS, memoryBytes: 0 }
  const { latencyMs = standard.latencyMs, memoryBytes = standard.memoryBytes, flashBytes, cost } = declaration.limits
  return {
    latencyMs,
    memoryBytes,
    ...(flashBytes === undefined ? {} : { flashBytes }),
    ...(cost === undefined ? {} : { cost }),
  }
}
/** Whether a source is a path, not a name. */
export const isPath = (source: string): boolean =>
  /^\.{0,2}\//.test(source) || source === "." || source === ".." || BRAIN_FILE.test(source)

/** The folder or file that the source of a `use` means. */
async function placeOf(file: string, source: string, led?: string): Promise<string | Found> {
  if (isPath(source)) {
    const path = leadsTo(file, source)
    if (path !== led && strays(file, path))
      return absent(
        `A module of the store uses ${source}, which is not in it.`,
        "Ask whoever made it to push it again.",
      )
    const there = statSync(path, { throwIfNoEntry: false })
    if (there?.isFile() && BRAIN_FILE.test(path)) return path
    if (there?.isDirectory() && (isFile(join(path, MANIFEST)) || isFile(join(path, "graph.json")))) return path
    return absent(
      there ? `${path} is no module: it has no ${MANIFEST}.` : `There is no folder ${path}.`,
      await nearby(path),
    )
  }
  const own = firstPartyModule(source)
  if (own !== undefined) return own
  return absent(
    `There is no module \`${source}\` on this machine.`,
    'A folder begins with a dot, like this: "./desk". Known by name: intent.',
  )
}
function firstPartyModule(source: string): string | undefined {
  const name = source.replace(/[:@].*$/, "").replace(/^open\//, "")
  const own = /^[a-z][a-z0-9-]{0,63}$/.test(name) ? firstParty("modules", name, MANIFEST) : undefined
  return own === undefined ? undefined : join(own, "..")
}
async function nearby(path: string): Promise<string> {
  const parent = join(path, "..")
  const names = await readdir(parent).catch(() => [])
  const modules: string[] = []
  for (const name of names) if (isFile(join(parent, name, MANIFEST))) modules.push(name)
  return `Name the folder of a module. ${suggest(path.split("/").at(-1)!, modules)}`
}
/** At once: waiting for each of many small questions takes longer than they do. */
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true
