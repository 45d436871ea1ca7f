import { randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import {
  ARTIFACT_LIMITS,
  type Descriptor,
  type ManifestFacts,
  MEDIA,
  parseManifestFacts,
} from "@open-brains/core/commons/artifact.ts"
import { readReference } from "@open-brains/core/commons/reference.ts"
import { jsonOf, readingOf } from "@open-brains/core/commons/shape.ts"
import type { Registry } from "../registry/registry.ts"
import { BLOBS, type Blobs, makeFolders, openBlobs, sweepIncoming, writeInto } from "./blobs.ts"
import { diskFiles, explain, type Files } from "./files.ts"
import {
  INDEX_FILE,
  type LayoutIndex,
  layoutIndex,
  openIndexFile,
  REF_NAME,
  REPOSITORY,
  SUBJECT,
} from "./layout_index.ts"
import { withLock } from "./lock.ts"

/** An OCI image layout on a disk, as a place of artifacts. All repositories in it share their blobs. */
export interface Layout extends Registry {
  readonly folder: string
  readonly blobs: Blobs
  readonly files: Files
  index(): Promise<LayoutIndex>
  /** What a manifest says, as it was checked when it was read. Errors: OB701, OB712, OB713. */
  facts(digest: Digest): Promise<ManifestFacts>
  /** Nobody else writes the index while `work` runs, which gets what it holds and gives what it shall hold. */
  change<T>(
    work: (index: LayoutIndex) => Promise<{ readonly entries?: readonly Descriptor[]; readonly result: T }>,
  ): Promise<T>
  /** Within `change`, where the index is to be on the disk before `work` goes on. */
  writeIndex(entries: readonly Descriptor[]): Promise<void>
}
export interface LayoutOptions {
  /** Makes it where nothing is, or an empty folder. */
  readonly create?: boolean
  readonly files?: Files
}

const MARK = "oci-layout"
const MARK_TEXT = '{"imageLayoutVersion":"1.0.0"}'
const MARK_BYTES_MAX = 4096
const LOCK = ".index.lock"
const WAIT_MS = 60_000
const OWN = /^(?:blobs|deltas|modules|index\.json|\.incoming|\.index\.lock.*)$/

/** Errors: OB710 when it is no layout, OB711 when it is damaged, OB157. */
export async function openLayout(folder: string, { create = false, files = diskFiles }: LayoutOptions = {}) {
  if (create) await explain(folder, makeLayout(folder, files))
  await explain(folder, checkMark(folder, files))
  return layoutIn(folder, files)
}

async function checkMark(folder: string, files: Files): Promise<void> {
  const unfit = (seen: string): never =>
    refuse({
      code: "OB710",
      seen: `${folder} is no store of modules: ${seen}.`,
      hint: "Name the folder of an OCI image layout, one with a file oci-layout; `brain push MODULE --to FOLDER` makes one.",
    })
  const found = await files.kind(join(folder, MARK))
  if (found === undefined) unfit((await files.kind(folder)) ? `it has no file ${MARK}` : "nothing is there")
  if (found?.is !== "file" || found.bytes > MARK_BYTES_MAX) unfit(`its ${MARK} is no small file`)
  const reading = readingOf(join(folder, MARK), "OB710", "Name the folder of an OCI image layout.")
  const json = reading.object(jsonOf(await files.read(join(folder, MARK)), reading), "")
  if (json["imageLayoutVersion"] !== "1.0.0") unfit("its imageLayoutVersion is not 1.0.0")
}

async function makeLayout(folder: string, files: Files): Promise<void> {
  if ((await files.kind(join(folder, MARK))) !== undefined) return
  await mkdir(folder, { recursive: true })
  const others = (await files.list(folder)).filter((name) => !OWN.test(name))
  if (others.length > 0 && !others.includes(MARK))
    refuse({
      code: "OB710",
      seen: `${folder} is no store of modules: it holds ${others.slice(0, 3).join(", ")}.`,
      hint: "Name an empty folder, or one that is not there yet.",
    })
  await makeFolders(files, folder, join(folder, BLOBS))
  await locked(folder, files, async () => {
    const index = openIndexFile(folder, files)
    if ((await files.kind(join(folder, INDEX_FILE))) === undefined) await index.write(layoutIndex([]))
    // Last: with it the folder is a layout.
    if ((await files.kind(join(folder, MARK))) === undefined)
      await writeInto(files, folder, join(folder, MARK), new TextEncoder().encode(MARK_TEXT))
  })
}

/** Waits for a writer at work. Errors: OB156 when it takes longer than `WAIT_MS`. */
async function locked<T>(folder: string, files: Files, work: () => Promise<T>): Promise<T> {
  const token = randomBytes(8).toString("hex")
  for (const start = performance.now(); ; ) {
    let isMine = false
    try {
      return await withLock(files, join(folder, LOCK), token, "write", () => {
        isMine = true
        return work()
      })
    } catch (error) {
      const isBusy = !isMine && error instanceof Refusal && error.problems[0]?.code === "OB156"
      if (!isBusy || performance.now() - start > WAIT_MS) throw error
      await new Promise((wake) => setTimeout(wake, 5))
    }
  }
}

function layoutIn(folder: string, files: Files): Layout {
  const blobs = openBlobs(folder, files)
  const indexFile = openIndexFile(folder, files)
  const known = new Map<Digest, ManifestFacts>()
  let last: Promise<unknown> = Promise.resolve() // writers of this process stand in line

  const index = (): Promise<LayoutIndex> => explain(folder, indexFile.read())
  async function manifest(digest: Digest): Promise<Uint8Array> {
    return explain(folder, blobs.read(digest, { bytesMax: ARTIFACT_LIMITS.manifestBytes }))
  }
  async function facts(digest: Digest): Promise<ManifestFacts> {
    const before = known.get(digest)
    if (before) return before
    const found = parseManifestFacts(await manifest(digest))
    known.set(digest, found)
    return found
  }
  function change<T>(
    work: (index: LayoutIndex) => Promise<{ readonly entries?: readonly Descriptor[]; readonly result: T }>,
  ): Promise<T> {
    const run = (): Promise<T> =>
      locked(folder, files, async () => {
        await sweepIncoming(files, folder, Date.now())
        const { entries, result } = await work(await indexFile.read())
        if (entries) await indexFile.write(layoutIndex(entries))
        return result
      })
    const mine = last.then(run, run)
    last = mine.catch(() => undefined)
    return explain(folder, mine)
  }

  async function resolve(repository: string, reference: string): Promise<Descriptor | undefined> {
    const digest = parseDigest(reference)
    const { named, byDigest } = await index()
    const entry = digest === undefined ? named.get(`${repository}:${reference}`) : byDigest.get(digest)?.[0]
    if (entry) return bare(entry)
    if (digest === undefined || !(await explain(folder, blobs.has(digest)))) return undefined
    try {
      return descriptorOf(await facts(digest), (await manifest(digest)).length)
    } catch (error) {
      if (error instanceof Refusal) return undefined // a blob that is no manifest
      throw error
    }
  }

  async function putManifest(repository: string, bytes: Uint8Array, tag?: string): Promise<Descriptor> {
    const found = parseManifestFacts(bytes)
    const described = descriptorOf(found, bytes.length)
    return change(async ({ entries }) => {
      for (const { digest } of [...(found.config ? [found.config] : []), ...found.layers])
        if (!(await blobs.has(digest)))
          refuse({
            code: "OB712",
            seen: `${folder} does not have ${digest}, which the manifest ${found.digest} names.`,
            hint: "Push the module again: its files go first.",
          })
      await blobs.put(found.digest, bytes)
      const name = tag === undefined ? { [REPOSITORY]: repository } : { [REF_NAME]: `${repository}:${tag}` }
      const entry: Descriptor = { ...described, annotations: { ...name, [SUBJECT]: found.subject?.digest ?? "" } }
      const isReplaced = (each: Descriptor): boolean =>
        tag === undefined
          ? each.digest === entry.digest && each.annotations?.[REPOSITORY] === repository
          : each.annotations?.[REF_NAME] === name[REF_NAME]
      return { entries: [...entries.filter((each) => !isReplaced(each)), entry], result: described }
    })
  }

  async function referrers(repository: string, subject: Digest, artifactType?: string): Promise<readonly Descriptor[]> {
    const found = new Map<Digest, Descriptor>()
    for (const entry of (await index()).entries) {
      const { digest, annotations, mediaType } = entry
      if (found.has(digest) || (mediaType !== MEDIA.manifest && mediaType !== MEDIA.index)) continue
      if ((repositoryNamed(entry) ?? repository) !== repository) continue
      if ((annotations?.[SUBJECT] ?? subject) !== subject) continue
      const about = await facts(digest).catch(() => undefined) // of another's damage the rest is not to suffer
      if (about?.subject?.digest !== subject) continue
      if (artifactType !== undefined && about.artifactType !== artifactType) continue
      found.set(digest, {
        ...descriptorOf(about, entry.size),
        ...(Object.keys(about.annotations).length > 0 ? { annotations: about.annotations } : {}),
      })
    }
    return [...found.values()]
  }

  async function remove(repository: string, reference: string): Promise<boolean> {
    const digest = parseDigest(reference)
    return change(async ({ entries }) => {
      const isGone = (each: Descriptor): boolean =>
        digest === undefined
          ? each.annotations?.[REF_NAME] === `${repository}:${reference}`
          : each.digest === digest && (repositoryNamed(each) ?? repository) === repository
      const kept = entries.filter((each) => !isGone(each))
      const isListed = kept.length < entries.length
      if (digest === undefined) return { ...(isListed ? { entries: kept } : {}), result: isListed }
      const isNeeded = kept.some((each) => each.digest === digest)
      const isManifest = isListed || (await facts(digest).catch(() => undefined)) !== undefined
      known.delete(digest)
      if (isListed) await indexFile.write(layoutIndex(kept)) // no entry without its blob
      const isTaken = isManifest && !isNeeded && (await blobs.remove(digest))
      return { result: isListed || isTaken }
    })
  }

  return {
    place: folder,
    folder,
    files,
    blobs,
    index,
    facts,
    change,
    writeIndex: (entries) => indexFile.write(layoutIndex(entries)),
    resolve,
    putManifest,
    referrers,
    remove,
    manifest: (_, digest) => manifest(digest),
    tags: async (repository) =>
      [...(await index()).named.keys()]
        .flatMap((name) => (name.startsWith(`${repository}:`) ? [name.slice(repository.length + 1)] : []))
        .sort(),
    repositories: async () =>
      [...new Set((await index()).entries.flatMap((each) => repositoryNamed(each) ?? []))].sort(),
    blob: (_, digest, size) => explain(folder, blobs.read(digest, { size, bytesMax: ARTIFACT_LIMITS.fileBytes })),
    has: (_, digest) => explain(folder, blobs.isSound(digest)),
    putBlob: (_, digest, bytes) => explain(folder, blobs.put(digest, bytes)),
  }
}

const descriptorOf = ({ mediaType, digest, artifactType }: ManifestFacts, size: number): Descriptor => ({
  mediaType,
  digest,
  size,
  ...(artifactType === undefined ? {} : { artifactType }),
})
/** What a place says of it, without what a layout notes for itself. */
const bare = ({ annotations: _, ...entry }: Descriptor): Descriptor => entry

/** The repository that an entry is in; nothing for names that are none of ours. */
export function repositoryNamed({ annotations }: Descriptor): string | undefined {
  const name = annotations?.[REF_NAME]
  const reference = readReference(name ?? annotations?.[REPOSITORY] ?? "")
  return reference && `${reference.namespace}/${reference.name}`
}
