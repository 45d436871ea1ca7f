import type { AddressInfo } from "node:net"
import { messageOf, refuse } from "@open-brains/core/base/problem.ts"
import fastify from "fastify"
import { apiRoutes } from "./api/routes.ts"
import { openBlobs } from "./blobs.ts"
import { collect } from "./collect.ts"
import type { Context } from "./context.ts"
import type { Database } from "./database/database.ts"
import { writerOf } from "./database/writer.ts"
import { openKeeper } from "./gate/keeper.ts"
import { holdFolder } from "./hold.ts"
import { openHubKey } from "./keys.ts"
import { LIMITS, type Limits } from "./limits.ts"
import { openMetrics } from "./metrics.ts"
import { ociRoutes } from "./oci/routes.ts"

export interface HubOptions {
  /** Where blobs and the key of the hub lie, and its tables where no database is named. */
  readonly folder: string
  /** `postgres://…` */
  readonly database?: string
  readonly port: number // 0: any that is free
  /** Default: this machine alone. */
  readonly host?: string
  /** Tags by plain PUT in namespaces that nobody owns. Default: when only this machine reaches it. */
  readonly anonymous?: boolean
  /** So many workers do each job of the gate: 3 are usual. */
  readonly verifiers?: number
  readonly limits?: Partial<Limits>
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}
export interface Hub {
  readonly url: string
  readonly port: number
  /** Collects what nothing names any more; done every minute by itself. */
  collect(): Promise<void>
  close(): Promise<void>
}

const LOOPBACK = ["127.0.0.1", "::1", "localhost"]
const VERIFIERS = 3
const COLLECT_EVERY_MS = 60_000
const IDLE_MS = 60_000

/** A registry, its signed pushes and its search, in one process. It listens when the promise resolves. Errors: OB740. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { folder, host = "127.0.0.1", clock = Date.now } = options
  const isLoopback = LOOPBACK.includes(host)
  const release = holdFolder(folder)
  const database = await openDatabase(options, clock())
  const blobs = openBlobs(folder)
  const context: Context = {
    database,
    blobs,
    writer: writerOf(database),
    limits: { ...LIMITS, ...(isLoopback ? { namespaceAgeMs: 0 } : {}), ...options.limits },
    key: openHubKey(folder),
    metrics: openMetrics(),
    clock,
    verifiers: options.verifiers ?? VERIFIERS,
    isAnonymous: options.anonymous ?? isLoopback,
  }
  const keeper = openKeeper(context, (error) => app.log.error(error))
  const app = fastify({
    logger: { level: "error", stream: process.stderr },
    exposeHeadRoutes: false,
    bodyLimit: 2 ** 20,
    requestTimeout: 0,
    connectionTimeout: IDLE_MS,
    keepAliveTimeout: IDLE_MS,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
  })
  app.addHook("onResponse", async ({ method, routeOptions }, reply) => {
    const route = routeOptions.url ?? "none"
    context.metrics.requests.observe({ method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
  })
  await app.register(async (v2) => ociRoutes(v2, context), { prefix: "/v2" })
  await app.register(async (api) => apiRoutes(api, context, keeper))
  const timer = setInterval(() => void collect(context).catch((error) => app.log.error(error)), COLLECT_EVERY_MS)
  timer.unref()
  const close = async (): Promise<void> => {
    clearInterval(timer)
    await app.close()
    await keeper.close()
    await blobs.close()
    await database.close()
    release()
  }
  try {
    await app.listen({ host, port: options.port })
  } catch (error) {
    await close()
    return refuse({
      code: "OB740",
      seen: isTaken(error)
        ? `The hub cannot listen at ${host}:${options.port}: another program does.`
        : `The hub cannot listen at ${host}:${options.port}: ${messageOf(error)}.`,
      hint: "End what listens there, or choose another port: --port 0 takes any that is free.",
    })
  }
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    collect: () => collect(context),
    close,
  }
}

async function openDatabase({ folder, database }: HubOptions, now: number): Promise<Database> {
  try {
    if (database === undefined) return await (await import("./database/sqlite.ts")).openSqlite(folder, now)
    return await (await import("./database/postgres.ts")).openPostgres(database, now)
  } catch (error) {
    return refuse({
      code: "OB740",
      seen: `The hub cannot open its database: ${messageOf(error)}.`,
      hint:
        database === undefined ? `Look at ${folder}.` : "Start it, or correct --database postgres://USER@HOST/NAME.",
    })
  }
}
const isTaken = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "EADDRINUSE"
