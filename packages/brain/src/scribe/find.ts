import { existsSync, readFileSync, realpathSync, statSync } from "node:fs"
import { join, sep } from "node:path"
import { refuse } from "@open-brains/core/base/problem.ts"
import { storeName } from "../brains/names.ts"
import { firstWordOf } from "../brains/sources.ts"
import { firstParty } from "../services.ts"
import { artifactAround, artifactNamed, checkedOut, mineIfThere } from "../store/mine.ts"
import { MANIFEST } from "../store/whole.ts"

/** The word for a scribe that has learnt nothing. A folder of that name is ./none. */
export const NONE = "none"

/** Where a scribe lies, and whether it may be changed there. */
export interface Found {
  readonly folder: string
  /** Not one that comes with Open Brains, nor a module of the store. */
  readonly isOwn: boolean
}

/**
 * The scribe that a word names: a folder that is there goes first, then a module of the person's store, then one that comes
 * with Open Brains. Nothing when there is none.
 */
export async function findScribe(word: string): Promise<Found | undefined> {
  const folder = existsSync(word) ? word : await elsewhere(word)
  if (folder === undefined || !isScribe(folder)) return undefined
  return { folder, isOwn: isOwn(folder) }
}
async function elsewhere(word: string): Promise<string | undefined> {
  const reference = /^\.{0,2}\//.test(word) ? undefined : storeName(word)
  if (reference !== undefined) {
    const layout = await mineIfThere()
    const artifact = layout && (await artifactNamed(layout, reference))
    return artifact && checkedOut(artifact, layout)
  }
  return /^[a-z][a-z0-9-]*$/.test(word) ? firstParty("modules", word) : undefined
}
const isScribe = (folder: string): boolean => {
  const manifest = join(folder, MANIFEST)
  return (
    statSync(manifest, { throwIfNoEntry: false })?.isFile() === true &&
    firstWordOf(readFileSync(manifest, "utf8")) === "predictor"
  )
}
function isOwn(folder: string): boolean {
  const place = realpathSync(folder) // a link to one that is not one's own is none
  const modules = firstParty("modules")
  const isFirstParty = modules !== undefined && place.startsWith(`${realpathSync(modules)}${sep}`)
  return !isFirstParty && artifactAround(folder) === undefined && artifactAround(place) === undefined
}

/** The same, where nothing else will do. Errors: OB801. */
export async function needScribe(word: string): Promise<Found> {
  const isThere = existsSync(word)
  const isOfStore = !isThere && storeName(word) !== undefined
  return (
    (await findScribe(word)) ??
    refuse({
      code: "OB801",
      seen: isThere ? `${word} is no scribe.` : `There is no scribe ${word}.`,
      hint: isOfStore
        ? `Take it from where it is: brain add ${word}`
        : `Name the folder of one, or begin one of your own: brain teach none notes.txt --into ${isThere ? "FOLDER" : word}`,
    })
  )
}
