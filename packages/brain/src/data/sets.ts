import { readdir, readFile, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import { refuse, suggest } from "@open-brains/core/base/problem.ts"
import type { DataSetManifest, NamedDigest } from "@open-brains/core/module/manifest.ts"
import { parseModule } from "@open-brains/core/module/text.ts"
import { HELD_OUT, place, printExamples } from "../examples.ts"
import { firstParty } from "../services.ts"
import { MANIFEST, sha256 } from "../store/whole.ts"
import { type Fetching, obtain } from "./fetch.ts"
import { examplesOf } from "./readings.ts"
import type { PlacedExample } from "./split.ts"

/** A published data set: named, never copied. Its folder holds the manifest, and the files where somebody put them. */
export interface DataSet {
  readonly folder: string
  readonly manifest: DataSetManifest
}

/** The data sets that everybody has, by name. */
export async function knownDataSets(): Promise<readonly DataSet[]> {
  const folder = firstParty("modules", "datasets")
  if (folder === undefined) return []
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
  const all = await Promise.all(names.map((name) => dataSetIn(join(folder, name))))
  return all.filter((set) => set !== undefined)
}

/** The data set in a folder; undefined when no manifest lies there, or one of another kind. Errors: OB1xx of the manifest. */
export async function dataSetIn(folder: string): Promise<DataSet | undefined> {
  const path = join(folder, MANIFEST)
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes === undefined || !/^[^{]*\bdataset\b/.test(bytes.toString())) return undefined
  const manifest = parseModule(bytes.toString(), path)
  return manifest.kind === "dataset" ? { folder, manifest } : undefined
}

/** A data set by its name, or by the folder that its manifest lies in; what lies there goes first. */
export async function findDataSet(nameOrFolder: string): Promise<DataSet | undefined> {
  if (await stat(nameOrFolder).catch(() => undefined)) return dataSetIn(nameOrFolder)
  return (await knownDataSets()).find(({ manifest }) => manifest.name === nameOrFolder)
}

/** The same, where nothing else will do. Errors: OB533. */
export async function needDataSet(nameOrFolder: string): Promise<DataSet> {
  const found = await findDataSet(nameOrFolder)
  const names = (await knownDataSets()).map(({ manifest }) => manifest.name)
  return (
    found ??
    refuse({
      code: "OB533",
      seen: `There is no data set ${nameOrFolder}.`,
      hint: `${suggest(basename(nameOrFolder), names)} Or name a folder that holds a ${MANIFEST} of your own.`,
    })
  )
}

/**
 * All examples of a data set, each in its split: the same for everybody. Errors: those of `obtain` and `examplesOf`.
 */
export async function readDataSet(set: DataSet, fetching: Fetching): Promise<readonly PlacedExample[]> {
  const { manifest } = set
  const files = new Map<string, Uint8Array>()
  for (const file of manifest.files) files.set(file.name, await obtain(set, file, fetching))
  const examples = examplesOf(manifest, (name) => files.get(name)!)
  const held = (split: "validation" | "test") => {
    const { percent, seed } = manifest.holdOut[split] ?? { percent: 100 * HELD_OUT, seed: 1 }
    return { share: percent / 100, seed }
  }
  return place(examples, 1, [], { validation: held("validation"), test: held("test") })
}

/** Whether its validation examples are set apart by its authors, and not taken from those to learn from. */
export const isSetApart = ({ manifest }: DataSet): boolean =>
  manifest.readings.some(({ split }) => split === "validation")

/** What a module that learnt from a data set says of it: the digest of its examples as they were read. */
export const asData = ({ manifest }: DataSet, examples: readonly PlacedExample[]): NamedDigest => ({
  name: manifest.name,
  digest: sha256(new TextEncoder().encode(printExamples(examples))),
})

/**
 * The examples that a module learnt from, where its manifest names a data set; undefined where it names none. `given` is
 * a set that a person names, since that of the manifest may be one of their own. Errors: OB533 for a set that is not
 * known, OB534 when it reads otherwise than when the module was taught, and those of `readDataSet`.
 */
export async function dataBehind(
  data: readonly NamedDigest[],
  given: string | undefined,
  fetching: Fetching,
): Promise<readonly PlacedExample[] | undefined> {
  const [named, ...others] = data
  if (given === undefined && (named === undefined || others.length > 0)) return undefined
  const set = given === undefined ? await findKnown(named!.name) : await needDataSet(given)
  if (set === undefined) return undefined
  const examples = await readDataSet(set, fetching)
  const found = asData(set, examples).digest
  const { files } = set.manifest
  // A module of the first days names the one file of its data set.
  const isFile = files.length === 1 && files[0]!.digest === named?.digest
  if (found !== named?.digest && !isFile)
    refuse({
      code: "OB534",
      seen: `The data set ${set.manifest.name} is not what this module learnt from: ${found}, not ${named?.name} ${named?.digest}.`,
      hint: "Name the one that it learnt from, as it was then: --data NAME_OR_FOLDER.",
    })
  return examples
}
const findKnown = async (name: string): Promise<DataSet | undefined> =>
  (await knownDataSets()).find(({ manifest }) => manifest.name === name)
