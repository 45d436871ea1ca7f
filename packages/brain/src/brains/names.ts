import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { printReference, type Reference, readReference } from "@open-brains/core/commons/reference.ts"
import type { Found } from "@open-brains/core/composition/library.ts"
import { blobPath } from "../store/blobs.ts"
import type { Layout } from "../store/layout.ts"
import { INDEX_FILE } from "../store/layout_index.ts"
import { artifactAround, artifactNamed, checkedOut, mineFolder, mineIfThere } from "../store/mine.ts"
import { MANIFEST, sha256 } from "../store/whole.ts"
import { type Lock, readLock } from "./lock.ts"

/** A `use` of a module of the store. */
export interface NamedUse {
  readonly file: string
  readonly source: string
  readonly artifact: Digest
  /** Whether a lock names it, so that it stays when the tag moves. */
  readonly isLocked: boolean
  /** Whether it stands in a file of the brain itself, not of a module of the store. */
  readonly isOwn: boolean
}

/** A name of the store; those without a namespace, and `open/…`, come with Open Brains. */
export function storeName(source: string): Reference | undefined {
  const reference = readReference(source)
  return reference?.namespace === "open" ? undefined : reference
}

/** What names of the store lead to, for one reading of a brain. */
export interface Names {
  /** The folder of the module, or why there is none: OB616. */
  placeOf(file: string, source: string): Promise<string | Found>
  /** What a name led to. */
  artifactOf(file: string, source: string): Digest | undefined
  /** What the lock says of a `use`: of a file in a module of the store the lock of that module. */
  lockedIn(file: string, source: string): Digest | undefined
  /** Whether a file is of the brain itself, not in a module of the store. */
  isOwn(file: string): boolean
  readonly tables: ReadonlyMap<string, Digest>
  readonly missing: readonly string[]
}

/** Another artifact for a `use` of the brain's own files, where its lock names that one. */
export type Repin = (source: string, locked: Digest) => Digest | undefined

export function openNames(main: string, lock: Lock | undefined, repin?: Repin): Names {
  const home = artifactAround(main)?.folder
  const tables = new Map<string, Digest>()
  const missing: string[] = []
  const found = new Map<string, Digest>()
  const locks = new Map<string, Lock | undefined>() // of other modules, by brain
  let store: Promise<Layout | undefined> | undefined

  const isOwn = (file: string): boolean => artifactAround(file)?.folder === home
  function lockedIn(file: string, source: string): Digest | undefined {
    if (isOwn(file)) {
      const locked = lock?.digestOf(file, source)
      return locked && (repin?.(source, locked) ?? locked)
    }
    const around = artifactAround(file)
    const brain = around ? join(around.folder, MANIFEST) : file // a folder in the place of what a brain of the store uses
    if (!locks.has(brain)) locks.set(brain, readLock(brain))
    return locks.get(brain)?.digestOf(file, source)
  }
  async function placeOf(file: string, source: string): Promise<string | Found> {
    const reference = storeName(source)!
    const pinned = reference.digest ?? lockedIn(file, source)
    if (pinned === undefined && !isOwn(file))
      return absent(
        `A module of the store uses \`${source}\`, and its lock does not say which one.`,
        "Ask whoever made it to lock it and push it again: brain lock BRAIN",
      )
    store ??= mineIfThere()
    const layout = await store
    if (layout === undefined) missing.push(join(mineFolder(), INDEX_FILE))
    else if (pinned === undefined) {
      const index = join(layout.folder, INDEX_FILE)
      tables.set(index, sha256(await layout.files.read(index))) // before it is asked: what changes in between is noticed
    }
    const name = printReference({ ...reference, ...(pinned === undefined ? {} : { digest: pinned }) })
    const artifact =
      layout && (await artifactNamed(layout, pinned === undefined ? reference : { ...reference, digest: pinned }))
    if (artifact === undefined) {
      if (layout && pinned !== undefined) missing.push(blobPath(layout.folder, pinned))
      return absent(
        pinned === undefined
          ? `There is no module \`${source}\` in your store.`
          : `Your store does not have \`${source}\` as it is pinned: ${pinned}.`,
        `Take it from where it is: brain add ${name}`,
      )
    }
    found.set(`${file}\n${source}`, artifact)
    return checkedOut(artifact, layout)
  }
  return {
    placeOf,
    lockedIn,
    artifactOf: (file, source) => found.get(`${file}\n${source}`),
    isOwn,
    tables,
    missing,
  }
}

/** Whether a path written in a file of a module of the store leads out of that module: a stranger's text reads nothing there. */
export function strays(file: string, path: string): boolean {
  const around = artifactAround(file)
  return around !== undefined && artifactAround(path)?.folder !== around.folder
}

export const absent = (seen: string, hint: string): Found => ({
  kind: "absent",
  problem: { code: "OB616", seen, hint },
})
