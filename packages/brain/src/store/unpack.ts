import { randomBytes } from "node:crypto"
import { basename, dirname, join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Artifact, cardOfArtifact, parseArtifact } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import type { Registry } from "../registry/registry.ts"
import { makeFolders } from "./blobs.ts"
import { diskFiles, explain, type Files } from "./files.ts"
import { sha256 } from "./whole.ts"

export interface Fetched {
  readonly artifact: Artifact
  readonly manifest: Uint8Array
  readonly card: Uint8Array
  readonly cardData: Card
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** All of a module from a place, verified. Errors: OB701 to OB703, and those of the place. */
export async function fetchArtifact(registry: Registry, repository: string, digest: Digest): Promise<Fetched> {
  const manifest = await registry.manifest(repository, digest)
  if (sha256(manifest) !== digest) altered(registry, digest)
  const artifact = parseArtifact(manifest)
  const blob = async ({ digest, size }: { readonly digest: Digest; readonly size: number }): Promise<Uint8Array> => {
    const bytes = await registry.blob(repository, digest, size)
    return bytes.length === size && sha256(bytes) === digest ? bytes : altered(registry, digest)
  }
  const card = await blob(artifact.card)
  const files = new Map<string, Uint8Array>()
  for (const file of artifact.files) files.set(file.path, await blob(file))
  return { artifact, manifest, card, cardData: cardOfArtifact(artifact, card), files }
}
const altered = ({ place }: Registry, digest: Digest): never =>
  refuse({
    code: "OB713",
    seen: `${place} gave other bytes than those of ${digest}.`,
    hint: "Take the module from another place: brain add NAME --from PLACE",
  })

/** Gives a place all that a module is made of; files that it has already are not sent again. The manifest goes last. */
export async function putArtifact(
  registry: Registry,
  repository: string,
  { artifact, manifest, card, files }: Pick<Fetched, "artifact" | "manifest" | "card" | "files">,
  tag?: string,
): Promise<void> {
  const blobs = new Map<Digest, Uint8Array>([[artifact.card.digest, card]])
  for (const { path, digest } of artifact.files) blobs.set(digest, files.get(path)!)
  for (const [digest, bytes] of blobs)
    if (!(await registry.has(repository, digest))) await registry.putBlob(repository, digest, bytes)
  await registry.putManifest(repository, manifest, tag)
}

/**
 * Writes a module of a place as a folder: beside it and renamed, so that it is there whole or not at all. Errors: OB155
 * when something is there already, OB157, and those of `fetchArtifact`.
 */
export async function unpack(
  registry: Registry,
  repository: string,
  digest: Digest,
  into: string,
  files: Files = diskFiles,
): Promise<Fetched> {
  const fetched = await fetchArtifact(registry, repository, digest)
  await explain(into, writeFolder(into, fetched.files, files))
  return fetched
}

export async function writeFolder(
  into: string,
  contents: ReadonlyMap<string, Uint8Array>,
  files: Files = diskFiles,
): Promise<void> {
  const place = await files.realPath(into)
  const parent = dirname(place)
  const there = await files.kind(place)
  if (there !== undefined && (there.is !== "folder" || (await files.list(place)).length > 0))
    refuse({
      code: "OB155",
      seen: `${into} is there already. It is left as it is.`,
      hint: "Choose another folder for the module, or move away what is there.",
    })
  const fresh = join(parent, `.${basename(place)}.new-${randomBytes(8).toString("hex")}`)
  try {
    await files.makeFolder(fresh)
    const folders = new Set<string>([fresh])
    for (const [path, bytes] of contents) {
      const folder = dirname(join(fresh, path))
      await makeFolders(files, fresh, folder)
      folders.add(folder)
      await files.write(join(fresh, path), bytes)
    }
    for (const folder of folders) await files.settle(folder)
    if (there !== undefined) await files.remove(place) // empty
    await files.rename(fresh, place)
  } catch (error) {
    await files.remove(fresh).catch(() => undefined)
    throw error
  }
  await files.settle(parent)
}
