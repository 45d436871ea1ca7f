import { parseDigest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { type Descriptor, type ManifestFacts, MEDIA, parseManifestFacts } from "@open-brains/core/commons/artifact.ts"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { sql } from "kysely"
import {
  bytesOfManifest,
  countReferrers,
  findRepository,
  isModule,
  isOwned,
  keepManifest,
  longType,
  type Module,
  makeRepository,
  missingOf,
  moveTag,
  putManifest,
  readModule,
  shortType,
  tagOf,
} from "../content.ts"
import type { Context } from "../context.ts"
import { digestFrom, type Hash, hashOf } from "../hash.ts"
import { denied } from "./blobs.ts"
import { fail, failAs } from "./errors.ts"
import { ask, digestOf, isAnyTag, pageOf, placeOf } from "./names.ts"

const MANIFEST = "/:namespace/:name/manifests/:reference"
const LIST_MAX = 1000
const REFERRERS_MAX = 200
const KEPT_BY = sql<Hash>`coalesce(manifest.envelope, manifest.hash)`
const KEPT = [
  "manifest.hash",
  "manifest.artifact_type",
  "manifest.subject",
  "manifest.subject_size",
  "manifest.envelope",
  "document.bytes",
] as const

export function manifestRoutes(app: FastifyInstance, context: Context): void {
  const { database, writer, limits, clock } = context
  const { read } = database

  app.route({ method: ["GET", "HEAD"], url: MANIFEST, handler: sendManifest })
  async function sendManifest(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { namespace, name } = placeOf(request)
    const found = await findManifest(namespace, name, referenceOf(request))
    if (found === undefined) return fail("MANIFEST_UNKNOWN", "This repository has no such manifest.")
    const digest = digestFrom(found.hash)
    reply
      .header("content-type", longType(found.media_type))
      .header("docker-content-digest", digest)
      .header("etag", `"${digest}"`)
    reply.header("content-length", found.bytes.length)
    return request.method === "HEAD" ? reply.send() : reply.send(Buffer.from(found.bytes))
  }
  async function findManifest(
    namespace: string,
    name: string,
    reference: string,
  ): Promise<{ readonly hash: Hash; readonly media_type: string; readonly bytes: Uint8Array } | undefined> {
    const digest = parseDigest(reference)
    const manifests = read
      .selectFrom("repository")
      .innerJoin("manifest", "manifest.repository", "repository.id")
      .innerJoin("document", (join) => join.on("document.hash", "=", KEPT_BY))
      .select([...KEPT, "manifest.media_type"])
      .where("repository.namespace", "=", namespace)
      .where("repository.name", "=", name)
    const wanted =
      digest !== undefined
        ? manifests.where("manifest.hash", "=", hashOf(digest))
        : manifests
            .innerJoin("tag", (join) =>
              join.onRef("tag.repository", "=", "repository.id").onRef("tag.hash", "=", "manifest.hash"),
            )
            .where("tag.name", "=", reference)
    const found = await wanted.executeTakeFirst()
    return found && { hash: found.hash, media_type: found.media_type, bytes: bytesOfManifest(found) }
  }

  app.put(MANIFEST, { bodyLimit: limits.manifestBytes }, async (request, reply) => {
    const { namespace, name, repository: place } = placeOf(request)
    const reference = referenceOf(request)
    const tag = parseDigest(reference) === undefined ? reference : undefined
    const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array()
    const facts = factsOf(bytes, request.headers["content-type"])
    if (tag === undefined && facts.digest !== reference)
      fail("DIGEST_INVALID", "The manifest has another digest.", { detail: { wanted: reference, found: facts.digest } })
    const module = tag !== undefined && isModule(facts) ? await openModule(bytes, facts) : undefined
    // By its digest alone, in a namespace that has owners, it is nothing before a push names it.
    const isLoose = tag === undefined && (await isOwned(read, namespace))
    await (isLoose ? writer.writeSoon : writer.write)(async ({ queries }) => {
      const owned = await isOwned(queries, namespace)
      if (owned && (tag !== undefined || facts.subject !== undefined)) denied(namespace)
      if (!owned && !context.isAnonymous)
        fail("DENIED", `Nobody owns the namespace ${namespace}: claim it first, as \`brain push\` does.`)
      if (owned) await refuseManyLoose(queries)
      const repository = await makeRepository(queries, namespace, name)
      const missing = await missingOf(queries, repository, facts)
      if (missing.length > 0)
        fail("MANIFEST_BLOB_UNKNOWN", "Blobs or manifests that it names are not in this repository.", {
          detail: missing.slice(0, 16).map((digest) => ({ digest })),
        })
      if (facts.subject !== undefined) await refuseManyReferrers(queries, repository, hashOf(facts.subject.digest))
      await putManifest(queries, repository, facts, bytes, clock())
      if (owned) return // it stays when a push names it
      await keepManifest(queries, repository, facts)
      if (tag === undefined) return
      const before = await tagOf(queries, repository, tag)
      await moveTag(database, queries, { id: repository, name }, tag, before, hashOf(facts.digest), module, clock())
    })
    if (facts.subject !== undefined) reply.header("oci-subject", facts.subject.digest)
    return reply
      .code(201)
      .header("location", `/v2/${place}/manifests/${facts.digest}`)
      .header("docker-content-digest", facts.digest)
      .send()
  })

  async function openModule(bytes: Uint8Array, { config }: ManifestFacts): Promise<Module> {
    try {
      const module = await readModule(context, bytes)
      if (module !== undefined) return module
    } catch (error) {
      if (error instanceof Refusal) return failAs("MANIFEST_INVALID", error)
      throw error
    }
    return fail("MANIFEST_BLOB_UNKNOWN", "Its card is not here.", { detail: [{ digest: config?.digest }] })
  }
  async function refuseManyReferrers(queries: typeof read, repository: number, subject: Hash): Promise<void> {
    const count = await countReferrers(queries, repository, subject)
    if (count >= limits.referrers) fail("TOOMANYREQUESTS", `There are ${count} artifacts about it already.`)
  }
  /** Whoever sends what no push names yet has shown no key. */
  async function refuseManyLoose(queries: typeof read): Promise<void> {
    const { count } = await queries
      .selectFrom("manifest")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("is_loose", "=", 1)
      .executeTakeFirstOrThrow()
    if (Number(count) >= limits.looseManifests)
      fail(
        "TOOMANYREQUESTS",
        `${count} manifests wait for a push already: push with \`brain push\`, which sends its own along.`,
      )
  }

  app.delete(MANIFEST, async (request, reply) => {
    const { namespace, name } = placeOf(request)
    const reference = referenceOf(request)
    const digest = parseDigest(reference)
    const gone = await writer.write(async ({ queries }) => {
      if ((await isOwned(queries, namespace)) || !context.isAnonymous) return denied(namespace)
      const repository = await findRepository(queries, namespace, name)
      if (repository === undefined) return false
      const tags = queries.updateTable("tag").set({ hash: null }).where("repository", "=", repository)
      if (digest === undefined) {
        const { numUpdatedRows } = await tags
          .where("name", "=", reference)
          .where("hash", "is not", null)
          .executeTakeFirst()
        return numUpdatedRows > 0n
      }
      const hash = hashOf(digest)
      await tags.where("hash", "=", hash).execute()
      await queries.deleteFrom("card").where("repository", "=", repository).where("artifact", "=", hash).execute()
      const { numDeletedRows } = await queries
        .deleteFrom("manifest")
        .where("repository", "=", repository)
        .where("hash", "=", hash)
        .executeTakeFirst()
      return numDeletedRows > 0n
    })
    if (!gone) fail("MANIFEST_UNKNOWN", "This repository has no such manifest.")
    return reply.code(202).send()
  })

  app.get("/:namespace/:name/tags/list", async (request, reply) => {
    const { namespace, name, repository: place } = placeOf(request)
    const repository = await findRepository(read, namespace, name)
    if (repository === undefined) return fail("NAME_UNKNOWN", "There is no such repository.")
    const n = pageOf(request, LIST_MAX)
    const found = await read
      .selectFrom("tag")
      .select("name")
      .where("repository", "=", repository)
      .where("hash", "is not", null)
      .where("name", ">", ask(request, "last") ?? "")
      .orderBy("name")
      .limit(n + 1)
      .execute()
    const tags = found.slice(0, n).map((tag) => tag.name)
    if (found.length > n && n > 0)
      reply.header("link", `</v2/${place}/tags/list?n=${n}&last=${encodeURIComponent(tags.at(-1)!)}>; rel="next"`)
    return reply.send({ name: place, tags })
  })

  app.get("/_catalog", async (request, reply) => {
    const n = pageOf(request, LIST_MAX)
    const [namespace = "", name = ""] = (ask(request, "last") ?? "").split("/")
    const found = await read
      .selectFrom("repository")
      .select(["namespace", "name"])
      .where(({ eb, exists, selectFrom }) =>
        eb.and([
          eb.or([eb("namespace", ">", namespace), eb.and([eb("namespace", "=", namespace), eb("name", ">", name)])]),
          exists(selectFrom("manifest").select("hash").whereRef("manifest.repository", "=", "repository.id")),
        ]),
      )
      .orderBy("namespace")
      .orderBy("name")
      .limit(n + 1)
      .execute()
    const repositories = found.slice(0, n).map((each) => `${each.namespace}/${each.name}`)
    if (found.length > n && n > 0)
      reply.header("link", `</v2/_catalog?n=${n}&last=${encodeURIComponent(repositories.at(-1)!)}>; rel="next"`)
    return reply.send({ repositories })
  })

  app.get("/:namespace/:name/referrers/:digest", async (request, reply) => {
    const { namespace, name, repository: place } = placeOf(request)
    const subject = digestOf((request.params as { readonly digest: string }).digest)
    const type = ask(request, "artifactType")
    const after = parseDigest(ask(request, "last") ?? "")
    const found = await read
      .selectFrom("repository")
      .innerJoin("manifest", "manifest.repository", "repository.id")
      .innerJoin("document", (join) => join.on("document.hash", "=", KEPT_BY))
      .select([...KEPT, "manifest.media_type"])
      .where("repository.namespace", "=", namespace)
      .where("repository.name", "=", name)
      .where("manifest.subject", "=", hashOf(subject))
      .$if(type !== undefined, (query) => query.where("manifest.artifact_type", "=", shortType(type!)))
      .$if(after !== undefined, (query) => query.where("manifest.hash", ">", hashOf(after!)))
      .orderBy("manifest.hash")
      .limit(REFERRERS_MAX + 1)
      .execute()
    const manifests = found.slice(0, REFERRERS_MAX).map((each): Descriptor => {
      const bytes = bytesOfManifest(each)
      const { annotations } = parseManifestFacts(bytes)
      return {
        mediaType: longType(each.media_type),
        digest: digestFrom(each.hash),
        size: bytes.length,
        ...(each.artifact_type === null ? {} : { artifactType: longType(each.artifact_type) }),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      }
    })
    if (type !== undefined) reply.header("oci-filters-applied", "artifactType")
    if (found.length > REFERRERS_MAX) {
      const rest = new URLSearchParams({ last: manifests.at(-1)!.digest, ...(type ? { artifactType: type } : {}) })
      reply.header("link", `</v2/${place}/referrers/${subject}?${rest}>; rel="next"`)
    }
    return reply
      .type(MEDIA.index)
      .send(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA.index, manifests })))
  })

  function referenceOf({ params }: FastifyRequest): string {
    const { reference } = params as { readonly reference: string }
    if (reference.includes(":")) return digestOf(reference)
    return isAnyTag(reference) ? reference : fail("TAG_INVALID", "That is no tag.")
  }
}

function factsOf(bytes: Uint8Array, contentType: string | undefined): ManifestFacts {
  try {
    const facts = parseManifestFacts(bytes)
    const sent = contentType?.replace(/;.*/, "").trim()
    const inside = /"mediaType"/.test(Buffer.from(bytes.subarray(0, 2 ** 16)).toString("latin1"))
    if (
      sent !== undefined &&
      inside &&
      facts.mediaType !== sent &&
      !contentType?.startsWith("application/octet-stream")
    )
      fail("MANIFEST_INVALID", `It says that it is ${facts.mediaType}, and was sent as ${sent}.`)
    return facts
  } catch (error) {
    if (error instanceof Refusal) return failAs("MANIFEST_INVALID", error)
    throw error
  }
}
