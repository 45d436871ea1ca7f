import {
  cardOfArtifact,
  type ManifestFacts,
  MEDIA,
  parseArtifact,
  parseManifestFacts,
} from "@open-brains/core/commons/artifact.ts"
import { type Delivery, parseDelivery } from "@open-brains/core/commons/delivery.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf, STABLE } from "@open-brains/core/commons/reference.ts"
import { type PushStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import type { FastifyRequest } from "fastify"
import {
  addRepository,
  documentOf,
  findRepository,
  type Module,
  missingOf,
  moveTag,
  putBlob,
  readModule,
  type TagState,
} from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { prepared } from "../database/prepared.ts"
import { openCandidate } from "../gate/candidates.ts"
import type { Keeper } from "../gate/keeper.ts"
import { digestBytes, digestFrom, type Hash, hashOf, isSameHash } from "../hash.ts"
import { recordPush } from "../record_push.ts"
import type { Api } from "./api.ts"
import { readSigned, type Signed } from "./envelopes.ts"
import { ProblemSchema, refuseWith } from "./errors.ts"
import { isOpenTo, isSignedBy, noOwner, type Owner, ownerFrom } from "./namespaces.ts"
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

export function pushRoutes(app: Api, context: Context, keeper: Keeper): void {
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
        if ("candidate" in outcome) keeper.wake()
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

const selectState = prepared((queries, { namespace, name, tag }: { namespace: string; name: string; tag: string }) =>
  queries
    .selectFrom("namespace")
    .leftJoin("repository", (join) =>
      join.onRef("repository.namespace", "=", "namespace.name").on("repository.name", "=", name),
    )
    .leftJoin("tag", (join) => join.onRef("tag.repository", "=", "repository.id").on("tag.name", "=", tag))
    .select(["keys", "threshold", "namespace.serial", "repository.id", "tag.hash", "tag.serial as moved"])
    .where("namespace.name", "=", namespace),
)
interface State {
  readonly owner: Owner
  readonly repository: number | undefined
  readonly before: TagState
}
/** Errors: OB731. */
async function stateOf(queries: Queries, { module, tag }: PushStatement): Promise<State> {
  const [found] = await selectState(queries, { ...module, tag })
  if (found === undefined) return noOwner(module.namespace)
  return {
    owner: ownerFrom(found),
    repository: found.id ?? undefined,
    before: { artifact: found.hash, serial: found.moved ?? 0 },
  }
}

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
  const { owner, before, ...found } = await stateOf(queries, statement)
  const proposer = isSignedBy(owner, signers) ? undefined : proposerOf(context, statement, owner, signers)
  const repository =
    found.repository ??
    (module.brought === undefined
      ? notThere(statement, "nothing of it is here")
      : await addRepository(queries, namespace, statement.module.name))
  refuseOvertaken(statement, before)
  if (statement.tag === STABLE) await refuseAgain(queries, hash)
  if (module.brought !== undefined) {
    const { card } = module.brought
    const blob = { hash: hashOf(module.artifact.card.digest), size: card.length, small: card }
    await putBlob(queries, repository, blob, now, { isLoose: false })
  }
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
  const ofKey = { pushes: limits.pushesAnHour.key, bytes: limits.bytesAnHour.key }
  const ofNamespace = { pushes: limits.pushesAnHour.namespace, bytes: limits.bytesAnHour.namespace }
  const spending = signers.filter((key) => owner.keys.includes(key)).map((key) => ({ who: key, allowance: ofKey }))
  const rate = await spend(
    queries,
    proposer === undefined
      ? [...spending, { who: namespace, allowance: ofNamespace }]
      : [{ who: proposer, allowance: ofKey }], // what strangers send takes nothing from the owners
    size,
    now,
  )
  const artifact = hashOf(statement.artifact)
  const baseline = before.artifact
  const isMoving = statement.tag === STABLE && baseline !== null && !isSameHash(baseline, artifact)
  const isTried = isMoving && (await isUsedByOthers(context, queries, repository, namespace))
  if (proposer !== undefined && !isTried) nothingToProve(statement)
  const { digest } = module.facts
  const descriptor = { mediaType: MEDIA.manifest, digest, size: module.bytes }
  const subject = { facts: module.facts, descriptor, brought: module.brought?.manifest }
  const isProposal = proposer !== undefined
  const index = await recordPush(queries, {
    ...{ repository, tag: statement.tag, subject, bytes, hash },
    ...{ at: now, isProposal },
  })
  if (isTried) {
    const candidate = { id: index, repository, artifact, baseline, proposer, at: now }
    await openCandidate(context, queries, candidate, statement)
    return { outcome: { candidate: index, index }, rate }
  }
  const place = { id: repository, name: statement.module.name }
  await moveTag(database, queries, place, statement.tag, before, artifact, module, now)
  return {
    outcome: { moved: true, artifact: statement.artifact, tag: statement.tag, serial: before.serial + 1, index },
    rate,
  }
}

/**
 * A stranger may propose what `stable` is to stand for, where one of the namespace's keys is the hub's own: its owners have said so that whatever
 * the gate lets pass is theirs. Errors: OB733.
 */
function proposerOf(
  { key }: Context,
  { module, tag }: PushStatement,
  owner: Owner,
  signers: readonly PublicKey[],
): PublicKey {
  if (tag === STABLE && isOpenTo(owner, key.key)) return signers[0]!
  const held = signers.filter((each) => owner.keys.includes(each)).length
  return refuseWith({
    code: "OB733",
    seen: `${owner.threshold} of the keys of ${module.namespace} must sign, and ${held} did.`,
    hint: "Sign with the keys of its owners, or push under a namespace of your own.",
  })
}
const nothingToProve = ({ module }: PushStatement): never =>
  refuseWith({
    code: "OB733",
    seen: `${repositoryOf(module)} is not yours, and no brain of another namespace is locked to what its stable stands for, or that is this very artifact: there is nothing to prove.`,
    hint: "Its owners alone push it until others build on it. Push yours under a namespace of your own.",
  })

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

/** Whether a tagged brain of another namespace, old enough to count, has an artifact of this module in its lock. */
export async function isUsedByOthers(
  { limits, clock }: Pick<Context, "limits" | "clock">,
  queries: Queries,
  repository: number,
  namespace: string,
): Promise<boolean> {
  const found = await queries
    .selectFrom("use")
    .innerJoin("repository", "repository.id", "use.repository")
    .innerJoin("namespace", "namespace.name", "repository.namespace")
    .innerJoin("card", "card.repository", "use.repository")
    .innerJoin("manifest", (join) =>
      join.onRef("manifest.repository", "=", "use.target").onRef("manifest.hash", "=", "use.artifact"),
    )
    .select("use.repository")
    .where("use.target", "=", repository)
    .where("repository.namespace", "!=", namespace)
    .where("card.kind", "=", "brain")
    .where("namespace.at", "<=", clock() - limits.namespaceAgeMs)
    .executeTakeFirst()
  return found !== undefined
}
