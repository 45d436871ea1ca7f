import { refuse } from "@open-brains/core/base/problem.ts"
import type { DataFile } from "@open-brains/core/module/manifest.ts"
import { type Fetching, findFile, obtain, type Place } from "../data/fetch.ts"
import { type DataSet, knownDataSets, needDataSet, readDataSet } from "../data/sets.ts"
import { SPLITS } from "../data/split.ts"
import { splitsOf } from "../examples.ts"
import { COLUMNS_MAX, counted, inBytes, pad, shorten, widest, wrap } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { fetchingBy } from "./progress.ts"

export interface DataArguments {
  readonly offline?: boolean
  readonly json?: boolean
}

/** `brain data [[get] NAME]`: the data sets that are known, one of them, or one fetched. */
export async function data(words: readonly string[], options: DataArguments, services: Services): Promise<ExitCode> {
  const fetching = fetchingBy(services, options.offline)
  const isGet = words[0] === "get" && words.length === 2
  const name = isGet ? words[1] : words[0]
  if (words.length > 1 && !isGet)
    return refuse({
      code: "OB533",
      seen: `There is no data set \`${words.join(" ")}\`.`,
      hint: "Name one: brain data NAME, or to fetch it: brain data get NAME.",
    })
  if (name === undefined) return list(options, fetching, services)
  const set = await needDataSet(name)
  if (isGet) for (const file of set.manifest.files) await obtain(set, file, fetching)
  services.progress(undefined)
  return show(set, options, fetching, services)
}

interface Found {
  readonly file: DataFile
  readonly found: { readonly place: Place; readonly path: string } | undefined
}
const filesOf = (set: DataSet, fetching: Fetching): Promise<readonly Found[]> =>
  Promise.all(set.manifest.files.map(async (file) => ({ file, found: await findFile(set, file, fetching) })))
const sizeOf = ({ manifest }: DataSet): number => manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)

/** In a word or two, for a table. */
function whereOf(files: readonly Found[]): string {
  const here = files.filter(({ found }) => found !== undefined)
  if (here.length === 0) return "not here"
  if (here.length < files.length) return `${here.length} of ${files.length} files here`
  return `here (${[...new Set(here.map(({ found }) => found!.place))].join(", ")})`
}

async function list(
  { json = false }: DataArguments,
  fetching: Fetching,
  { print, paint }: Services,
): Promise<ExitCode> {
  const sets = await knownDataSets()
  const rows = await Promise.all(sets.map(async (set) => ({ set, files: await filesOf(set, fetching) })))
  if (json) {
    const asJson = rows.map(({ set, files }) => ({
      name: set.manifest.name,
      about: set.manifest.about,
      licence: set.manifest.licence,
      bytes: sizeOf(set),
      here: files.every(({ found }) => found !== undefined),
    }))
    print(JSON.stringify(asJson))
    return 0
  }
  const cells = rows.map(({ set, files }) => [
    set.manifest.name,
    set.manifest.licence,
    inBytes(sizeOf(set)),
    whereOf(files),
    set.manifest.about,
  ])
  const widths = [0, 1, 2, 3].map((column) => widest(cells.map((row) => row[column]!)))
  for (const row of cells) {
    const [name, licence, bytes, where] = row.map((cell, i) => pad(cell, widths[i] ?? 0)) as [
      string,
      string,
      string,
      string,
    ]
    const line = `${name}  ${licence}  ${bytes.trimEnd().padStart(widths[2]!)}  ${where}`
    print(
      `${paint("bold", name)}${line.slice(name.length)}  ${paint("dim", shorten(row[4]!, COLUMNS_MAX - line.length - 2))}`,
    )
  }
  print("")
  print(paint("dim", "One of them:  ./brain data NAME    teach from it:  ./brain teach NAME --into FOLDER"))
  return 0
}

async function show(
  set: DataSet,
  { json = false }: DataArguments,
  fetching: Fetching,
  { print, paint }: Services,
): Promise<ExitCode> {
  const { manifest } = set
  const files = await filesOf(set, fetching)
  const isHere = files.every(({ found }) => found !== undefined)
  const examples = isHere ? await readDataSet(set, { ...fetching, isOffline: true }) : undefined
  const splits = examples && splitsOf(examples)
  const labels = examples && [...new Set(examples.flatMap(({ label }) => label ?? []))].sort()
  const counts = splits && Object.fromEntries(SPLITS.map((split) => [split, splits[split].length]))
  if (json) {
    const listed = files.map(({ file, found }) => ({ ...file, ...(found ?? { place: null, path: null }) }))
    print(
      JSON.stringify({
        ...manifest,
        files: listed,
        folder: set.folder,
        examples: counts ?? null,
        labels: labels ?? null,
      }),
    )
    return 0
  }
  const row = (name: string, value: string): void => print(`  ${paint("dim", name.padEnd(9))} ${wrap(value, 12)}`)
  print(`${paint("bold", manifest.name)}  ${wrap(manifest.about, manifest.name.length + 2)}`)
  row("licence", manifest.licence)
  row("by", manifest.attribution)
  if (manifest.source !== undefined) row("source", manifest.source)
  for (const { file, found } of files) {
    row("file", `${file.name}, ${inBytes(file.bytes)}, ${file.digest}`)
    for (const url of file.urls) row("", url)
    row(
      "",
      found ? `here: ${found.path}` : `not here; a mirror has it as ${file.mirror ?? `${manifest.name}/${file.name}`}`,
    )
  }
  if (splits && labels) {
    row(
      "examples",
      `${splits.train.length} to learn from, ${splits.validation.length} to choose on, ${splits.test.length} to test`,
    )
    const none = examples.filter(({ label }) => label === undefined).length
    row(
      "labels",
      `${shorten(labels.join(", "), 300)} (${labels.length})${none > 0 ? `; ${counted(none, "example fits", "examples fit")} none` : ""}`,
    )
  } else print(`${paint("dim", "Fetch it:")}  ./brain data get ${manifest.name}`)
  return 0
}
