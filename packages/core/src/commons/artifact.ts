import { type Digest, digest as digestOf } from "../base/digest.ts"
import { canonicalJson, type Json } from "../base/json.ts"
import { refuse } from "../base/problem.ts"
import { type Card, cardToJson, readCard } from "./card.ts"
import { jsonOf, readingOf, shown } from "./shape.ts"

/** What the manifest of an artifact says of a blob. Source: OCI image specification 1.1, descriptor. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number // bytes
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * A module as registries keep it: an image manifest whose layers are its files, by the order of their paths, and whose
 * config is its card. It is a function of the files alone, so that equal modules are one artifact everywhere.
 */
export interface Artifact {
  readonly digest: Digest // of the manifest: what a lock pins and a signature names
  readonly card: Descriptor
  readonly files: readonly ArtifactFile[]
}
export interface ArtifactFile {
  readonly path: string // with /, below the folder
  readonly digest: Digest
  readonly size: number
}

export const MEDIA = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  empty: "application/vnd.oci.empty.v1+json",
  module: "application/vnd.openbrains.module.v1+json",
  card: "application/vnd.openbrains.card.v1+json",
  file: "application/vnd.openbrains.file.v1",
  /** An envelope about another artifact: a referrer. */
  signature: "application/vnd.openbrains.signature.v1",
  attestation: "application/vnd.openbrains.attestation.v1",
  envelope: "application/vnd.dsse.envelope.v1+json",
  /** A push in one request: delivery.ts. */
  delivery: "application/vnd.openbrains.delivery.v1+json",
} as const
export const TITLE = "org.opencontainers.image.title"
export const ARTIFACT_LIMITS = {
  manifestBytes: 4 * 2 ** 20, // OCI distribution 1.1: registries take so much
  files: 10_000,
  fileBytes: 2 ** 30,
  bytes: 2 ** 31,
  pathLength: 512,
  cardBytes: 2 ** 20,
} as const

/** The empty config of artifacts that have none. Source: OCI image specification 1.1. */
export const EMPTY = new TextEncoder().encode("{}")
export const EMPTY_DESCRIPTOR: Descriptor = { mediaType: MEDIA.empty, digest: digestOf(EMPTY), size: EMPTY.length }

/** Its manifest and the bytes of its card. Paths are as `isArtifactPath` has them, each once. Errors: OB702. */
export function printArtifact(
  files: readonly ArtifactFile[],
  card: Card,
): { readonly artifact: Artifact; readonly manifest: Uint8Array; readonly card: Uint8Array } {
  const cardBytes = new TextEncoder().encode(canonicalJson(cardToJson(card)))
  const described: Descriptor = { mediaType: MEDIA.card, digest: digestOf(cardBytes), size: cardBytes.length }
  const manifest = printManifest(described, files)
  const artifact = parseArtifact(manifest) // what is written can be read
  return { artifact, manifest, card: cardBytes }
}
function printManifest(card: Descriptor, files: readonly ArtifactFile[]): Uint8Array {
  const inOrder = files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
  const json = {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    artifactType: MEDIA.module,
    config: { mediaType: card.mediaType, digest: card.digest, size: card.size },
    layers: inOrder.map(({ path, digest, size }) => ({
      mediaType: MEDIA.file,
      digest,
      size,
      annotations: { [TITLE]: path },
    })),
  }
  return new TextEncoder().encode(canonicalJson(json))
}

/** The manifest of an artifact about another one: its layer is one envelope. */
export function printReferrer(
  type: typeof MEDIA.signature | typeof MEDIA.attestation,
  envelope: Uint8Array,
  subject: Descriptor,
): Uint8Array {
  const { mediaType, digest, size } = subject
  return new TextEncoder().encode(
    canonicalJson({
      schemaVersion: 2,
      mediaType: MEDIA.manifest,
      artifactType: type,
      config: { ...EMPTY_DESCRIPTOR },
      layers: [{ mediaType: MEDIA.envelope, digest: digestOf(envelope), size: envelope.length }],
      subject: { mediaType, digest, size },
    }),
  )
}

/** What any image manifest says, ours or somebody else's. */
export interface ManifestFacts {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly config: Descriptor | undefined
  readonly layers: readonly Descriptor[]
  /** Of an index: the manifests that it names. */
  readonly manifests: readonly Descriptor[]
  readonly subject: Descriptor | undefined
  readonly annotations: Readonly<Record<string, string>>
}

