import { readFile, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Artifact, type ArtifactFile, printArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Card, CardUse } from "@open-brains/core/commons/card.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { BenchmarkDeclaration } from "@open-brains/core/composition/parts.ts"
import type { Port } from "@open-brains/core/composition/types.ts"
import { describe } from "@open-brains/core/composition/types.ts"
import { workOfGraph } from "@open-brains/core/graph/work.ts"
import { printManifest } from "@open-brains/core/module/text.ts"
import { contentsOf } from "@open-brains/core/run/module.ts"
import { itemsOfFile } from "../benchmarks/items.ts"
import { type Gathered, gather } from "../brains/gather.ts"
import { definitionsAt, firstWordOf } from "../brains/sources.ts"
import { dataSetIn } from "../data/sets.ts"
import { filesOfBrain, filesOfNet } from "./brain_files.ts"
import { readModule, readPredictorModule } from "./folder.ts"
import { MANIFEST, sha256 } from "./whole.ts"

/** A module as it is pushed: its manifest and card are functions of its files. */
export interface Packed {
  readonly artifact: Artifact
  readonly manifest: Uint8Array
  readonly card: Uint8Array
  readonly cardData: Card
  /** By path, below the folder of the module. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/**
 * A module as an artifact: a net, a data set or a predictor, its manifest and parts; a brain, code or a remote part or a benchmark, all files in its folder that
 * reading it leads to. A single file NAME.brain is one whose text is called module.brain. Errors: OB714 when a path
 * leaves the folder, OB715 when no store takes it, OB717 when a name of the store is not locked, and all that reading and
 * checking it find.
 */
export async function artifactOf(path: string): Promise<Packed> {
  const kind = await kindAt(path)
  const made = await MAKE[kind](path)
  const files: readonly ArtifactFile[] = [...made.files].map(([path, bytes]) => ({
    path,
    digest: sha256(bytes),
    size: bytes.length,
  }))
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  const cardData: Card = { ...made.card, bytes }
  const { artifact, manifest, card } = printArtifact(files, cardData)
  return { artifact, manifest, card, cardData, files: made.files }
}
interface Made {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly card: Omit<Card, "bytes">
}

type FolderKind = "net" | "dataset" | "predictor" | "brain"
const MAKE: Readonly<Record<FolderKind, (path: string) => Promise<Made>>> = { net, dataset: dataSet, predictor, brain }

async function kindAt(path: string): Promise<FolderKind> {
  if (definitionsAt(path) !== undefined) return "brain"
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true
  const source = isFolder ? await readFile(join(path, MANIFEST), "utf8").catch(() => "") : ""
  const kind = firstWordOf(source)
  return kind === "dataset" || kind === "predictor" ? kind : "net" // which tells what is wrong with the others
}

async function net(path: string): Promise<Made> {
  const files = await readModule(path)
  const { name, about, licence, takes, gives, built } = files.manifest
  const ports = {
    takes: [{ name: takes.name, type: describe({ type: "text", bytesMax: takes.bytesMax }) }],
    gives: [{ name: gives.name, type: describe({ type: "label", labels: gives.labels }) }],
  }
  return {
    files: await filesOfNet(path),
    card: {
      kind: "net",
      name,
      about,
      licence,
      module: files.digest,
      ...ports,
      operations: workOfGraph(contentsOf(files).graph),
      uses: [],
      benchmarks: [],
      ...((built.edited ?? built.base) ? { base: (built.edited ?? built.base)!.digest } : {}),
    },
  }
}

async function dataSet(path: string): Promise<Made> {
  const { manifest } = (await dataSetIn(path))!
  const text = new TextEncoder().encode(printManifest(manifest))
  const { name, about, licence } = manifest
  const card = { kind: "dataset", name, about, licence, module: sha256(text), takes: [], gives: [] } as const
  return { files: new Map([[MANIFEST, text]]), card: { ...card, uses: [], benchmarks: [] } }
}

/** Its parts alone: what somebody taught it, and what it remembers of that, stays where it is. */
async function predictor(path: string): Promise<Made> {
  const { manifest, digest, parts } = await readPredictorModule(path)
  const { name, about, licence } = manifest
  const text = new TextEncoder().encode(printManifest(manifest))
  return {
    files: new Map([[MANIFEST, text], ...Object.entries(parts)]),
    card: {
      kind: "predictor",
      name,
      about,
      licence,
      module: digest,
      takes: [],
      gives: [],
      uses: [],
      benchmarks: [],
      ...(manifest.built.base ? { base: manifest.built.base.digest } : {}),
    },
  }
}

async function brain(path: string): Promise<Made> {
  const gathered = await gather(definitionsAt(path)!)
  const { library, main, texts } = gathered
  const { definitions } = library.files.get(main)!.syntax
  const last = definitions.findLast((each) => each.kind === "brain") ?? definitions.at(-1)
  const benchmarks = new Set<string>()
  for (const definition of definitions)
    for (const each of definition.kind === "module"
      ? definition.declaration.benchmarks
      : definition.benchmarks.map(({ text }) => text))
      benchmarks.add(each)
  const common = {
    module: sha256(new TextEncoder().encode(texts.get(main)!)),
    uses: usesOf(gathered),
    benchmarks: [...benchmarks].sort(),
  }
  if (last?.kind === "module") {
    refuseMisread(gathered)
    const { kind, name, about, licence, takes, gives } = last.declaration
    const files = await filesOfBrain(gathered)
    const passed = last.declaration.kind === "benchmark" ? await passedBy(main, last.declaration) : {}
    const card = { ...common, kind, name, about, licence, takes: printed(takes), gives: printed(gives), ...passed }
    return { files, card }
  }
  const { composition, problems } = checkBrains(library, main)
  if (composition === undefined) return refuse(...problems)
  const files = await filesOfBrain(gathered)
  const { name, about, licence, takes, gives } = composition.brains.at(-1)!
  return {
    files,
    card: { ...common, kind: "brain", name, about, licence, takes: printed(takes), gives: printed(gives) },
  }
}
/** With what a benchmark is passed. Errors: those of `itemsOfFile`. */
async function passedBy(main: string, declaration: BenchmarkDeclaration): Promise<Pick<Card, "bound" | "items">> {
  const { items, bound } = declaration
  if (items.from === "generator") return { bound }
  return { bound, items: (await itemsOfFile(join(dirname(main), items.file), declaration)).length }
}
const printed = (ports: readonly Port[]): Card["takes"] =>
  ports.map(({ name, type }) => ({ name, type: describe(type) }))

/** Of a text that defines parts alone, and nothing that runs them. */
function refuseMisread({ library }: Gathered): void {
  const problems = [...library.files.values()].flatMap((each) => each.problems)
  if (problems.length > 0) refuse(...problems)
}

/** Errors: OB717. */
function usesOf({ named, main }: Gathered): readonly CardUse[] {
  const own = named.filter((each) => each.isOwn)
  const open = own.filter(({ isLocked, source }) => !isLocked && !source.includes("@"))
  if (open.length > 0)
    refuse({
      code: "OB717",
      seen: `${basename(main)} uses ${open.map(({ source }) => source).join(", ")} as it stands today: no lock says which module that is.`,
      hint: `Lock it first, so that others get what you have: brain lock ${main}`,
    })
  const uses = new Map<string, Digest>()
  for (const { source, artifact } of own) uses.set(source, artifact)
  return [...uses]
    .map(([name, artifact]): CardUse => ({ name, artifact }))
    .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
}
