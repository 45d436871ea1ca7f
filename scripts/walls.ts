/** Who may import whom: the table of the house. A new arrow is a decision: write an ADR. */
import { posix } from "node:path"
import { importsOf } from "./source.ts"

/** Folders of packages/core/src, in the order that data flows. `compile` is the one file beside them. */
export const CORE_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  ir: ["base"],
  graph: ["base", "ir"],
  nn: ["base", "graph"],
  quantise: ["base", "graph"],
  kernels: ["base", "ir"],
  lower: ["base", "graph", "ir"],
  link: ["base", "ir"],
  mix: ["base", "ir", "kernels", "link"],
  emit: ["base", "ir"],
  engine: ["base", "ir", "emit"],
  compile: ["base", "ir", "graph", "nn", "quantise", "kernels", "lower", "link", "emit", "engine"],
  module: ["base", "graph"],
  composition: ["base", "module"],
  memory: ["base", "kernels", "module", "engine", "compile"],
  run: [
    "base",
    "ir",
    "graph",
    "quantise",
    "kernels",
    "link",
    "mix",
    "module",
    "composition",
    "engine",
    "compile",
    "memory",
  ],
  evaluate: ["base"],
  train: ["base", "ir", "graph", "nn", "kernels", "quantise", "engine", "compile", "memory", "run", "evaluate"],
  commons: ["base", "graph"],
  gate: ["base", "commons", "evaluate"],
}

type Package = { readonly imports: readonly string[]; readonly node: boolean }

/** Folder of the repository -> the packages of ours that it may import, and whether it runs on Node only. */
export const PACKAGE_MAY_IMPORT: Readonly<Record<string, Package>> = {
  "packages/core": { imports: [], node: false },
  "packages/formats": { imports: ["@open-brains/core"], node: false },
  "packages/brain": { imports: ["@open-brains/core", "@open-brains/formats"], node: true },
  "packages/hub": { imports: ["@open-brains/core"], node: true },
  "packages/studio": { imports: ["@open-brains/core"], node: false },
  bench: { imports: ["@open-brains/core", "@open-brains/formats", "open-brains"], node: true },
}

/** Tests and their helpers look at everything. */
export const isForTesting = (path: string): boolean =>
  /(?:\.(?:test|bench|testing)\.ts|(?:^|\/)testing(?:\.ts|\/.*))$/.test(path)

/** `path` is relative to the repository; `dependencies` are the names in the package's own package.json. */
export function forbiddenImports(
  path: string,
  source: string,
  dependencies: readonly string[] = [],
): readonly string[] {
  const home = Object.keys(PACKAGE_MAY_IMPORT).find((folder) => path.startsWith(`${folder}/`))
  if (home === undefined || isForTesting(path)) return []
  const { imports, node } = PACKAGE_MAY_IMPORT[home]!
  return importsOf(source).flatMap((specifier) => {
    if (specifier === undefined) return home === "packages/core" ? ["a computed import"] : []
    if (specifier.startsWith(".")) {
      const target = posix.join(posix.dirname(path), specifier)
      return relativeImportIsAllowed(home, path, target) ? [] : [target]
    }
    if (specifier.startsWith("node:")) return node ? [] : [specifier]
    const name = packageOf(specifier)
    const isOurs = Object.values(PACKAGE_MAY_IMPORT).some((other) => other.imports.includes(name))
    return dependencies.includes(name) && (!isOurs || imports.includes(name)) ? [] : [specifier]
  })
}

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")

function relativeImportIsAllowed(home: string, path: string, target: string): boolean {
  // What a test does a few times a bench does a hundred thousand times, with the same code.
  if (home === "bench" && (target.startsWith("scripts/") || isForTesting(target))) return true
  if (!target.startsWith(`${home}/`)) return false
  if (home !== "packages/core") return true
  const from = unitOf(path)
  const to = unitOf(target)
  if (from.unit === to.unit) return true
  // emit/wasm may share what lies in emit/ itself; emit/c99 is no business of it, nor are the targets of emit/.
  if (from.folder === "emit" && to.folder === "emit") return to.unit === "emit"
  return CORE_MAY_IMPORT[from.folder]?.includes(to.folder) ?? false
}

/** The folder in the table, and the part of it that is walled off: each target of emit/ is a unit of its own. */
function unitOf(path: string): { readonly folder: string; readonly unit: string } {
  const parts = path.replace(/^packages\/core\/(?:src\/)?/, "").split("/")
  const folder = parts.length === 1 ? parts[0]!.replace(/\.ts$/, "") : parts[0]!
  return { folder, unit: folder === "emit" && parts.length > 2 ? `emit/${parts[1]}` : folder }
}

/** A file of core that stands in no folder of the table. */
export function isMisplaced(path: string): boolean {
  if (!path.startsWith("packages/core/src/") || isForTesting(path)) return false
  const { folder } = unitOf(path)
  const isFile = path === `packages/core/src/${folder}.ts`
  return !(folder in CORE_MAY_IMPORT) || isFile !== (folder === "compile")
}
