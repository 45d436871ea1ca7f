import {
  cardOfArtifact,
  type ManifestFacts,
  MEDIA,
  parseArtifact,
  parseManifestFacts,
} from "@open-brains/core/commons/artifact.ts"
import { type Delivery, parseDelivery } from "@open-brains/core/commons/delivery.ts"
import { repositoryOf, STABLE } from "@open-brains/core/commons/reference.ts"
import { type PushStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import type { FastifyRequest } from "fastify"
import {
  documentOf,
  findRepository,
  keepManifest,
  type Module,
  makeRepository,
  missingOf,
  moveTag,
  putBlob,
  putManifest,
  putReferrer,
  readModule,
  type TagState,
  tagOf,
} from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { openCandidate } from "../gate/candidates.ts"
import { digestBytes, digestFrom, type Hash, hashOf, isSameHash } from "../hash.ts"
import { appendLog } from "../log.ts"
import type { Api } from "./api.ts"
import { readSigned, type Signed } from "./envelopes.ts"
import { ProblemSchema, refuseWith } from "./errors.ts"
import { isSignedBy, noOwner, ownerOf } from "./namespaces.ts"
import { type RateHeaders, spend } from "./quotas.ts"
import { CandidateMadeSchema, PushedSchema } from "./schemas.ts"

type Outcome =
  | {
      readonly moved: true
      readonly artifact: string
      readonly tag: string
      readonly serial: number
      readonly index: number
    }
  | { readonly candidate: number; readonly index: number }

export function pushRoutes(app: Api, context: Context): void {
  const { writer, metrics, limits } = context
  app.post(
    "/pushes",
    {
      schema: {
        summary: "Move a tag by a signed statement; where others build on what is stable, a candidate for the gate",
        description: `The body is the envelope; or, as ${MEDIA.delivery}, an object of three texts: envelope, manifest and card. Files are blobs of the registry before.`,
        response: { 200: PushedSchema, 202: CandidateMadeSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const delivery = isDelivery(request) ? parseDelivery(bodyOf(request)) : undefined
      const signed = readSigned(TYPES.push, delivery ? { body: delivery.envelope } : request, limits)
      try {
        const module = delivery ? delivered(signed.statement, delivery) : await moduleOf(context, signed.statement)
        const { outcome, rate } = await writer.write(({ queries }) => push(context, queries, signed, module))
        metrics.pushes.inc({ outcome: "candidate" in outcome ? "candidate" : "moved" })
        reply.code("candidate" in outcome ? 202 : 200).headers(rate)
        return outcome
      } catch (error) {
        metrics.pushes.inc({ outcome: "refused" })
        throw error
      }
    },
  )
}

const isDelivery = ({ headers }: FastifyRequest): boolean => headers["content-type"] === MEDIA.delivery
const bodyOf = ({ body }: FastifyRequest): Uint8Array => (body instanceof Uint8Array ? body : new Uint8Array())

export interface Read extends Module {
  readonly facts: ManifestFacts
  readonly bytes: number // of the manifest
  /** What came along and is not in the repository yet. */
  readonly brought: Pick<Delivery, "manifest" | "card"> | undefined
}
/** Errors: OB701–OB703, OB735 when the manifest is another one than was signed. */
function delivered(statement: PushStatement, { manifest, card }: Delivery): Read {
  if (digestBytes(manifest) !== statement.artifact)
    notThere(statement, "the manifest that came with it has another digest")
  const facts = parseManifestFacts(manifest)
  const artifact = parseArtifact(manifest)
  return { artifact, card: cardOfArtifact(artifact, card), facts, bytes: manifest.length, brought: { manifest, card } }
}
/** What is named by its digest does not change, so that it may be read before the transaction. */
async function moduleOf(context: Context, statement: PushStatement): Promise<Read> {
  const { database } = context
  const { namespace, name } = statement.module
  const repository = await findRepository(database.read, namespace, name)
  const hash = hashOf(statement.artifact)
  const there =
    repository !== undefined &&
    (await database.read
      .selectFrom("manifest")
      .select("hash")
      .where("repository", "=", repository)
      .where("hash", "=", hash)
      .executeTakeFirst())
  const manifest = there ? await documentOf(database.read, hash) : undefined
  if (manifest === undefined) return notThere(statement, `its manifest is not in ${repositoryOf(statement.module)}`)
  const facts = parseManifestFacts(manifest)
  const module = (await readModule(context, manifest)) ?? notThere(statement, "its card is not here")
  return { facts, bytes: manifest.length, brought: undefined, ...module }
}
const notThere = ({ artifact }: PushStatement, why: string): never =>
  refuseWith({
    code: "OB735",
    seen: `The artifact ${artifact.slice(0, 19)}… cannot be pushed: ${why}.`,
    hint: "Send its blobs and its manifest first: `brain push` does.",
  })

/** All of it or nothing: the tag, the log, the signature as a referrer, what search and dependents know. */
async function push(
  context: Context,
  queries: Queries,
  { statement, signers, bytes, hash }: Signed<PushStatement>,
  module: Read,
): Promise<{ readonly outcome: Outcome; readonly rate: RateHeaders }> {
  const { limits, clock, database } = context
  const { namespace } = statement.module
  const now = clock()
  const owner = (await ownerOf(queries, namespace)) ?? noOwner(namespace)
  if (!isSignedBy(owner, signers))
    refuseWith({
      code: "OB733",
      seen: `${owner.threshold} of the keys of ${namespace} must sign, and ${signers.filter((key) => owner.keys.includes(key)).length} did.`,
      hint: "Sign with the keys of its owners, or push under a namespace of your own.",
    })
  const repository = await placeOf(queries, statement, module.brought !== undefined)
  const before = await tagOf(queries, repository, statement.tag)
  refuseOvertaken(statement, before)
  if (statement.tag === STABLE) await refuseAgain(queries, hash)
  if (module.brought !== undefined) await putBrought(queries, repository, module, module.brought, now)
  const missing = await missingOf(queries, repository, module.facts)
  if (missing.length > 0)
    notThere(statement, `${missing.length} of its blobs are not here, ${missing[0]!.slice(0, 19)}… first`)
  const size = module.artifact.files.reduce((sum, file) => sum + file.size, module.artifact.card.size)
  if (size > limits.moduleBytes)
    refuseWith({
      code: "OB730",
      seen: `The module has ${size} bytes, and at most ${limits.moduleBytes} are taken.`,
      hint: "Make it smaller.",
    })
  const rate = await spend(
    queries,
    [
      ...signers
        .filter((key) => owner.keys.includes(key))
        .map((key) => ({ who: key, allowance: { pushes: limits.pushesAnHour.key, bytes: limits.bytesAnHour.key } })),
      {
        who: namespace,
        allowance: { pushes: limits.pushesAnHour.namespace, bytes: limits.bytesAnHour.namespace },
      },
    ],
    size,
    now,
  )
  const artifact = hashOf(statement.artifact)
  const index = await recordPush(queries, { repository, tag: statement.tag, artifact, module, bytes, hash, at: now })
  const baseline = before.artifact
  if (statement.tag === STABLE && baseline !== null && !isSameHash(baseline, artifact)) {
    const others = await isUsedByOthers(queries, repository, namespace)
    if (others) {
      const { tag } = statement
      await openCandidate(queries, { id: index, repository, tag, artifact, baseline, serial: before.serial, at: now })
      return { outcome: { candidate: index, index }, rate }
    }
  }
  await moveTag(database, queries, repository, statement.tag, before, artifact, module, now)
  return {
    outcome: { moved: true, artifact: statement.artifact, tag: statement.tag, serial: before.serial + 1, index },
    rate,
  }
}

/** What stays of a push whatever becomes of its tag: the artifact, the entry of the log, the signature. Its index in the log. */
export async function recordPush(
  queries: Queries,
  {
    repository,
    tag,
    artifact,
    module,
    bytes,
    hash,
    at,
  }: {
    readonly repository: number
    readonly tag: string
    readonly artifact: Hash
    readonly module: Read
    readonly bytes: Uint8Array // the envelope
    readonly hash: Hash
    readonly at: number
  },
): Promise<number> {
  await keepManifest(queries, repository, module.facts)
  const id = await appendLog(queries, bytes)
  await queries.insertInto("push").values({ id, repository, tag, artifact, envelope: hash, at }).execute()
  // So that whoever has an OCI client finds who signed.
  const subject = { mediaType: MEDIA.manifest, digest: module.facts.digest, size: module.bytes }
  await putReferrer(queries, repository, MEDIA.signature, { bytes, hash }, subject, at)
  return id
}

const placeOf = async (queries: Queries, statement: PushStatement, isNew: boolean): Promise<number> => {
  const { namespace, name } = statement.module
  if (isNew) return makeRepository(queries, namespace, name)
  return (await findRepository(queries, namespace, name)) ?? notThere(statement, "nothing of it is here")
}
async function putBrought(
  queries: Queries,
  repository: number,
  { artifact, facts }: Read,
  { manifest, card }: Pick<Delivery, "manifest" | "card">,
  now: number,
): Promise<void> {
  await putBlob(queries, repository, { hash: hashOf(artifact.card.digest), size: card.length, small: card }, now)
  await putManifest(queries, repository, facts, manifest, now)
}

/** A push that became a candidate moved no tag, so that the same one fits again. Of other tags each push moves the serial on. */
async function refuseAgain(queries: Queries, hash: Hash): Promise<void> {
  const known = await queries.selectFrom("push").select("id").where("envelope", "=", hash).executeTakeFirst()
  if (known === undefined) return
  refuseWith(
    { code: "OB734", seen: "This very push was sent before.", hint: "Look at what became of it." },
    { state: { candidate: known.id } },
  )
}

function refuseOvertaken({ tag, previous, serial }: PushStatement, before: TagState): void {
  const now = before.artifact === null ? null : digestFrom(before.artifact)
  if (serial === before.serial && previous === now) return
  refuseWith(
    {
      code: "OB734",
      seen: `The tag ${tag} was moved ${before.serial} times and stands for ${now ?? "nothing"}; the push is number ${serial}, from ${previous ?? "nothing"}.`,
      hint: "Somebody pushed before you, or this is an old push: look at what is there now, and push again.",
    },
    { state: { artifact: now, tag, serial: before.serial } },
  )
}

/** Whether a tagged brain of another namespace has an artifact of this module in its lock. */
export async function isUsedByOthers(queries: Queries, repository: number, namespace: string): Promise<boolean> {
  const found = await queries
    .selectFrom("use")
    .innerJoin("repository", "repository.id", "use.repository")
    .innerJoin("card", "card.repository", "use.repository")
    .innerJoin("manifest", (join) =>
      join.onRef("manifest.repository", "=", "use.target").onRef("manifest.hash", "=", "use.artifact"),
    )
    .select("use.repository")
    .where("use.target", "=", repository)
    .where("repository.namespace", "!=", namespace)
    .where("card.kind", "=", "brain")
    .executeTakeFirst()
  return found !== undefined
}
