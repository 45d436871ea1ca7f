import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { Build, PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { parsePredictor } from "@open-brains/core/module/text.ts"
import type { Fetching } from "../data/fetch.ts"
import { inBytes } from "../layout.ts"
import { codeOf } from "../store/files.ts"
import { writeModule } from "../store/folder.ts"
import { MANIFEST, type ModuleFiles, sha256 } from "../store/whole.ts"
import { NET } from "./experts.ts"
import { makeNet, type NetRecipe, netRecipeOf } from "./make_net.ts"
import { PRIMER, PRIMER_BYTES_MAX } from "./primer.ts"
import type { OnProgress } from "./reading.ts"

export const RECIPE = "recipe.json"

/** What a scribe reads first: pieces of files of a mirror, one after the other. Plain data. */
export interface PrimerPiece {
  readonly file: string // below the mirror, with /
  readonly digest: Digest // of the whole file
  /** Bytes: the first, and the one after the last. */
  readonly from: number
  readonly to: number
}
const PIECES_MAX = 1000

/** What a recipe says of the parts that are made by it. */
export interface ScribeRecipe {
  readonly primer: readonly PrimerPiece[]
  readonly net: NetRecipe | undefined
}

/** Errors: OB806, and those of `netRecipeOf`. */
export function scribeRecipeOf(bytes: Uint8Array, shown: string): ScribeRecipe {
  let json: Json
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    return refuse({ code: "OB806", seen: `${shown} is no JSON.`, hint: PIECE })
  }
  const net = isJsonObject(json) ? json["net"] : undefined
  const primer = piecesIn(json, shown)
  return { primer, net: net === undefined ? undefined : netRecipeOf(net, shown) }
}
const PIECE = 'Write each piece like this: { "file": "stories/a.txt", "digest": "sha256:…", "from": 0, "to": 1000 }'

function piecesIn(json: Json, shown: string): readonly PrimerPiece[] {
  const bad = (what: string): never => refuse({ code: "OB806", seen: `${shown} ${what}.`, hint: PIECE })
  const primer = isJsonObject(json) ? json["primer"] : undefined
  if (!Array.isArray(primer) || primer.length > PIECES_MAX)
    return bad(`has no list \`primer\` of at most ${PIECES_MAX} pieces`)
  const pieces = primer.map((each, i): PrimerPiece => {
    const piece = isJsonObject(each) ? each : bad(`has a piece ${i} that is no object`)
    const { file, from, to } = piece
    const digest = typeof piece["digest"] === "string" ? parseDigest(piece["digest"]) : undefined
    if (typeof file !== "string" || !file.split("/").every((step) => /^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(step)))
      return bad(`names in piece ${i} no file below a folder`)
    if (digest === undefined) return bad(`names no digest of ${file}`)
    const isRange = [from, to].every((at) => typeof at === "number" && Number.isSafeInteger(at) && at >= 0)
    if (!isRange || (from as number) >= (to as number)) return bad(`names no range of bytes of ${file}`)
    return { file, digest, from: from as number, to: to as number }
  })
  const total = pieces.reduce((sum, { from, to }) => sum + to - from, 0)
  if (total > PRIMER_BYTES_MAX) bad(`asks for ${total} bytes; a primer has at most ${PRIMER_BYTES_MAX}`)
  return pieces
}

/** The text of a primer, out of a mirror. Errors: OB530 when a file is not there, OB531 when it is another one. */
export async function composePrimer(pieces: readonly PrimerPiece[], { mirror }: Fetching): Promise<Uint8Array> {
  const texts: Uint8Array[] = []
  for (const { file, digest, from, to } of pieces) {
    const path = mirror && join(mirror, file)
    const bytes =
      path &&
      (await readFile(path).catch((error: unknown) =>
        codeOf(error) === undefined ? Promise.reject(error) : undefined,
      ))
    if (!bytes)
      return refuse({
        code: "OB530",
        seen: `The recipe needs ${file}, which is not ${mirror ? `in ${mirror}` : "here"}.`,
        hint: mirror ? "Save it there." : `Save it as FOLDER/${file} and set BRAIN_MIRROR=FOLDER.`,
      })
    const found = sha256(bytes)
    if (found !== digest || to > bytes.length)
      return refuse({
        code: "OB531",
        seen: `${path} is another file: ${inBytes(bytes.length)}, ${found}, not ${digest} with at least ${to} bytes.`,
        hint: "Put the right one in its place.",
      })
    texts.push(bytes.subarray(from, to))
  }
  return Buffer.concat(texts)
}

