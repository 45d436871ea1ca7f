import type { Digest } from "@open-brains/core/base/digest.ts"
import { canonicalJson } from "@open-brains/core/base/json.ts"
import {
  type Artifact,
  cardOfArtifact,
  type Descriptor,
  EMPTY_DESCRIPTOR,
  type ManifestFacts,
  MEDIA,
  parseArtifact,
  parseManifestFacts,
  printReferrer,
} from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import { cardToJson } from "@open-brains/core/commons/card.ts"
import { readReference } from "@open-brains/core/commons/reference.ts"
import type { Blobs } from "./blobs.ts"
import type { Database, Queries } from "./database/database.ts"
import { prepared, preparedForAll } from "./database/prepared.ts"
import type { Tables } from "./database/tables.ts"
import { digestFrom, type Hash, hashOf, sha256 } from "./hash.ts"
import { pack, unpack } from "./packing.ts"

interface Name {
  readonly namespace: string
  readonly name: string
}
const selectRepository = prepared((queries, { namespace, name }: Name) =>
  queries.selectFrom("repository").select("id").where("namespace", "=", namespace).where("name", "=", name),
)
const insertRepository = prepared((queries, { namespace, name }: Name) =>
  queries.insertInto("repository").values({ namespace, name }).returning("id"),
)
/** The number of a repository, or nothing. */
export async function findRepository(queries: Queries, namespace: string, name: string): Promise<number | undefined> {
  const [found] = await selectRepository(queries, { namespace, name })
  return found?.id
}
export const makeRepository = async (queries: Queries, namespace: string, name: string): Promise<number> =>
  (await findRepository(queries, namespace, name)) ?? addRepository(queries, namespace, name)
/** Of one that is not there. */
export async function addRepository(queries: Queries, namespace: string, name: string): Promise<number> {
  const [made] = await insertRepository(queries, { namespace, name })
  return made!.id
}

export const isOwned = async (queries: Queries, namespace: string): Promise<boolean> =>
  (await queries.selectFrom("namespace").select("name").where("name", "=", namespace).executeTakeFirst()) !== undefined

export async function documentOf(queries: Queries, hash: Hash): Promise<Uint8Array | undefined> {
  const found = await queries.selectFrom("document").select("bytes").where("hash", "=", hash).executeTakeFirst()
  return found && unpack(found.bytes)
}
interface Document {
  readonly hash: Hash
  readonly bytes: Uint8Array
}
const insertDocuments = preparedForAll((queries, rows: readonly Document[]) =>
  queries
    .insertInto("document")
    .values(rows.map(({ hash, bytes }) => ({ hash, bytes })))
    .onConflict((conflict) => conflict.doNothing()),
)
export const putDocument = (queries: Queries, hash: Hash, bytes: Uint8Array): Promise<unknown> =>
  putDocuments(queries, [{ hash, bytes }])
export const putDocuments = (queries: Queries, documents: readonly Document[]): Promise<unknown> =>
  insertDocuments(
    queries,
    documents.map(({ hash, bytes }) => ({ hash, bytes: pack(bytes) })),
  )

/** The blobs that a manifest needs in its repository. */
const blobsOf = ({ config, layers }: ManifestFacts): readonly Descriptor[] => [...(config ? [config] : []), ...layers]

