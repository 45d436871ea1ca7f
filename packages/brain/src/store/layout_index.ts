import { join } from "node:path"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson, type Json } from "@open-brains/core/base/json.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Descriptor, MEDIA } from "@open-brains/core/commons/artifact.ts"
import { jsonOf, readingOf } from "@open-brains/core/commons/shape.ts"
import { writeInto } from "./blobs.ts"
import type { Files } from "./files.ts"

/** `index.json`: what a layout names. Source: OCI image specification 1.1, image layout and image index. */
export interface LayoutIndex {
  readonly entries: readonly Descriptor[]
  /** By `namespace/name:tag`. */
  readonly named: ReadonlyMap<string, Descriptor>
  readonly byDigest: ReadonlyMap<Digest, readonly Descriptor[]>
}

/** What an entry is called by people: `namespace/name:tag`. */
export const REF_NAME = "org.opencontainers.image.ref.name"
/** Of an entry without a tag: the repository that it was pushed to. */
export const REPOSITORY = "urn:open-brains:repository"
/** The artifact that it is about, or nothing between the quotes. Tells without reading the manifest. */
export const SUBJECT = "urn:open-brains:subject"
export const INDEX_FILE = "index.json"
export const INDEX_LIMITS = { bytes: 64 * 2 ** 20, entries: 100_000 } as const

export function layoutIndex(entries: readonly Descriptor[]): LayoutIndex {
  const named = new Map<string, Descriptor>()
  const byDigest = new Map<Digest, Descriptor[]>()
  for (const entry of entries) {
    const name = entry.annotations?.[REF_NAME]
    if (name !== undefined) named.set(name, entry)
    const same = byDigest.get(entry.digest)
    if (same) same.push(entry)
    else byDigest.set(entry.digest, [entry])
  }
  return { entries, named, byDigest }
}

/** Errors: OB711. */
function parseIndex(bytes: Uint8Array, shown: string): LayoutIndex {
  const reading = readingOf(shown, "OB711", HINT)
  const json = reading.object(jsonOf(bytes, reading), "")
  if (json["schemaVersion"] !== 2) reading.fail("schemaVersion", "2")
  const entries = reading.list(json["manifests"] ?? [], "manifests", INDEX_LIMITS.entries).map((each, i) => {
    const path = `manifests[${i}]`
    const entry = reading.object(each, path)
    const annotations = entry["annotations"] === undefined ? undefined : reading.object(entry["annotations"], path)
    return {
      mediaType: reading.text(entry["mediaType"], `${path}.mediaType`, 255),
      digest: reading.digest(entry["digest"], `${path}.digest`),
      size: reading.whole(entry["size"], `${path}.size`),
      ...(entry["artifactType"] === undefined
        ? {}
        : { artifactType: reading.text(entry["artifactType"], `${path}.artifactType`, 255) }),
      ...(annotations
        ? {
            annotations: Object.fromEntries(
              Object.entries(annotations).map(([key, value]) => [key, reading.text(value, `${path}.${key}`, 65536)]),
            ),
          }
        : {}),
    }
  })
  return layoutIndex(entries)
}
const HINT = "Take index.json from a copy, or make the layout anew: push its modules again."

const printEntry = ({ annotations, ...entry }: Descriptor): Json => ({
  ...entry,
  ...(annotations ? { annotations: { ...annotations } } : {}),
})
/** One entry a line, so that a change of one is a line in a diff. */
const printIndex = ({ entries }: LayoutIndex): Uint8Array =>
  new TextEncoder().encode(
    `{"manifests":[\n${entries.map((entry) => canonicalJson(printEntry(entry))).join(",\n")}\n],"mediaType":"${MEDIA.index}","schemaVersion":2}\n`,
  )

export interface IndexFile {
  read(): Promise<LayoutIndex>
  /** The caller holds the lock. */
  write(index: LayoutIndex): Promise<void>
}

/** A file may change twice within a tick of the disk's clock: one so young is read again. As git does with its index. */
const RACY_MS = 2000

/** Parses it once for each content: told by inode, size and time, or where they cannot tell by its bytes. */
export function openIndexFile(folder: string, files: Files): IndexFile {
  const path = join(folder, INDEX_FILE)
  let known: { readonly bytes: Uint8Array; readonly index: LayoutIndex; stamp: string | undefined } | undefined
  return {
    async read() {
      const found = await files.kind(path)
      if (found?.is !== "file")
        return refuse({ code: "OB711", seen: `${folder} has no ${INDEX_FILE} that is a file.`, hint: HINT })
      if (found.bytes > INDEX_LIMITS.bytes)
        return refuse({
          code: "OB711",
          seen: `${path} has ${found.bytes} bytes; at most ${INDEX_LIMITS.bytes} are read here.`,
          hint: HINT,
        })
      const stamp = `${found.id} ${found.bytes} ${found.changedMs}`
      if (known?.stamp === stamp) return known.index
      const isSettled = Date.now() - found.changedMs > RACY_MS // before the bytes are read
      const bytes = found.bytes === 0 ? new Uint8Array() : await files.read(path)
      const isSame = known !== undefined && Buffer.compare(known.bytes, bytes) === 0
      // Read while another one took its place, the bytes are not those of the stamp.
      const after = isSettled ? await files.kind(path) : undefined
      const isWhole = after !== undefined && `${after.id} ${after.bytes} ${after.changedMs}` === stamp
      known = { bytes, index: isSame ? known!.index : parseIndex(bytes, path), stamp: isWhole ? stamp : undefined }
      return known.index
    },
    async write(index) {
      const bytes = printIndex(index)
      if (index.entries.length > INDEX_LIMITS.entries || bytes.length > INDEX_LIMITS.bytes)
        refuse({
          code: "OB716",
          seen: `${folder} is full: an index takes ${INDEX_LIMITS.entries} entries and ${INDEX_LIMITS.bytes} bytes at most.`,
          hint: "Take away tags that nobody needs, or begin another store.",
        })
      await writeInto(files, folder, path, bytes)
      known = { bytes, index, stamp: undefined }
    },
  }
}
