import type { Card } from "@open-brains/core/commons/card.ts"
import { KINDS } from "@open-brains/core/commons/card.ts"
import { parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { Type } from "typebox"
import { findRepository } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestFrom, type Hash } from "../hash.ts"
import { verifyEd25519 } from "../keys.ts"
import { unpack } from "../packing.ts"
import type { Api } from "./api.ts"
import { nothingThere, ProblemSchema, refuseWith } from "./errors.ts"
import { FoundSchema, ModuleParams, ModuleSchema, Page, TagSchema } from "./schemas.ts"

const LIMIT = 20
const SKIP_MAX = 1000 // whoever has looked at a thousand should ask better
const WORDS_MAX = 16
const RANKED_MAX = 5000 // takes some milliseconds

export function moduleRoutes(app: Api, { database }: Context): void {
  const { read, findings } = database
  const idOf = async (namespace: string, name: string): Promise<number> =>
    (await findRepository(read, namespace, name)) ?? nothingThere(`module ${namespace}/${name}`)

  app.get(
    "/modules/:namespace/:name",
    { schema: { params: ModuleParams, response: { 200: ModuleSchema, "4xx": ProblemSchema } } },
    async ({ params: { namespace, name } }) => {
      const repository = await idOf(namespace, name)
      const found = await read
        .selectFrom("card")
        .select(["artifact", "json"])
        .where("repository", "=", repository)
        .executeTakeFirst()
      if (found === undefined) return nothingThere(`module ${namespace}/${name}`)
      const card = JSON.parse(found.json) as Card
      return {
        module: `${namespace}/${name}`,
        artifact: digestFrom(found.artifact),
        card,
        tags: await tagsOf(read, repository),
        signers: await whoSigned(read, repository, found.artifact),
        uses: card.uses.map((use) => ({ ...use })),
        dependents: (await countDependents(read, [repository])).get(repository) ?? 0,
        passes: await passesOf(read, "candidate", "benchmark", found.artifact),
        passedBy: await passesOf(read, "benchmark", "candidate", found.artifact),
      }
    },
  )
  app.get(
    "/modules/:namespace/:name/tags",
    { schema: { params: ModuleParams, response: { 200: Type.Array(TagSchema), "4xx": ProblemSchema } } },
    async ({ params: { namespace, name } }) => tagsOf(read, await idOf(namespace, name)),
  )
  app.get(
    "/modules/:namespace/:name/dependents",
    {
      schema: {
        summary: "Brains whose locks name it, by namespace; `after` is the last one of the page before, namespace/name",
        params: ModuleParams,
        querystring: Type.Object(Page),
        response: { 200: Type.Record(Type.String(), Type.Array(Type.String())), "4xx": ProblemSchema },
      },
    },
    async ({ params: { namespace, name }, query: { limit = 100, after = "" } }) => {
      // After all of a namespace, or after one module of it, where a page ended within the namespace.
      const [afterNamespace = "", afterName] = after.split("/")
      const found = await read
        .selectFrom("use")
        .innerJoin("repository", "repository.id", "use.repository")
        .select(["repository.namespace", "repository.name"])
        .distinct()
        .where("use.target", "=", await idOf(namespace, name))
        .where(({ eb, and, or }) =>
          or([
            eb("repository.namespace", ">", afterNamespace),
            ...(afterName === undefined
              ? []
              : [and([eb("repository.namespace", "=", afterNamespace), eb("repository.name", ">", afterName)])]),
          ]),
        )
        .orderBy("repository.namespace")
        .orderBy("repository.name")
        .limit(limit)
        .execute()
      const byNamespace: Record<string, string[]> = {}
      for (const each of found) {
        byNamespace[each.namespace] ??= []
        byNamespace[each.namespace]!.push(each.name)
      }
      return byNamespace
    },
  )

  const Search = Type.Object({
    q: Type.Optional(Type.String({ maxLength: 400 })),
    kind: Type.Optional(Type.Union(KINDS.map((kind) => Type.Literal(kind)))),
    ...Page,
  })
  app.get(
    "/search",
    {
      schema: {
        summary: "Modules whose newest card has all the words, best first; without words the newest",
        querystring: Search,
        response: {
          200: Type.Object({ found: Type.Array(FoundSchema), after: Type.Optional(Type.String()) }),
          "4xx": ProblemSchema,
        },
      },
    },
    async ({ query: { q = "", kind, limit = LIMIT, after = "0" } }) => {
      const skip = /^\d{1,6}$/.test(after) ? Number(after) : -1
      if (skip < 0 || skip > SKIP_MAX)
        refuseWith({
          code: "OB730",
          seen: `${after} is no place in a list of at most ${SKIP_MAX}.`,
          hint: "Take `after` from the answer before, or ask for other words.",
        })
      const words = wordsOf(q)
      const found =
        words.length > 0
          ? await findings.find(read, { words, kind, skip, limit: limit + 1, rankedMax: RANKED_MAX })
          : q.trim() === ""
            ? await newest(read, kind, skip, limit + 1)
            : []
      const ids = found.slice(0, limit)
      return {
        found: await describe(read, ids),
        ...(found.length > limit && skip + limit <= SKIP_MAX ? { after: `${skip + limit}` } : {}),
      }
    },
  )

  app.get(
    "/wishes",
    {
      schema: {
        summary: "Benchmarks that nothing was shown to pass: to reach the bound of, by itself, on all items",
        querystring: Type.Object(Page),
        response: {
          200: Type.Object({ found: Type.Array(FoundSchema), after: Type.Optional(Type.String()) }),
          "4xx": ProblemSchema,
        },
      },
    },
    async ({ query: { limit = LIMIT, after = "0" } }) => {
      const found = await read
        .selectFrom("card")
        .select("repository")
        .where("kind", "=", "benchmark")
        .where("repository", ">", Number(after) || 0)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom("attestation")
                .select("envelope")
                .whereRef("attestation.benchmark", "=", "card.artifact")
                .where("attestation.passes", "=", 1),
            ),
          ),
        )
        .orderBy("repository")
        .limit(limit)
        .execute()
      const ids = found.map(({ repository }) => repository)
      return { found: await describe(read, ids), ...(ids.length === limit ? { after: `${ids.at(-1)}` } : {}) }
    },
  )
}

