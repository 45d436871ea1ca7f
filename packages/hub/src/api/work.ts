import { TYPES } from "@open-brains/core/commons/statement.ts"
import type { Leased } from "@open-brains/core/commons/work.ts"
import { Type } from "typebox"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { leaseJob, presentWorkers } from "../gate/draws.ts"
import type { Keeper } from "../gate/keeper.ts"
import { readResult, takeResult } from "../gate/results.ts"
import type { Api } from "./api.ts"
import { readSigned } from "./envelopes.ts"
import { ProblemSchema, refuseWith } from "./errors.ts"
import { LeasedSchema, WorkerSchema } from "./schemas.ts"

const LIST_MAX = 1000
/** Seconds after which whoever got nothing asks again: often enough to be there all the time. */
const ASK_AGAIN = "2"

export function workRoutes(app: Api, context: Context, keeper: Keeper): void {
  const { database, writer, metrics } = context
  app.post(
    "/work",
    {
      schema: {
        summary: "Ask for a job by a signed request (urn:open-brains:work:1); 204 where there is none for this worker",
        response: { 200: Type.Unsafe<Leased>(LeasedSchema), 204: Type.Null(), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const { statement, signers } = readSigned(TYPES.work, request, context.limits)
      const [worker, ...others] = signers
      if (worker === undefined || others.length > 0)
        return refuseWith({
          code: "OB733",
          seen: `A request for work is signed by one key, and this by ${signers.length}.`,
          hint: "Sign it with the key of the worker alone.",
        })
      // What is lost with the power was promised to nobody: leases run out, and dates grow old.
      const leased = await writer.writeSoon(async ({ queries }) => {
        await admit(context, queries, worker, statement)
        return leaseJob(context, queries, worker)
      })
      if (leased === undefined) return reply.code(204).header("retry-after", ASK_AGAIN).send(null)
      return leased
    },
  )
  app.post(
    "/jobs/:id",
    {
      schema: {
        summary: "What a job gave, signed by who has it (DSSE, application/vnd.openbrains.job-result.v1+json)",
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 200: Type.Object({ taken: Type.Boolean() }), "4xx": ProblemSchema },
      },
    },
    async ({ body, params: { id } }) => {
      try {
        const signed = readResult(body instanceof Uint8Array ? body : new Uint8Array())
        const candidate = await writer.write(({ queries }) => takeResult(context, queries, id, signed))
        metrics.results.inc({ outcome: "taken" })
        await keeper.follow(candidate)
        return { taken: true }
      } catch (error) {
        metrics.results.inc({ outcome: "refused" })
        throw error
      }
    },
  )
  app.get(
    "/workers",
    {
      schema: {
        summary: "Who measures: whether they are there, and how many of their results stand and were wrong",
        response: { 200: Type.Array(WorkerSchema) },
      },
    },
    async () => {
      const present = await presentWorkers(database.read, context)
      const found = await database.read
        .selectFrom("worker")
        .select(["key", "marks", "results"])
        .where("key", "!=", context.key.key)
        .orderBy("results", "desc")
        .orderBy("key")
        .limit(LIST_MAX)
        .execute()
      return found.map((each) => ({ ...each, isPresent: present.some((key) => key === each.key) }))
    },
  )
}

/** A request counts once, at this hub, at its time. Errors: OB744, OB746. */
async function admit(
  { key, limits, clock }: Context,
  queries: Queries,
  worker: string,
  { hub, at, nonce }: { readonly hub: string; readonly at: number; readonly nonce: string },
): Promise<void> {
  const now = clock()
  const unfit = (seen: string): never =>
    refuseWith(
      { code: "OB744", seen, hint: "Sign a new request for each time, for this hub, with the clock set." },
      { state: { hub: key.key, at: now } },
    )
  if (hub !== key.key) unfit(`The request for work is meant for the hub ${hub}, and this is ${key.key}.`)
  if (Math.abs(at - now) > limits.skewMs) unfit(`The request for work is of ${at}, and it is ${now}.`)
  const known = await queries
    .selectFrom("nonce")
    .select("at")
    .where("key", "=", worker)
    .where("nonce", "=", nonce)
    .executeTakeFirst()
  if (known !== undefined) unfit("This very request for work was sent before.")
  await queries.insertInto("nonce").values({ key: worker, nonce, at }).execute()
  const found = await queries.selectFrom("worker").select("marks").where("key", "=", worker).executeTakeFirst()
  if (found !== undefined && found.marks > 0)
    refuseWith({
      code: "OB746",
      seen: `${found.marks === 1 ? "A result" : `${found.marks} results`} of this worker ${found.marks === 1 ? "was" : "were"} found to be wrong: it gets no more work.`,
      hint: "Find out why it measures something else than others do, and come back with another key.",
    })
  await queries
    .insertInto("worker")
    .values({ key: worker, seen_at: now, marks: 0, results: 0 })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ seen_at: now }))
    .execute()
}
