import type { FastifyError, FastifyInstance } from "fastify"
import type { Context } from "../context.ts"
import { blobRoutes } from "./blobs.ts"
import { fail, isOciError } from "./errors.ts"
import { manifestRoutes } from "./manifests.ts"

/** What registries speak, below /v2. Source: OCI distribution specification 1.1. */
export function ociRoutes(app: FastifyInstance, context: Context): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    reply.header("docker-distribution-api-version", "registry/2.0")
    if (isOciError(error)) {
      // What was not read of the body would be taken for the next request.
      if (!request.raw.readableEnded && request.method !== "GET" && request.method !== "HEAD")
        reply.header("connection", "close")
      return reply.code(error.statusCode).headers(error.headers).send(error.body)
    }
    const status = error.statusCode ?? 500
    if (status === 413)
      return reply.code(413).send({ errors: [{ code: "SIZE_INVALID", message: "It is larger than is taken here." }] })
    if (status < 500) return reply.code(status).send({ errors: [{ code: "UNSUPPORTED", message: error.message }] })
    if (request.raw.aborted) return reply.code(499).send() // nobody listens any more
    request.log.error(error)
    return reply
      .code(500)
      .send({ errors: [{ code: "UNKNOWN", message: "The hub failed; what was acknowledged is safe." }] })
  })
  app.setNotFoundHandler(() => fail("NAME_UNKNOWN", "There is nothing at this address."))
  app.get("/", async (_, reply) => reply.header("docker-distribution-api-version", "registry/2.0").send({}))
  void app.register(async (blobs) => {
    blobs.removeAllContentTypeParsers()
    blobs.addContentTypeParser("*", (_request, _payload, done) => done(null)) // streams, which the routes read
    blobRoutes(blobs, context)
  })
  void app.register(async (manifests) => {
    manifests.removeAllContentTypeParsers()
    manifests.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
    manifestRoutes(manifests, context)
  })
}
