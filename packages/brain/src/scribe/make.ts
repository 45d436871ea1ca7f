import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, isJsonObject, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import type { NamedDigest, PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { parsePredictor } from "@open-brains/core/module/text.ts"
import type { Fetching } from "../data/fetch.ts"
import { inBytes } from "../layout.ts"
import { codeOf } from "../store/files.ts"
import { writeModule } from "../store/folder.ts"
import { MANIFEST, type ModuleFiles, sha256 } from "../store/whole.ts"
import { type OnBytes, PRIMER, PRIMER_LIMITS, packPrimer } from "./primer.ts"

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

/** The pieces that a recipe names. What else stands in it is of other parts. Errors: OB806. */
export function primerOf(bytes: Uint8Array, shown: string): readonly PrimerPiece[] {
  const bad = (what: string): never =>
    refuse({
      code: "OB806",
      seen: `${shown} ${what}.`,
      hint: 'Write each piece like this: { "file": "stories/a.txt", "digest": "sha256:…", "from": 0, "to": 1000 }',
    })
  let json: Json
  try {
    json = JSON.parse(new TextDecoder().decode(bytes)) as Json
  } catch {
    return bad("is no JSON")
  }
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
  if (total > PRIMER_LIMITS.textBytes) bad(`asks for ${total} bytes; a primer has at most ${PRIMER_LIMITS.textBytes}`)
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
const dataOf = (pieces: readonly PrimerPiece[]): readonly NamedDigest[] => {
  const byName = new Map(pieces.map(({ file, digest }) => [file, digest]))
  return [...byName].map(([name, digest]) => ({ name, digest }))
}

/** Makes the primer of a scribe again by its recipe, and compares digests. Nothing is written. Errors: OB530, OB531, OB806. */
export async function rebuildScribe(
  { path, manifest, parts }: ModuleFiles<PredictorManifest>,
  fetching: Fetching,
  engine: Engine,
  onBytes?: OnBytes,
): Promise<RebuiltScribe> {
  const recipe =
    parts[RECIPE] ??
    refuse({
      code: "OB806",
      seen: `${path} has no ${RECIPE}: nothing says how it was made.`,
      hint: "Ask whoever made it. A scribe that began from nothing has none.",
    })
  const pieces = primerOf(recipe, join(path, RECIPE))
  const primer = await packPrimer(await composePrimer(pieces, fetching), engine, onBytes)
  const json = (data: readonly NamedDigest[]): Digest =>
    sha256(new TextEncoder().encode(canonicalJson(data.map(({ name, digest }) => ({ name, digest })))))
  const compared: readonly RebuiltPart[] = [
    { name: PRIMER, named: manifest.parts[PRIMER] ?? sha256(new Uint8Array()), built: sha256(primer) },
    { name: "data", named: json(manifest.built.data), built: json(dataOf(pieces)) },
  ]
  return { parts: compared, isSame: compared.every(({ named, built }) => named === built) }
}

/**
 * Writes a scribe as its recipe says: the primer is made anew, and the other parts are taken as they lie in the folder. For whoever makes one.
 * Errors: those of `rebuildScribe`, and OB157.
 */
export async function writeScribe(
  path: string,
  fetching: Fetching,
  engine: Engine,
  onBytes?: OnBytes,
): Promise<ModuleFiles<PredictorManifest>> {
  const source = await readFile(join(path, MANIFEST), "utf8")
  const { parts: named, ...manifest } = parsePredictor(source, join(path, MANIFEST))
  const names = new Set([...Object.keys(named), RECIPE, "README.md"])
  names.delete(PRIMER)
  const parts: Record<string, Uint8Array> = {}
  for (const name of names) {
    const bytes = await readFile(join(path, name)).catch(() => undefined)
    if (bytes) parts[name] = new Uint8Array(bytes)
  }
  const pieces = primerOf(parts[RECIPE] ?? new Uint8Array(), join(path, RECIPE))
  const primer = await packPrimer(await composePrimer(pieces, fetching), engine, onBytes)
  const built = { ...manifest.built, data: dataOf(pieces) }
  return writeModule<PredictorManifest>(path, { ...manifest, built }, { ...parts, [PRIMER]: primer })
}
