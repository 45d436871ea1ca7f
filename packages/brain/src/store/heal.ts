import { basename, dirname, join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { parseModule, printManifest } from "@open-brains/core/module/text.ts"
import type { Files } from "./files.ts"
import { LIMITS, MANIFEST, readAnyWhole, sha256 } from "./whole.ts"

/**
 * A write goes through these states; T is its token, and each arrow is one rename:
 *   NAME (old)                      .NAME.new-T (growing, then whole)
 *   .NAME.old-T                     .NAME.new-T        NAME is missing for this moment
 *   .NAME.old-T                     NAME (new)
 *   the person's files move from .NAME.old-T to NAME, one by one
 *   .NAME.gone-T                    NAME (new)         nothing but old parts: deleted
 */
export async function siblingsOf(place: string, files: Files): Promise<readonly string[]> {
  const parent = dirname(place)
  if ((await files.kind(parent))?.is !== "folder") return []
  const name = basename(place)
  return (await files.list(parent)).filter(
    (each) => each.startsWith(`.${name}.`) && /^(?:new|old|gone)-[0-9a-f]{16}$/.test(each.slice(name.length + 2)),
  )
}

/** Completes an interrupted write, or undoes it; the caller holds the lock. Gives the names under which files were kept. */
export async function heal(place: string, files: Files): Promise<readonly string[]> {
  const parent = dirname(place)
  const prefix = `.${basename(place)}.`
  const of = (kind: string, siblings: readonly string[]): readonly string[] =>
    siblings.filter((each) => each.startsWith(`${prefix}${kind}-`)).map((each) => join(parent, each))
  let siblings = await siblingsOf(place, files)
  if (siblings.length === 0) return []

  if ((await files.kind(place)) === undefined) {
    // A new folder that is whole was about to take the place; failing that, the old one goes back.
    for (const folder of [...of("new", siblings), ...of("old", siblings)])
      if (await isWhole(folder, files)) {
        await files.rename(folder, place)
        await files.settle(parent)
        break
      }
    // Neither is whole, so the old one was not before: it is the person's as it was.
    const [old] = of("old", siblings)
    if (old !== undefined && (await files.kind(place)) === undefined) await files.rename(old, place)
    siblings = await siblingsOf(place, files)
  }
  const kept: string[] = []
  for (const old of of("old", siblings))
    if (await isWhole(place, files)) {
      kept.push(...(await handOver(old, place, files)))
      const gone = join(parent, basename(old).replace(`${prefix}old-`, `${prefix}gone-`))
      // Half deleted, an old folder would look as if its last parts were the person's: hence another name first.
      await files.rename(old, gone)
    }
  for (const folder of [...of("new", siblings), ...of("gone", await siblingsOf(place, files))])
    await files.remove(folder)
  await files.settle(parent)
  return kept
}

async function isWhole(folder: string, files: Files): Promise<boolean> {
  try {
    await readAnyWhole(folder, files)
    return true
  } catch (error) {
    if (error instanceof Refusal) return false
    throw error
  }
}

/** Moves what is the person's from the old folder into the new one. */
async function handOver(old: string, place: string, files: Files): Promise<readonly string[]> {
  const token = old.slice(-16)
  const parts = await partsOf(old, files)
  const kept: string[] = []
  for (const name of await files.list(old)) {
    const from = join(old, name)
    const found = await contentOf(from, files)
    const isOurs = found !== undefined && Object.hasOwn(parts, name) && parts[name] === found
    if (isOurs) continue
    const to = join(place, name)
    if ((await files.kind(to)) === undefined) {
      await files.rename(from, to)
      continue
    }
    if (found !== undefined && found === (await contentOf(to, files))) continue
    kept.push(`${name}.kept-${token}`)
    await files.rename(from, join(place, `${name}.kept-${token}`))
  }
  await files.settle(place)
  return kept
}

/** Digest of every file that the old manifest made ours; of the manifest itself only if nobody edited its text. */
async function partsOf(old: string, files: Files): Promise<Readonly<Record<string, Digest>>> {
  const path = join(old, MANIFEST)
  const found = await files.kind(path)
  if (found?.is !== "file" || found.bytes > LIMITS.manifestBytes) return {}
  try {
    const manifest = parseModule(new TextDecoder().decode(await files.read(path)), path)
    if (manifest.kind === "dataset") return {}
    return { ...manifest.parts, [MANIFEST]: sha256(new TextEncoder().encode(printManifest(manifest))) }
  } catch (error) {
    if (error instanceof Refusal) return {}
    throw error
  }
}

/** Digest of a file that is small enough to be a part; a link is not followed by whoever moves it, but its file read. */
async function contentOf(path: string, files: Files): Promise<Digest | undefined> {
  const found = await files.kind(path)
  return found?.is === "file" && found.bytes <= LIMITS.partBytes ? sha256(await files.read(path)) : undefined
}
