import { basename, dirname, isAbsolute, join, relative } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { isArtifactPath } from "@open-brains/core/commons/artifact.ts"
import type { BenchmarkDeclaration } from "@open-brains/core/composition/parts.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { type Gathered, isPath } from "../brains/gather.ts"
import { lockPathOf, movedLock } from "../brains/lock.ts"
import { firstWordOf, leadsTo, OTHERS, readBytes } from "../brains/sources.ts"
import { GRAPH, WEIGHTS } from "../streams/module.ts"
import { readModule } from "./folder.ts"
import { MANIFEST } from "./whole.ts"

const LOCK_FILE = "brain.lock"

/**
 * The files that a brain is made of, by their paths in an artifact: its texts, its code, the modules that it uses by path, and its
 * lock. Modules that it uses by name are not among them. Errors: OB714 when a path leaves the folder, OB715 for one that no
 * artifact takes, and those of `readModule`.
 */
export async function filesOfBrain({ library, main, texts }: Gathered): Promise<ReadonlyMap<string, Uint8Array>> {
  const root = dirname(main)
  const files = new Map<string, Uint8Array>()
  const seen = new Set<string>()
  const isFolder = basename(main) === MANIFEST
  const pathOf = (file: string): string => relative(root, file).replaceAll("\\", "/")

  function put(file: string, bytes: Uint8Array): void {
    const path = !isFolder && file === main ? MANIFEST : pathOf(file)
    if (!isArtifactPath(path))
      refuse({
        code: "OB715",
        seen: `${file} cannot be in a module of a store: not every disk takes that name.`,
        hint: "Name it with letters, digits, dots, hyphens and underscores, and no dot in front.",
      })
    files.set(path, bytes)
  }
  /** What a path written in a file leads to, within the folder. */
  function inside(file: string, path: string): string {
    if (isAbsolute(path) || leaves(pathOf(dirname(file)), path))
      refuse({
        code: "OB714",
        seen: `${file} leads to ${path}, which is not in ${root}: it would not come along.`,
        hint: `Push that module first, brain push ${leadsTo(file, path)} NAMESPACE/NAME, and use it by name: "NAMESPACE/NAME". Or move it into the folder.`,
      })
    const found = leadsTo(file, path)
    if (!isFolder && found === main) mainNamed(file, main)
    return found
  }
  function visit(file: string): void {
    if (seen.has(file) || !library.files.has(file)) return // checking tells of a file that is not there
    seen.add(file)
    put(file, new TextEncoder().encode(texts.get(file)!))
    const { includes, definitions } = library.files.get(file)!.syntax
    for (const { text } of includes) visit(inside(file, text))
    for (const definition of definitions) {
      if (definition.kind === "brain") {
        for (const { source, isString } of definition.uses) if (isString) follow(file, source.text)
        for (const { text } of definition.benchmarks) if (isPath(text)) takeBenchmark(file, text)
        continue
      }
      const { declaration } = definition
      if (declaration.kind === "net" && declaration.in !== undefined) follow(file, declaration.in)
      if (declaration.kind === "benchmark") takeItems(file, declaration)
      if (declaration.kind !== "code") continue
      const path = inside(file, `${declaration.in ?? "."}/${declaration.file}`)
      put(path, readBytes(path))
    }
  }
  function takeBenchmark(file: string, source: string): void {
    inside(file, source)
    const found = library.benchmark(file, source)
    if (found?.kind !== "benchmark") return
    put(found.file, new TextEncoder().encode(texts.get(found.file)!))
    takeItems(found.file, found.declaration)
  }
  function takeItems(file: string, { items }: BenchmarkDeclaration): void {
    const path = inside(file, items.file)
    put(path, readBytes(path))
  }
  const folders = new Map<string, boolean>() // of nets, and whether they are stepped
  function follow(file: string, source: string): void {
    if (!isPath(source)) return
    inside(file, source)
    const found = library.found(file, source)
    if (found.kind === "brain") visit(found.file)
    if (found.kind === "module") folders.set(found.module.folder, found.module.isStepped === true)
  }

  const first = firstWordOf(texts.get(main)!)
  if (!isFolder && OTHERS.includes(first ?? ""))
    refuse({
      code: "OB715",
      seen: `${main} begins with a ${first}, and a folder whose ${MANIFEST} does so is one, not a brain.`,
      hint: "Let it begin with the brain: what it is made of may follow.",
    })
  if (!isFolder && library.files.has(join(root, MANIFEST))) mainNamed(join(root, MANIFEST), main)
  visit(main)
  for (const [folder, isStepped] of folders) {
    if (isStepped) for (const name of [GRAPH, WEIGHTS]) put(join(folder, name), readBytes(join(folder, name)))
    else for (const [name, bytes] of await filesOfNet(folder)) put(join(folder, name), bytes)
  }
  const lock = texts.get(lockPathOf(main))
  if (lock !== undefined)
    files.set(LOCK_FILE, new TextEncoder().encode(isFolder ? lock : movedLock(lock, basename(main), MANIFEST)))
  return files
}
const mainNamed = (file: string, main: string): never =>
  refuse({
    code: "OB715",
    seen: `${main} is used by its name, in ${file}, and the text of a brain in a store is called ${MANIFEST}.`,
    hint: `Put it into a folder of its own as ${MANIFEST}, with what it uses, and push the folder.`,
  })

/** Whether a path leaves the root on its way, even if it comes back: elsewhere the root has another name. */
export function leaves(from: string, path: string): boolean {
  let depth = 0
  for (const part of [...from.split("/"), ...path.split(/[/\\]/)]) {
    if (part === "..") depth--
    else if (part !== "" && part !== ".") depth++
    if (depth < 0) return true
  }
  return false
}

/** A net with its parts. Errors: those of `readModule`. */
export async function filesOfNet(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const { manifest, parts } = await readModule(folder)
  return new Map([[MANIFEST, new TextEncoder().encode(printManifest(manifest))], ...Object.entries(parts)])
}
