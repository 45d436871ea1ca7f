import swagger from "@fastify/swagger"
import { TypeBoxValidatorCompiler } from "@fastify/type-provider-typebox"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import { DELIVERY_BYTES_MAX } from "@open-brains/core/commons/delivery.ts"
import type { FastifyError, FastifyInstance } from "fastify"
import { Type } from "typebox"
import type { Context } from "../context.ts"
import type { Keeper } from "../gate/keeper.ts"
import { measureGate } from "../gate/view.ts"
import { VERSION } from "../version.ts"
import type { Api } from "./api.ts"
import { attestationRoutes } from "./attestations.ts"
import { candidateRoutes } from "./candidates.ts"
import { type HubRefusal, statusOf } from "./errors.ts"
import { logRoutes } from "./log.ts"
import { moduleRoutes } from "./modules.ts"
import { namespaceRoutes } from "./namespaces.ts"
import { pushRoutes } from "./pushes.ts"
import { Count, KeyText } from "./schemas.ts"
import { workRoutes } from "./work.ts"

/** What is ours beside the registry: /api/v1, /openapi.json, /healthz and /metrics. */
export async function apiRoutes(app: FastifyInstance, context: Context, keeper: Keeper): Promise<void> {
  const { database, metrics, key, verifiers, limits } = context
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (error instanceof Refusal) {
      const { problems, state, headers = {} } = error as HubRefusal
      const { span: _, ...problem } = problems[0]!
      return reply
        .code(statusOf(problem))
        .headers(headers)
        .send(state === undefined ? problem : { ...problem, state })
    }
    const status = error.statusCode ?? 500
    if (status < 500)
      return reply.code(status).send({
        code: "OB730",
        seen: `The request is not as it should be: ${error.message.slice(0, 300)}.`,
        hint: "Look at /openapi.json for what each address takes.",
      })
    request.log.error(error)
    return reply.code(500).send({ error: "bug: the hub failed; what was acknowledged is safe" })
  })
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).send({
      code: "OB737",
      seen: "There is nothing at this address.",
      hint: "Look at /openapi.json for what there is.",
    }),
  )
  await app.register(swagger, {
    openapi: {
      info: {
        title: "Open Brains hub",
        version: VERSION,
        description:
          "Signed pushes, search and the jobs of the gate. The registry itself is OCI distribution 1.1, at /v2.",
      },
    },
  })
  await app.register(
    async (plain) => {
      const api: Api = plain.withTypeProvider()
      api.setValidatorCompiler(TypeBoxValidatorCompiler)
      api.removeAllContentTypeParsers()
      refuseSlow(api, limits.bodyMs)
      api.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
      const most = { parseAs: "buffer", bodyLimit: DELIVERY_BYTES_MAX } as const
      api.addContentTypeParser(MEDIA.delivery, most, (_request, body, done) => done(null, body))
      api.get(
        "/",
        {
          schema: {
            response: {
              200: Type.Object({
                hub: Type.Literal("open-brains"),
                version: Type.String(),
                key: KeyText,
                verifiers: Count,
              }),
            },
          },
        },
        async () => ({ hub: "open-brains" as const, version: VERSION, key: key.key, verifiers }),
      )
      namespaceRoutes(api, context)
      pushRoutes(api, context, keeper)
      moduleRoutes(api, context)
      attestationRoutes(api, context)
      logRoutes(api, context)
      candidateRoutes(api, context)
      workRoutes(api, context, keeper)
    },
    { prefix: "/api/v1" },
  )
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger())
  app.get("/healthz", { schema: { hide: true } }, async (_, reply) => {
    await database.read.selectFrom("migration").select("name").limit(1).execute()
    return reply.type("text/plain").send("ok\n")
  })
  app.get("/metrics", { schema: { hide: true } }, async (_, reply) => {
    await measureGate(context)
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}

/** What comes a byte at a time holds a connection for good: a body has so long, and longer by what it says to have. */
function refuseSlow(api: Api, bodyMs: number): void {
  const timers = new WeakMap<object, NodeJS.Timeout>()
  const end = async (request: object): Promise<void> => clearTimeout(timers.get(request))
  api.addHook("onRequest", async (request) => {
    const bytes = Number(request.headers["content-length"] ?? 0)
    const timer = setTimeout(() => request.raw.destroy(), bodyMs + (bytes > 0 ? bytes / BODY_BYTES_PER_MS : 0))
    timers.set(request, timer)
  })
  api.addHook("preHandler", end)
  api.addHook("onResponse", end)
  api.addHook("onRequestAbort", end)
}
const BODY_BYTES_PER_MS = 10