export const wordsOf = (text: string): readonly string[] =>
  (
    text
      .toLowerCase()
      .normalize("NFKC")
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).slice(0, WORDS_MAX)

async function newest(
  read: Queries,
  kind: string | undefined,
  skip: number,
  limit: number,
): Promise<readonly number[]> {
  const found = await read
    .selectFrom("card")
    .select("repository")
    .$if(kind !== undefined, (query) => query.where("kind", "=", kind!))
    .orderBy("at", "desc")
    .orderBy("repository")
    .limit(limit)
    .offset(skip)
    .execute()
  return found.map(({ repository }) => repository)
}

async function describe(read: Queries, ids: readonly number[]): Promise<DescribedModule[]> {
  if (ids.length === 0) return []
  const found = await read
    .selectFrom("card")
    .innerJoin("repository", "repository.id", "card.repository")
    .select(["repository.id", "repository.namespace", "repository.name", "card.artifact", "card.json"])
    .where("card.repository", "in", ids)
    .execute()
  const dependents = await countDependents(read, ids)
  const described = new Map(
    found.map(({ id, namespace, name, artifact, json }): readonly [number, DescribedModule] => {
      const { kind, about, licence, bytes } = JSON.parse(json) as Card
      const module = `${namespace}/${name}`
      return [
        id,
        { module, kind, about, licence, bytes, artifact: digestFrom(artifact), dependents: dependents.get(id) ?? 0 },
      ]
    }),
  )
  return ids.flatMap((id) => described.get(id) ?? [])
}
interface DescribedModule {
  readonly module: string
  readonly kind: string
  readonly about: string
  readonly licence: string
  readonly artifact: string
  readonly bytes: number
  readonly dependents: number
}

async function tagsOf(read: Queries, repository: number): Promise<{ tag: string; artifact: string; serial: number }[]> {
  const found = await read
    .selectFrom("tag")
    .select(["name", "hash", "serial"])
    .where("repository", "=", repository)
    .where("hash", "is not", null)
    .orderBy("name")
    .limit(1000)
    .execute()
  return found.map(({ name, hash, serial }) => ({ tag: name, artifact: digestFrom(hash!), serial }))
}

/** How many others have it in a lock. */
async function countDependents(read: Queries, ids: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const found = await read
    .selectFrom("use")
    .select(({ fn }) => ["target", fn.count<number>("repository").distinct().as("count")])
    .where("target", "in", ids)
    .groupBy("target")
    .execute()
  return new Map(found.map(({ target, count }) => [target, Number(count)]))
}

type Side = "candidate" | "benchmark"
/** The other side of what shows that a benchmark is passed: by name, and who says so. */
async function passesOf(
  read: Queries,
  side: Side,
  other: Side,
  artifact: Hash,
): Promise<{ module: string; artifact: string; key: string }[]> {
  const found = await read
    .selectFrom("attestation")
    .innerJoin("manifest", "manifest.hash", `attestation.${other}`)
    .innerJoin("repository", "repository.id", "manifest.repository")
    .select(["repository.namespace", "repository.name", "manifest.hash", "attestation.key"])
    .distinct()
    .where(`attestation.${side}`, "=", artifact)
    .where("attestation.passes", "=", 1)
    .orderBy("repository.namespace")
    .orderBy("repository.name")
    .limit(PASSES_MAX)
    .execute()
  return found.map(({ namespace, name, hash, key }) => ({
    module: `${namespace}/${name}`,
    artifact: digestFrom(hash),
    key,
  }))
}
const PASSES_MAX = 100

async function whoSigned(read: Queries, repository: number, artifact: Hash): Promise<string[]> {
  const found = await read
    .selectFrom("push")
    .innerJoin("document", "document.hash", "push.envelope")
    .select("document.bytes")
    .where("push.repository", "=", repository)
    .where("push.artifact", "=", artifact)
    .orderBy("push.id", "desc")
    .executeTakeFirst()
  return found === undefined ? [] : [...signersOf(parseEnvelope(unpack(found.bytes)), verifyEd25519)]
}