const MANIFEST_HINT = "Push it again with a tool that writes OCI image manifests, version 2."
/** Errors: OB701 when it is none, or names more than `ARTIFACT_LIMITS` have. */
export function parseManifestFacts(bytes: Uint8Array): ManifestFacts {
  const reading = readingOf("The manifest", "OB701", MANIFEST_HINT)
  if (bytes.length > ARTIFACT_LIMITS.manifestBytes)
    reading.fail("", `manifest of at most ${ARTIFACT_LIMITS.manifestBytes} bytes`)
  const json = reading.object(jsonOf(bytes, reading), "")
  if (json["schemaVersion"] !== 2) reading.fail("schemaVersion", "2")
  const optional = <T>(name: string, read: (value: Json, path: string) => T): T | undefined =>
    json[name] === undefined ? undefined : read(json[name], name)
  const strings = (value: Json, path: string): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(reading.object(value, path)).map(([key, each]) => [
        key,
        reading.text(each, `${path}.${key}`, 65536),
      ]),
    )
  const descriptor = (value: Json, path: string): Descriptor => {
    const each = reading.object(value, path)
    return {
      mediaType: reading.line(each["mediaType"], `${path}.mediaType`, 255),
      digest: reading.digest(each["digest"], `${path}.digest`),
      size: reading.whole(each["size"], `${path}.size`),
      ...(each["artifactType"] === undefined
        ? {}
        : { artifactType: reading.line(each["artifactType"], `${path}.artifactType`, 255) }),
      ...(each["annotations"] === undefined
        ? {}
        : { annotations: strings(each["annotations"], `${path}.annotations`) }),
    }
  }
  const descriptors = (value: Json, path: string): readonly Descriptor[] =>
    reading.list(value, path, ARTIFACT_LIMITS.files).map((each, i) => descriptor(each, `${path}[${i}]`))
  const mediaType = optional("mediaType", (value, path) => reading.line(value, path, 255)) ?? MEDIA.manifest
  const config = optional("config", descriptor)
  return {
    digest: digestOf(bytes),
    mediaType,
    artifactType: optional("artifactType", (value, path) => reading.line(value, path, 255)) ?? config?.mediaType,
    config,
    layers: optional("layers", descriptors) ?? [],
    manifests: optional("manifests", descriptors) ?? [],
    subject: optional("subject", descriptor),
    annotations: optional("annotations", strings) ?? {},
  }
}

/** The artifact of a module. Errors: OB701, OB702 when it is no module's, or a path leaves the folder. */
export function parseArtifact(bytes: Uint8Array): Artifact {
  const { digest, artifactType, config, layers, subject } = parseManifestFacts(bytes)
  const unfit = (seen: string): never =>
    refuse({
      code: "OB702",
      seen: `This artifact is no module: ${seen}.`,
      hint: "Push the folder of a module with `brain push`.",
    })
  if (artifactType !== MEDIA.module) unfit(`its type is ${shown(artifactType ?? "not told")}`)
  if (config?.mediaType !== MEDIA.card || config.size > ARTIFACT_LIMITS.cardBytes) unfit("it has no card")
  if (subject !== undefined) unfit("it is about another artifact")
  if (layers.length === 0) unfit("it has no files")
  const files = layers.map(({ digest, size, annotations }): ArtifactFile => {
    const path = annotations?.[TITLE] ?? ""
    if (!isArtifactPath(path)) unfit(`\`${shown(path)}\` is no path of a file in it`)
    if (size > ARTIFACT_LIMITS.fileBytes)
      unfit(`${path} has ${size} bytes, and at most ${ARTIFACT_LIMITS.fileBytes} are taken`)
    return { path, digest, size }
  })
  const total = files.reduce((sum, { size }) => sum + size, 0)
  if (total > ARTIFACT_LIMITS.bytes) unfit(`it has ${total} bytes, and at most ${ARTIFACT_LIMITS.bytes} are taken`)
  const clash = clashOf(files.map(({ path }) => path))
  if (clash !== undefined) unfit(clash)
  // A function of card and files, so that whoever has these makes it again: no other order, nothing more in it.
  const made = printManifest(config!, files)
  if (made.length !== bytes.length || made.some((byte, i) => byte !== bytes[i]))
    unfit("its manifest says more than its files")
  return { digest, card: config!, files }
}

/** Two paths that no disk has side by side: one name, also where case does not count, or a file that is a folder of another one. */
function clashOf(paths: readonly string[]): string | undefined {
  // With 0 for / nothing comes between a file and what would be in it.
  const keys = paths.map((path) => path.toLowerCase().replaceAll("/", "\0")).toSorted()
  for (const [i, key] of keys.entries()) {
    const next = keys[i + 1]
    if (next === key) return `it has two files ${key.replaceAll("\0", "/")}`
    if (next?.startsWith(`${key}\0`) === true) return `${key.replaceAll("\0", "/")} is a file and a folder`
  }
  return undefined
}

const SEGMENT_MAX = 255 // what the file systems of Linux, macOS and Windows take
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i // names that Windows keeps to itself
/** A path below the folder of a module that every disk takes: no `..`, no hidden file, no device. */
export const isArtifactPath = (path: string): boolean =>
  path.length <= ARTIFACT_LIMITS.pathLength &&
  path
    .split("/")
    .every((each) => each.length <= SEGMENT_MAX && SEGMENT.test(each) && !each.endsWith(".") && !DEVICE.test(each))

/** Its card, which must be the blob that it names. Errors: OB703. */
export function cardOfArtifact({ card }: Artifact, bytes: Uint8Array): Card {
  const reading = readingOf("The card of the module", "OB703", "Push the module again with `brain push`.")
  if (bytes.length !== card.size || digestOf(bytes) !== card.digest) reading.fail("", `blob ${card.digest}`)
  return readCard(jsonOf(bytes, reading), reading)
}
