import { randomBytes } from "node:crypto"
import { homedir } from "node:os"
import { join, resolve, sep } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { type Artifact, MEDIA, parseArtifact } from "@open-brains/core/commons/artifact.ts"
import { EDGE, type Reference, repositoryOf, STABLE } from "@open-brains/core/commons/reference.ts"
import { hexOf, makeFolders } from "./blobs.ts"
import { diskFiles, explain, type Files } from "./files.ts"
import { type Layout, openLayout } from "./layout.ts"
import { fetchArtifact, writeFolder } from "./unpack.ts"
import { sha256 } from "./whole.ts"

/** Where the store of this person lies: `$BRAIN_STORE`, else below `$XDG_DATA_HOME`. */
export const mineFolder = (): string =>
  resolve(
    process.env["BRAIN_STORE"] ||
      join(process.env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "open-brains", "store"),
  )
/** Folders of modules that were unpacked, by the digest of their artifact. */
export const MODULES = "modules"

/** The store of this person, made where there is none yet. Errors: OB710, OB711, OB157. */
export const openMine = (): Promise<Layout> => openLayout(mineFolder(), { create: true })

/** The same, or nothing where nothing is yet. Errors: OB710 when something else lies there, OB711. */
export async function mineIfThere(): Promise<Layout | undefined> {
  const folder = mineFolder()
  const found = await explain(folder, diskFiles.kind(folder))
  const isEmpty = found === undefined || (found.is === "folder" && (await diskFiles.list(folder)).length === 0)
  return isEmpty ? undefined : openLayout(folder)
}

/** What a name of the store stands for: its digest, else its tag, else `stable`, else `edge`. */
export async function artifactNamed(layout: Layout, reference: Reference): Promise<Digest | undefined> {
  if (reference.digest !== undefined)
    return (await layout.resolve(repositoryOf(reference), reference.digest)) && reference.digest
  for (const tag of reference.tag === undefined ? [STABLE, EDGE] : [reference.tag]) {
    const found = await layout.resolve(repositoryOf(reference), tag)
    if (found?.mediaType === MEDIA.manifest) return found.digest
  }
  return undefined
}

/**
 * The folder of a module of the store, unpacked once. Each file is compared with the digest that the artifact names
 * whenever it is asked for, and the folder is written anew when one is not as it was. Errors: OB701, OB702, OB712, OB713.
 */
export async function checkedOut(digest: Digest, layout?: Layout): Promise<string> {
  const store = layout ?? (await openMine())
  const place = join(store.folder, MODULES, hexOf(digest))
  const artifact = parseArtifact(await store.manifest("", digest))
  if (await isAsItWas(place, artifact, store.files)) return place
  await store.change(async () => {
    if (!(await isAsItWas(place, artifact, store.files))) await explain(place, replaceFolder(place, digest, store))
    return { result: undefined }
  })
  return place
}

async function replaceFolder(place: string, digest: Digest, store: Layout): Promise<void> {
  const { files, folder } = store
  const { files: contents } = await fetchArtifact(store, "", digest)
  await makeFolders(files, folder, join(folder, MODULES))
  if ((await files.kind(place)) !== undefined) {
    const aside = join(folder, MODULES, `.${hexOf(digest)}.gone-${randomBytes(8).toString("hex")}`)
    await files.rename(place, aside)
  }
  await writeFolder(place, contents, files)
  // What was moved aside, here or by a process that was ended.
  for (const name of await files.list(join(folder, MODULES)))
    if (name.startsWith(`.${hexOf(digest)}.`)) await files.remove(join(folder, MODULES, name))
}

/** Whether a folder holds the files of the artifact, as they were pushed, and no other. */
async function isAsItWas(place: string, { files: wanted }: Artifact, files: Files): Promise<boolean> {
  if ((await files.kind(place))?.is !== "folder") return false
  const byPath = new Map(wanted.map((file) => [file.path, file]))
  const folders = [""]
  for (const folder of folders)
    for (const name of await files.list(join(place, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`
      const file = byPath.get(path)
      const found = await files.kind(join(place, path))
      if (found?.is === "folder" && wanted.some((each) => each.path.startsWith(`${path}/`))) folders.push(path)
      else if (file === undefined || found?.is !== "file" || found.bytes !== file.size) return false
      else if (sha256(await files.read(join(place, path))) !== file.digest) return false
      else byPath.delete(path)
    }
  return byPath.size === 0
}

/** The artifact whose unpacked folder a path lies in. */
export function artifactAround(path: string): { readonly digest: Digest; readonly folder: string } | undefined {
  const modules = join(mineFolder(), MODULES) + sep
  const full = resolve(path)
  if (!full.startsWith(modules)) return undefined
  const [hex = ""] = full.slice(modules.length).split(sep)
  const digest = parseDigest(`sha256:${hex}`)
  return digest && { digest, folder: modules + hex }
}

/** Makes sure that what lies at a path is as it was pushed, if it is of the store. Errors: those of `checkedOut`. */
export async function assureWhole(path: string): Promise<void> {
  const around = artifactAround(path)
  if (around) await checkedOut(around.digest)
}
