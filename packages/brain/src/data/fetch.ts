/** Where the files of data sets are: beside the manifest, in a mirror, in the cache of earlier downloads, on the web. */

import { readFile, stat } from "node:fs/promises"
import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { DataFile } from "@open-brains/core/module/manifest.ts"
import { inBytes } from "../layout.ts"
import { sha256 } from "../store/whole.ts"
import { download } from "./download.ts"
import type { DataSet } from "./sets.ts"

export interface Fetching {
  /** A folder of data sets that lie on this machine; none when undefined or empty. */
  readonly mirror?: string | undefined
  /** The folder that downloads are kept in. */
  readonly cache: string
  /** Whether the network may not be asked. */
  readonly isOffline: boolean
  /** Told what is fetched, before it is. */
  readonly say?: (line: string) => void
  readonly onProgress?: (file: DataFile, bytes: number) => void
}
/** What the environment says: BRAIN_MIRROR, XDG_CACHE_HOME, BRAIN_OFFLINE. */
export const fetchingFrom = (environment: NodeJS.ProcessEnv = process.env): Fetching => ({
  mirror: environment["BRAIN_MIRROR"],
  cache: join(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "open-brains", "data"),
  isOffline: !["", "0", undefined].includes(environment["BRAIN_OFFLINE"]),
})

export type Place = "folder" | "mirror" | "cache"

/** Where a file may lie, nearest first. The cache keeps each by its digest, so that two versions of a set are two files. */
function placesOf(
  { folder, manifest }: DataSet,
  file: DataFile,
  { mirror, cache }: Fetching,
): readonly (readonly [Place, string])[] {
  const hex = file.digest.slice("sha256:".length)
  return [
    ["folder", join(folder, file.name)],
    ...(mirror ? [["mirror", join(mirror, file.mirror ?? `${manifest.name}/${file.name}`)] as const] : []),
    ["cache", join(cache, hex.slice(0, 2), hex)],
  ]
}

/** Where the file lies, if it is here; its bytes are looked at when it is read. */
export async function findFile(
  set: DataSet,
  file: DataFile,
  fetching: Fetching,
): Promise<{ readonly place: Place; readonly path: string } | undefined> {
  for (const [place, path] of placesOf(set, file, fetching))
    if ((await stat(path).catch(() => undefined))?.isFile()) return { place, path }
  return undefined
}

/**
 * The bytes of a file, checked. Errors: OB530 when it is not here and may not be fetched, OB531 when what lies here is
 * another file, OB532 when no address gives it, OB157 when the disk does not take it.
 */
export async function obtain(set: DataSet, file: DataFile, fetching: Fetching): Promise<Uint8Array> {
  const found = await findFile(set, file, fetching)
  if (found) {
    const bytes = await readFile(found.path)
    const digest = sha256(bytes)
    if (digest === file.digest) return bytes
    if (found.place !== "cache" || fetching.isOffline)
      return refuse({
        code: "OB531",
        seen: `${found.path} is another file: ${inBytes(bytes.length)}, ${digest}, not ${inBytes(file.bytes)}, ${file.digest}.`,
        hint: `Delete it, or put the right one in its place. ${source(set, file)}`,
      })
    fetching.say?.(`${found.path} is damaged; it is fetched again.`)
  }
  const [, path] = placesOf(set, file, fetching).at(-1)!
  if (file.urls.length === 0 || fetching.isOffline) return absent(set, file, fetching)
  return download(set.manifest.name, file, path, fetching)
}

function absent(set: DataSet, file: DataFile, { mirror, isOffline }: Fetching): never {
  const { name } = set.manifest
  const inMirror = file.mirror ?? `${name}/${file.name}`
  const saving = mirror
    ? `Save it as ${resolve(mirror, inMirror)}.`
    : `Save it as FOLDER/${inMirror} and set BRAIN_MIRROR=FOLDER.`
  const allowing = isOffline && file.urls.length > 0 ? `To have it fetched, allow the network: ${ALLOW}. Or ` : ""
  return refuse({
    code: "OB530",
    seen: `The data set ${name} needs ${file.name}, which is not here${file.urls.length > 0 ? ", and the network may not be asked" : ""}. ${source(set, file)}`,
    hint: `${allowing}${allowing === "" ? saving : saving[0]!.toLowerCase() + saving.slice(1)}`,
  })
}
const ALLOW = "leave out --offline and BRAIN_OFFLINE"

const source = ({ manifest }: DataSet, { urls, bytes }: DataFile): string =>
  urls.length === 0
    ? `It has ${inBytes(bytes)} (${manifest.licence}) and no address.`
    : `It is ${urls[0]} (${inBytes(bytes)}, ${manifest.licence}).`