interface Linked {
  readonly repository: number
  readonly hash: Hash
}
const selectSizes = preparedForAll((queries, rows: readonly Linked[]) =>
  queries
    .selectFrom("link")
    .innerJoin("blob", "blob.hash", "link.hash")
    .select(["link.hash", "blob.size"])
    .where("link.repository", "=", rows[0]!.repository)
    .where(
      "link.hash",
      "in",
      rows.map(({ hash }) => hash),
    ),
)
/** Which of the blobs and manifests that it names are not in the repository. The empty blob is in each. */
export async function missingOf(
  queries: Queries,
  repository: number,
  facts: ManifestFacts,
): Promise<readonly Digest[]> {
  const missing: Digest[] = []
  for (const some of inParts(blobsOf(facts).filter(({ digest }) => digest !== EMPTY_DESCRIPTOR.digest))) {
    const rows = some.map(({ digest }) => ({ repository, hash: hashOf(digest) }))
    const found = await selectSizes(queries, rows)
    const sizes = new Map(found.map(({ hash, size }) => [digestFrom(hash), size]))
    missing.push(...some.filter(({ digest, size }) => sizes.get(digest) !== size).map(({ digest }) => digest))
  }
  for (const some of inParts(facts.manifests)) {
    const hashes = some.map(({ digest }) => hashOf(digest))
    const found = await queries
      .selectFrom("manifest")
      .select("hash")
      .where("repository", "=", repository)
      .where("hash", "in", hashes)
      .execute()
    const there = new Set(found.map(({ hash }) => digestFrom(hash)))
    missing.push(...some.filter(({ digest }) => !there.has(digest)).map(({ digest }) => digest))
  }
  return missing
}
const PART = 500 // SQLite takes some thousands of values in a statement
function* inParts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += PART) yield all.slice(at, at + PART)
}

type ManifestRow = Tables["manifest"]
const manifestRow = (row: ManifestRow): ManifestRow => ({
  ...{ repository: row.repository, hash: row.hash, media_type: row.media_type, artifact_type: row.artifact_type },
  ...{
    subject: row.subject,
    subject_size: row.subject_size,
    envelope: row.envelope,
    at: row.at,
    is_loose: row.is_loose,
  },
})
const insertLoose = preparedForAll((queries, rows: readonly ManifestRow[]) =>
  queries
    .insertInto("manifest")
    .values(rows.map(manifestRow))
    .onConflict((conflict) => conflict.doNothing()),
)
const insertKept = preparedForAll((queries, rows: readonly ManifestRow[]) =>
  queries
    .insertInto("manifest")
    .values(rows.map(manifestRow))
    .onConflict((conflict) =>
      conflict.columns(["repository", "hash"]).doUpdateSet({ is_loose: 0 }).where("manifest.is_loose", "=", 1),
    ),
)
/** A manifest or envelope, and the row that makes it one of a repository's manifests. */
export interface NewManifest {
  readonly document: Document
  readonly row: ManifestRow
}
/** It stays when `keepManifest` says so. */
export async function putManifest(
  queries: Queries,
  repository: number,
  facts: ManifestFacts,
  bytes: Uint8Array,
  at: number,
): Promise<void> {
  const { document, row } = manifestOf(repository, facts, bytes, at)
  await putDocuments(queries, [document])
  await insertLoose(queries, [{ ...row, is_loose: 1 }])
}
/** They stay. */
export async function putManifests(queries: Queries, all: readonly NewManifest[]): Promise<void> {
  if (all.length === 0) return
  await putDocuments(
    queries,
    all.map(({ document }) => document),
  )
  await insertKept(
    queries,
    all.map(({ row }) => row),
  )
}
export function manifestOf(repository: number, facts: ManifestFacts, bytes: Uint8Array, at: number): NewManifest {
  const hash = hashOf(facts.digest)
  const row = {
    repository,
    hash,
    media_type: shortType(facts.mediaType),
    artifact_type: facts.artifactType === undefined ? null : shortType(facts.artifactType),
    subject: facts.subject === undefined ? null : hashOf(facts.subject.digest),
    subject_size: null,
    envelope: null,
    at,
    is_loose: 0,
  }
  return { document: { hash, bytes }, row }
}
/**
 * An envelope about an artifact, where OCI clients look for it: a referrer. Its manifest is a function of the two, so that
 * it is not stored but made again when somebody asks for it.
 */
export function referrerOf(
  repository: number,
  type: Parameters<typeof printReferrer>[0],
  envelope: Document,
  subject: Descriptor,
  at: number,
): NewManifest {
  const row = {
    repository,
    hash: sha256(printReferrer(type, envelope.bytes, subject)),
    media_type: shortType(MEDIA.manifest),
    artifact_type: shortType(type),
    subject: hashOf(subject.digest),
    subject_size: subject.size,
    envelope: envelope.hash,
    at,
    is_loose: 0,
  }
  return { document: envelope, row }
}

