import { createReadStream } from "node:fs"
import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { EMPTY, EMPTY_DESCRIPTOR } from "@open-brains/core/commons/artifact.ts"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { isTooLarge, type Upload } from "../blobs.ts"
import { documentOf, findRepository, isOwned, linkBlob, makeRepository, putBlob } from "../content.ts"
import type { Context } from "../context.ts"
import { type Hash, hashOf } from "../hash.ts"
import { unpack } from "../packing.ts"
import { fail } from "./errors.ts"
import { ask, digestOf, type Place, placeOf } from "./names.ts"

const BLOB = "/:namespace/:name/blobs/:digest"
const UPLOADS = "/:namespace/:name/blobs/uploads/"
const UPLOAD = "/:namespace/:name/blobs/uploads/:upload"

/** Whole, or by a range: what OCI distribution 1.1 calls pulling and pushing blobs. */
export function blobRoutes(app: FastifyInstance, context: Context): void {
  const { blobs, database, writer, limits, clock, metrics } = context

  app.route({ method: ["GET", "HEAD"], url: BLOB, handler: sendBlob })
  async function sendBlob(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { namespace, name } = placeOf(request)
    const digest = digestOf((request.params as { readonly digest: string }).digest)
    const found = await findBlob(namespace, name, digest)
    if (found === undefined) return fail("BLOB_UNKNOWN", "This repository has no such blob.", { detail: { digest } })
    const { size } = found
    reply.header("docker-content-digest", digest).header("etag", `"${digest}"`).header("accept-ranges", "bytes")
    reply
      .header("content-type", "application/octet-stream")
      .header("cache-control", "public, max-age=31536000, immutable")
    const range = request.method === "GET" ? rangeOf(request.headers.range, size) : undefined
    if (range === "none") {
      reply.header("content-range", `bytes */${size}`)
      return fail("RANGE_INVALID", `The blob has ${size} bytes.`)
    }
    const { from, to } = range ?? { from: 0, to: size - 1 }
    if (range !== undefined) reply.code(206).header("content-range", `bytes ${from}-${to}/${size}`)
    reply.header("content-length", to - from + 1)
    if (request.method === "HEAD") return reply.send()
    if (found.bytes !== undefined) return reply.send(Buffer.from(found.bytes.subarray(from, to + 1)))
    if (size === 0) return reply.send(Buffer.alloc(0))
    return reply.send(createReadStream(blobs.path(digest), { start: from, end: to, highWaterMark: 2 ** 18 }))
  }

  async function findBlob(
    namespace: string,
    name: string,
    digest: Digest,
  ): Promise<{ readonly size: number; readonly bytes?: Uint8Array } | undefined> {
    if (digest === EMPTY_DESCRIPTOR.digest) return { size: EMPTY.length, bytes: EMPTY }
    const repository = await findRepository(database.read, namespace, name)
    if (repository === undefined) return undefined
    const link = await database.read
      .selectFrom("link")
      .innerJoin("blob", "blob.hash", "link.hash")
      .leftJoin("small", "small.hash", "link.hash")
      .select(["blob.size", "small.bytes"])
      .where("link.repository", "=", repository)
      .where("link.hash", "=", hashOf(digest))
      .executeTakeFirst()
    const bytes = link?.bytes ? unpack(link.bytes) : await envelopeOf(repository, hashOf(digest))
    if (bytes !== undefined) return { size: bytes.length, bytes }
    // Of hubs that share a database each has the files that it was sent.
    return link === undefined || !blobs.has(digest) ? undefined : { size: link.size }
  }
  /** An envelope that a referrer of the repository is made of lies among the documents. */
  async function envelopeOf(repository: number, hash: Hash): Promise<Uint8Array | undefined> {
    const { read } = database
    const pushed = await read
      .selectFrom("push")
      .select("id")
      .where("envelope", "=", hash)
      .where("repository", "=", repository)
      .executeTakeFirst()
    const attested =
      pushed === undefined &&
      (await read
        .selectFrom("attestation")
        .innerJoin("manifest", "manifest.hash", "attestation.candidate")
        .select("manifest.repository")
        .where("attestation.envelope", "=", hash)
        .where("manifest.repository", "=", repository)
        .executeTakeFirst())
    return pushed || attested ? documentOf(read, hash) : undefined
  }

  app.delete(BLOB, async (request, reply) => {
    const { namespace, name } = placeOf(request)
    const digest = digestOf((request.params as { readonly digest: string }).digest)
    await mayWrite(namespace)
    const gone = await writer.write(async ({ queries }) => {
      if (await isOwned(queries, namespace)) return denied(namespace)
      const repository = await findRepository(queries, namespace, name)
      if (repository === undefined) return false
      const hash = hashOf(digest)
      const { numDeletedRows } = await queries
        .deleteFrom("link")
        .where("repository", "=", repository)
        .where("hash", "=", hash)
        .executeTakeFirst()
      const other = await queries.selectFrom("link").select("repository").where("hash", "=", hash).executeTakeFirst()
      if (other === undefined)
        await queries.updateTable("blob").set({ is_loose: 1, at: clock() }).where("hash", "=", hash).execute()
      return numDeletedRows > 0n
    })
    if (!gone) fail("BLOB_UNKNOWN", "This repository has no such blob.", { detail: { digest } })
    return reply.code(202).send()
  })

  app.post(UPLOADS, startUpload)
  app.post(UPLOADS.slice(0, -1), startUpload)
  async function startUpload(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const place = placeOf(request)
    await mayWrite(place.namespace)
    const mount = parseDigest(ask(request, "mount") ?? "")
    if (mount !== undefined && (await mountBlob(place, mount, ask(request, "from"))))
      return created(reply, place, mount)
    if (blobs.uploads >= limits.uploads) fail("TOOMANYREQUESTS", "Too many uploads at once: try again in a minute.")
    if ((await looseBytes()) > limits.looseBytes)
      fail("TOOMANYREQUESTS", "Too much was uploaded that nothing was made of: try again in an hour.")
    const wanted = ask(request, "digest")
    const digest = wanted === undefined ? undefined : digestOf(wanted)
    const upload = blobs.begin(place.repository, clock())
    if (digest === undefined) return accepted(reply, place, upload)
    await receive(upload, request)
    return finish(reply, place, upload, digest)
  }

  app.patch(UPLOAD, async (request, reply) => {
    const place = placeOf(request)
    const upload = uploadOf(request, place)
    refuseGap(upload, place, request.headers["content-range"])
    await receive(upload, request)
    await blobs.pause(upload)
    return accepted(reply, place, upload)
  })
  app.put(UPLOAD, async (request, reply) => {
    const place = placeOf(request)
    const upload = uploadOf(request, place)
    const digest = digestOf(ask(request, "digest"))
    refuseGap(upload, place, request.headers["content-range"])
    await receive(upload, request)
    return finish(reply, place, upload, digest)
  })
  app.get(UPLOAD, async (request, reply) => {
    const place = placeOf(request)
    const upload = uploadOf(request, place)
    return progress(reply.code(204), place, upload).send()
  })
  app.delete(UPLOAD, async (request, reply) => {
    await blobs.cancel(uploadOf(request, placeOf(request)))
    return reply.code(204).send()
  })

  function uploadOf({ params }: FastifyRequest, { repository }: Place): Upload {
    const upload = blobs.upload(repository, (params as { readonly upload: string }).upload)
    if (upload === undefined) return fail("BLOB_UPLOAD_UNKNOWN", "There is no such upload: it ended, or was given up.")
    if (upload.isBusy) return fail("BLOB_UPLOAD_INVALID", "A part of this upload is being received already.")
    return upload
  }
  async function receive(upload: Upload, { raw }: FastifyRequest): Promise<void> {
    try {
      await blobs.receive(upload, raw, limits.blobBytes, clock)
    } catch (error) {
      if (isTooLarge(error)) fail("SIZE_INVALID", `A blob has at most ${limits.blobBytes} bytes here.`)
      throw error
    }
  }
  async function finish(reply: FastifyReply, place: Place, upload: Upload, digest: Digest): Promise<FastifyReply> {
    const release = blobs.hold(digest)
    try {
      // First the file, on the disk, then what says that it is there: after a loss of power no row lies.
      const { found, small } = await blobs.settle(upload, digest)
      if (found !== digest)
        fail("DIGEST_INVALID", "What was sent has another digest.", { detail: { wanted: digest, found } })
      const blob = { hash: hashOf(digest), size: upload.size, small }
      await writer.writeSoon(async ({ queries }) => {
        await putBlob(queries, await makeRepository(queries, place.namespace, place.name), blob, clock())
      })
    } finally {
      release()
      await blobs.cancel(upload) // what was not moved
    }
    metrics.receivedBytes.inc(upload.size)
    return created(reply, place, digest)
  }

  async function mountBlob(place: Place, digest: Digest, from: string | undefined): Promise<boolean> {
    const hash = hashOf(digest)
    const [namespace = "", name = ""] = (from ?? "").split("/")
    return writer.writeSoon(async ({ queries }) => {
      const source = from === undefined ? undefined : await findRepository(queries, namespace, name)
      const found = await queries
        .selectFrom("link")
        .innerJoin("blob", "blob.hash", "link.hash")
        .select("link.hash")
        .where("link.hash", "=", hash)
        .$if(from !== undefined, (query) => query.where("link.repository", "=", source ?? -1))
        .executeTakeFirst()
      if (found === undefined) return false
      await linkBlob(queries, await makeRepository(queries, place.namespace, place.name), hash)
      return true
    })
  }

  /** Whoever may not do more than look is told before a byte is taken. */
  async function mayWrite(namespace: string): Promise<void> {
    if (!context.isAnonymous && !(await isOwned(database.read, namespace)))
      fail("DENIED", `Nobody owns the namespace ${namespace}: claim it first, as \`brain push\` does.`)
  }

  let counted = { at: Number.NEGATIVE_INFINITY, bytes: 0 }
  async function looseBytes(): Promise<number> {
    if (clock() - counted.at < LOOSE_EVERY_MS) return counted.bytes
    const { bytes } = await database.read
      .selectFrom("blob")
      .select(({ fn }) => fn.coalesce(fn.sum<number>("size"), fn.sum<number>("at")).as("bytes"))
      .where("is_loose", "=", 1)
      .executeTakeFirstOrThrow()
    counted = { at: clock(), bytes: Number(bytes ?? 0) }
    return counted.bytes
  }
}
const LOOSE_EVERY_MS = 2000

