import { createHash } from "node:crypto"
import { basename, dirname, join } from "node:path"
import { type Digest, digest as digestOf, parseDigest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse, suggest } from "@open-brains/core/base/problem.ts"
import type { Manifest, PredictorManifest } from "@open-brains/core/module/manifest.ts"
import { parseManifest, parseModule, parsePredictor, printManifest } from "@open-brains/core/module/text.ts"
import type { Files } from "./files.ts"

/** Of the kinds of module that have parts. */
export type PartedManifest = Manifest | PredictorManifest

/** A module in memory; `digest` is that of its canonical manifest. */
export interface ModuleFiles<M extends PartedManifest = Manifest> {
  readonly path: string
  readonly manifest: M
  readonly digest: Digest
  readonly parts: Readonly<Record<string, Uint8Array>>
}

export const MANIFEST = "module.brain"
export const LIMITS = { manifestBytes: 2 ** 20, partBytes: 2 ** 30, moduleBytes: 2 ** 31 } as const
const RESTORE = "Restore it from a copy, or teach it again: brain teach FILE --into FOLDER."

/** Reads and checks what lies in this very folder, without healing it. `shown` is what messages call it. */
export const readWhole: ReadWhole<Manifest> = (place, files, shown) => readParted(place, files, parseManifest, shown)
/** The same of a predictor. Errors: OB801 where another kind of module lies there. */
export const readPredictor: ReadWhole<PredictorManifest> = (place, files, shown) =>
  readParted(place, files, parsePredictor, shown)
/** The same of either. */
export const readAnyWhole: ReadWhole<PartedManifest> = (place, files, shown) =>
  readParted(
    place,
    files,
    (source, file) => {
      const found = parseModule(source, file)
      return found.kind === "predictor" ? found : parseManifest(source, file)
    },
    shown,
  )
export type ReadWhole<M extends PartedManifest> = (
  place: string,
  files: Files,
  shown?: string,
) => Promise<ModuleFiles<M>>

async function readParted<M extends PartedManifest>(
  place: string,
  files: Files,
  parse: (source: string, file: string) => M,
  shown = place,
): Promise<ModuleFiles<M>> {
  const folder = await files.kind(place)
  if (folder === undefined) return refuse(await nothingThere(place, files, shown))
  if (folder.is !== "folder") {
    const hint = `Name the folder of a module${basename(place) === MANIFEST ? `: ${dirname(shown)}` : ""}.`
    return refuse({ code: "OB151", seen: `${shown} is a file, and a module is a folder.`, hint })
  }
  if ((await files.kind(join(place, MANIFEST))) === undefined)
    return refuse({
      code: "OB151",
      seen: `${shown} is no module: it has no ${MANIFEST}.`,
      hint: `Name the folder of a module, or make one with \`brain teach\`.`,
    })
  const source = decode(await readLimited(join(place, MANIFEST), LIMITS.manifestBytes, files, shown), shown)
  const manifest = parse(source, join(shown, MANIFEST))
  let room: number = LIMITS.moduleBytes
  const parts: [string, Uint8Array][] = []
  const problems: Refusal[] = []
  for (const [name, digest] of Object.entries(manifest.parts))
    try {
      const bytes = await readPart(place, name, digest, Math.min(LIMITS.partBytes, room), files, shown)
      room -= bytes.length
      parts.push([name, bytes])
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      problems.push(error)
    }
  if (problems.length > 0) refuse(...problems.flatMap((each) => each.problems))
  return { path: shown, manifest, digest: digestOf(printManifest(manifest)), parts: Object.fromEntries(parts) }
}

async function readPart(
  place: string,
  name: string,
  digest: Digest,
  bytesMax: number,
  files: Files,
  shown: string,
): Promise<Uint8Array> {
  const path = join(place, name)
  if ((await files.kind(path)) === undefined)
    return refuse({ code: "OB152", seen: `${shown}: the part ${name} (${digest}) is missing.`, hint: RESTORE })
  const bytes = await readLimited(path, bytesMax, files, join(shown, name))
  const found = sha256(bytes)
  if (found === digest) return bytes
  const seen = `${shown}: the part ${name} was altered: ${digest} was expected, and ${found} (${bytes.length} bytes) found.`
  return refuse({ code: "OB153", seen, hint: RESTORE })
}

async function readLimited(path: string, bytesMax: number, files: Files, shown: string): Promise<Uint8Array> {
  const found = await files.kind(path)
  if (found !== undefined && found.is !== "file")
    refuse({ code: "OB153", seen: `${shown}: ${basename(path)} is no file.`, hint: RESTORE })
  if (found !== undefined && found.bytes > bytesMax)
    refuse({
      code: "OB154",
      seen: `${shown}: ${basename(path)} has ${found.bytes} bytes; at most ${bytesMax} are read here.`,
      hint: `Is it the right file? If not: ${RESTORE}`,
    })
  return files.read(path)
}

function decode(bytes: Uint8Array, shown: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return refuse({
      code: "OB158",
      seen: `${join(shown, MANIFEST)} is no text in UTF-8.`,
      hint: `Save it as UTF-8. ${RESTORE}`,
    })
  }
}

export const sha256 = (bytes: Uint8Array): Digest =>
  parseDigest(`sha256:${createHash("sha256").update(bytes).digest("hex")}`)!

async function nothingThere(place: string, files: Files, shown: string): Promise<Refusal["problems"][number]> {
  const parent = dirname(place)
  if ((await files.kind(parent))?.is !== "folder")
    return {
      code: "OB150",
      seen: `${shown} is not there, nor is the folder that it should lie in.`,
      hint: "Correct the path.",
    }
  const modules: string[] = []
  for (const name of (await files.list(parent)).slice(0, 1000))
    if (!name.startsWith(".") && (await files.kind(join(parent, name, MANIFEST)).catch(() => undefined)))
      modules.push(name)
  return { code: "OB150", seen: `There is no ${shown}.`, hint: suggest(basename(place), modules) }
}