export async function countReferrers(queries: Queries, repository: number, subject: Hash): Promise<number> {
  const { count } = await queries
    .selectFrom("manifest")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("repository", "=", repository)
    .where("subject", "=", subject)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** A row of a manifest with the bytes that it is kept by: its own, or those of the envelope that it is made of. */
export interface KeptManifest {
  readonly hash: Hash
  readonly artifact_type: string | null
  readonly subject: Hash | null
  readonly subject_size: number | null
  readonly envelope: Hash | null
  readonly bytes: Uint8Array // packed
}
export function bytesOfManifest({ artifact_type, subject, subject_size, envelope, bytes }: KeptManifest): Uint8Array {
  const kept = unpack(bytes)
  if (envelope === null) return kept
  const type = longType(artifact_type!)
  if (type !== MEDIA.signature && type !== MEDIA.attestation) throw new Error(`bug: no envelope makes a ${type}`)
  return printReferrer(type, kept, { mediaType: MEDIA.manifest, digest: digestFrom(subject!), size: subject_size! })
}

/** Types that stand in nearly every row, short; no type that is sent begins with a tab. */
const SHORT: ReadonlyMap<string, string> = new Map([
  [MEDIA.manifest, "\tm"],
  [MEDIA.index, "\ti"],
  [MEDIA.module, "\tn"],
  [MEDIA.signature, "\ts"],
  [MEDIA.attestation, "\ta"],
])
const LONG: ReadonlyMap<string, string> = new Map([...SHORT].map(([long, short]) => [short, long]))
export const shortType = (type: string): string => SHORT.get(type) ?? type
export const longType = (type: string): string => LONG.get(type) ?? type

const updateLoose = preparedForAll((queries, rows: readonly Pick<Linked, "hash">[]) =>
  queries
    .updateTable("blob")
    .set({ is_loose: 0 })
    .where("is_loose", "=", 1)
    .where(
      "hash",
      "in",
      rows.map(({ hash }) => hash),
    ),
)
/** From now on what it is made of stays. */
export async function keepParts(queries: Queries, repository: number, facts: ManifestFacts): Promise<void> {
  for (const some of inParts(blobsOf(facts)))
    await updateLoose(
      queries,
      some.map(({ digest }) => ({ hash: hashOf(digest) })),
    )
  for (const { digest } of facts.manifests) {
    const bytes = await documentOf(queries, hashOf(digest))
    if (bytes !== undefined) await keepManifest(queries, repository, parseManifestFacts(bytes))
  }
}
/** From now on it stays, and what it is made of. */
export async function keepManifest(queries: Queries, repository: number, facts: ManifestFacts): Promise<void> {
  await queries
    .updateTable("manifest")
    .set({ is_loose: 0 })
    .where("repository", "=", repository)
    .where("hash", "=", hashOf(facts.digest))
    .where("is_loose", "=", 1)
    .execute()
  await keepParts(queries, repository, facts)
}

export interface TagState {
  readonly artifact: Hash | null
  readonly serial: number
}
export async function tagOf(queries: Queries, repository: number, name: string): Promise<TagState> {
  const found = await queries
    .selectFrom("tag")
    .select(["hash", "serial"])
    .where("repository", "=", repository)
    .where("name", "=", name)
    .executeTakeFirst()
  return found === undefined ? { artifact: null, serial: 0 } : { artifact: found.hash, serial: found.serial }
}

/** An artifact with its card: what a module is pushed as. */
export interface Module {
  readonly artifact: Artifact
  readonly card: Card
}
/** Of a manifest of ours, with its card. Errors: OB701–OB703; nothing where the card is not here. */
export async function readModule(
  { database, blobs }: { readonly database: Database; readonly blobs: Blobs },
  manifest: Uint8Array,
): Promise<Module | undefined> {
  const artifact = parseArtifact(manifest)
  const { digest } = artifact.card
  const small = await smallOf(database.read, hashOf(digest))
  const bytes = small ?? (blobs.has(digest) ? await blobs.read(digest) : undefined)
  return bytes && { artifact, card: cardOfArtifact(artifact, bytes) }
}

/** The bytes of a blob that is no file. */
export async function smallOf(queries: Queries, hash: Hash): Promise<Uint8Array | undefined> {
  const found = await queries.selectFrom("small").select("bytes").where("hash", "=", hash).executeTakeFirst()
  return found && unpack(found.bytes)
}
const insertBlob = prepared((queries, { hash, size, at, is_loose }: Tables["blob"]) =>
  queries
    .insertInto("blob")
    .values({ hash, size, at, is_loose })
    .onConflict((conflict) => conflict.column("hash").doUpdateSet({ at, is_loose }).where("blob.is_loose", "=", 1)),
)
const insertSmall = prepared((queries, { hash, bytes }: Tables["small"]) =>
  queries
    .insertInto("small")
    .values({ hash, bytes })
    .onConflict((conflict) => conflict.doNothing()),
)
const insertLink = prepared((queries, { repository, hash }: Linked) =>
  queries
    .insertInto("link")
    .values({ repository, hash })
    .onConflict((conflict) => conflict.doNothing()),
)
/** Blobs lie in files, and small ones beside their row. Such as is loose stays so until something that stays names it. */
export async function putBlob(
  queries: Queries,
  repository: number,
  { hash, size, small }: { readonly hash: Hash; readonly size: number; readonly small: Uint8Array | undefined },
  at: number,
  { isLoose }: { readonly isLoose: boolean } = { isLoose: true },
): Promise<void> {
  await insertBlob(queries, { hash, size, at, is_loose: isLoose ? 1 : 0 })
  if (small !== undefined) await insertSmall(queries, { hash, bytes: pack(small) })
  await linkBlob(queries, repository, hash)
}
export const linkBlob = (queries: Queries, repository: number, hash: Hash): Promise<unknown> =>
  insertLink(queries, { repository, hash })
export const isModule = ({ artifactType, subject }: ManifestFacts): boolean =>
  artifactType === MEDIA.module && subject === undefined

const putTag = prepared((queries, { repository, name, hash, serial }: Tables["tag"]) =>
  queries
    .insertInto("tag")
    .values({ repository, name, hash, serial })
    .onConflict((conflict) => conflict.columns(["repository", "name"]).doUpdateSet({ hash, serial })),
)
/** Gives a row where another artifact is shown than before. */
const putCard = prepared((queries, { repository, artifact, kind, json, at }: Tables["card"]) =>
  queries
    .insertInto("card")
    .values({ repository, artifact, kind, json, at })
    .onConflict((conflict) =>
      conflict.column("repository").doUpdateSet({ artifact, kind, json, at }).where("card.artifact", "!=", artifact),
    )
    .returning("repository"),
)
/** The tag stands for it from now on, its serial is one more, and search and dependents know. */
export async function moveTag(
  { findings }: Database,
  queries: Queries,
  { id: repository, name }: { readonly id: number; readonly name: string },
  tag: string,
  before: TagState,
  hash: Hash,
  module: Module | undefined,
  at: number,
): Promise<void> {
  await putTag(queries, { repository, name: tag, hash, serial: before.serial + 1 })
  if (before.serial > 0)
    await queries.deleteFrom("use").where("repository", "=", repository).where("tag", "=", tag).execute()
  if (module === undefined) return
  const { card } = module
  const uses = new Set<string>()
  for (const { name: used, artifact } of card.uses) {
    const reference = readReference(used)!
    const target = await makeRepository(queries, reference.namespace, reference.name)
    const key = `${target} ${artifact}`
    if (uses.has(key)) continue
    uses.add(key)
    await queries
      .insertInto("use")
      .values({ repository, tag, target, artifact: hashOf(artifact) })
      .execute()
  }
  const json = canonicalJson(cardToJson(card))
  const changed = await putCard(queries, { repository, artifact: hash, kind: card.kind, json, at })
  if (changed.length === 0) return
  const ports = [...card.takes, ...card.gives].map((port) => `${port.name} ${port.type}`).join(" ")
  await findings.put(queries, repository, {
    kind: card.kind,
    name: `${name} ${card.name}`,
    about: card.about,
    ports: ports.slice(0, PORTS_MAX),
  })
}
const PORTS_MAX = 2 ** 16 // characters that are indexed: a net of a thousand labels has fewer