export const denied = (namespace: string): never =>
  fail("DENIED", `The namespace ${namespace} has owners, who sign what its tags stand for: use \`brain push\`.`)

const created = (reply: FastifyReply, { repository }: Place, digest: Digest): FastifyReply =>
  reply.code(201).header("location", `/v2/${repository}/blobs/${digest}`).header("docker-content-digest", digest).send()
const progress = (reply: FastifyReply, { repository }: Place, { id, size }: Upload): FastifyReply =>
  reply
    .header("location", `/v2/${repository}/blobs/uploads/${id}`)
    .header("docker-upload-uuid", id)
    .header("range", `0-${Math.max(0, size - 1)}`)
const accepted = (reply: FastifyReply, place: Place, upload: Upload): FastifyReply =>
  progress(reply.code(202), place, upload).send()

function refuseGap(upload: Upload, { repository }: Place, range: string | undefined): void {
  if (range === undefined) return
  const [, from] = /^(?:bytes )?(\d+)-\d+(?:\/.*)?$/.exec(range) ?? []
  if (from === undefined || Number(from) !== upload.size)
    fail("RANGE_INVALID", `The next byte of this upload is number ${upload.size}.`, {
      headers: {
        location: `/v2/${repository}/blobs/uploads/${upload.id}`,
        range: `0-${Math.max(0, upload.size - 1)}`,
      },
    })
}

/** One range of bytes; several, or another unit, are not heeded. Source: RFC 9110, section 14.2. */
function rangeOf(
  text: string | undefined,
  size: number,
): { readonly from: number; readonly to: number } | "none" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(text ?? "") ?? []
  if (first === "" && last === "") return undefined
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first)
  const to = first === "" || last === "" ? size - 1 : Math.min(size - 1, Number(last))
  return from > to || from >= size ? "none" : { from, to }
}