export interface RebuiltPart {
  readonly name: string
  readonly named: Digest
  readonly built: Digest
}
export interface RebuiltScribe {
  readonly parts: readonly RebuiltPart[]
  readonly isSame: boolean
}
/** The parts that a recipe makes. The net takes minutes, the primer none. */
export type Made = "primer" | "net"
export interface MakeOptions {
  readonly fetching: Fetching
  readonly engine: Engine
  /** One of them alone (default: both). */
  readonly only?: Made
  readonly onProgress?: OnProgress
}

/** What a module says of its build. Errors: OB806 when a recipe names one file by two digests. */
function buildOf({ primer, net }: ScribeRecipe, operations: number, shown: string): Build {
  const byName = new Map<string, Digest>()
  for (const { file, digest } of [...primer, ...(net?.corpus.files ?? [])]) {
    if ((byName.get(file) ?? digest) !== digest)
      refuse({
        code: "OB806",
        seen: `${shown} names two digests of ${file}.`,
        hint: "Leave the one of the file that is meant.",
      })
    byName.set(file, digest)
  }
  return { operations, seed: net?.seed ?? 0, data: [...byName].map(([name, digest]) => ({ name, digest })) }
}

/** The parts that a recipe makes, made. */
async function make(
  { primer, net }: ScribeRecipe,
  { fetching, engine, only, onProgress }: MakeOptions,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const made: Record<string, Uint8Array> = {}
  if (only !== "net") made[PRIMER] = await composePrimer(primer, fetching)
  if (only !== "primer" && net !== undefined)
    made[NET] = await makeNet(net, fetching.mirror, engine, (done, total) =>
      onProgress?.({ doing: "learning its net", name: NET, done, total }),
    )
  return made
}

/**
 * Makes the primer and the net of a scribe again by its recipe, and compares digests. Nothing is written.
 * Errors: OB530, OB531, OB806, and those of `makeNet`.
 */
export async function rebuildScribe(
  { path, manifest, parts }: ModuleFiles<PredictorManifest>,
  options: MakeOptions,
): Promise<RebuiltScribe> {
  const bytes =
    parts[RECIPE] ??
    refuse({
      code: "OB806",
      seen: `${path} has no ${RECIPE}: nothing says how it was made.`,
      hint: "Ask whoever made it. A scribe that began from nothing has none.",
    })
  const shown = join(path, RECIPE)
  const recipe = scribeRecipeOf(bytes, shown)
  const build = buildOf(recipe, manifest.built.operations, shown)
  const made = await make(recipe, options)
  const nothing = sha256(new Uint8Array())
  const names = [...new Set([...Object.keys(made), ...(options.only === undefined ? [PRIMER, NET] : [])])]
  const compared: readonly RebuiltPart[] = [
    ...names.map((name) => ({
      name,
      named: manifest.parts[name] ?? nothing,
      built: made[name] === undefined ? nothing : sha256(made[name]),
    })),
    { name: "built", named: digestOf(manifest.built), built: digestOf(build) },
  ].filter(({ named, built }) => named !== nothing || built !== nothing)
  return { parts: compared, isSame: compared.every(({ named, built }) => named === built) }
}
const digestOf = ({ operations, seed, data }: Build): Digest => {
  const files = data.map(({ name, digest }) => ({ name, digest }))
  return sha256(new TextEncoder().encode(canonicalJson({ operations, seed, data: files })))
}

/**
 * Writes a scribe as its recipe says: its primer and its net are made anew, and the other parts are taken as they lie in the folder. For whoever
 * makes one. Errors: those of `rebuildScribe`, and OB157.
 */
export async function writeScribe(path: string, options: MakeOptions): Promise<ModuleFiles<PredictorManifest>> {
  const source = await readFile(join(path, MANIFEST), "utf8")
  const { parts: named, ...manifest } = parsePredictor(source, join(path, MANIFEST))
  const names = new Set([...Object.keys(named), RECIPE, "README.md", PRIMER, NET])
  const lying: Record<string, Uint8Array> = {}
  for (const name of names) {
    const bytes = await readFile(join(path, name)).catch(() => undefined)
    if (bytes) lying[name] = new Uint8Array(bytes)
  }
  const shown = join(path, RECIPE)
  const recipe = scribeRecipeOf(lying[RECIPE] ?? new Uint8Array(), shown)
  const built = buildOf(recipe, manifest.built.operations, shown)
  const made = await make(recipe, options)
  return writeModule<PredictorManifest>(path, { ...manifest, built }, { ...lying, ...made })
}
