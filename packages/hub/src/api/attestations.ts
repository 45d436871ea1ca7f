import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { MEDIA, parseManifestFacts } from "@open-brains/core/commons/artifact.ts"
import { isAbsolute, isPassing } from "@open-brains/core/commons/score.ts"
import { type AttestationStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { Type } from "typebox"
import { countReferrers, documentOf, isModule, putManifests, readModule, referrerOf, shortType } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import { digestFrom, hashOf } from "../hash.ts"
import { unpack } from "../packing.ts"
import type { Api } from "./api.ts"
import { readSigned, type Signed } from "./envelopes.ts"
import { ProblemSchema, refuseWith } from "./errors.ts"
import { spend } from "./quotas.ts"
import { AttestationSchema, DigestText, Page } from "./schemas.ts"

const LIST_MAX = 100

export function attestationRoutes(app: Api, context: Context): void {
  const { database, writer, limits, clock } = context
  app.post(
    "/attestations",
    { schema: { summary: "Say what was measured", response: { 200: AttestationSchema, "4xx": ProblemSchema } } },
    async (request, reply) => {
      const signed = readSigned(TYPES.attestation, request, limits)
      const passes = await showsPass(context, signed.statement)
      const rate = await writer.write(async ({ queries }) => {
        const allowance = { pushes: limits.pushesAnHour.key, bytes: limits.bytesAnHour.key }
        const spent = await spend(queries, [{ who: signed.signers[0]!, allowance }], signed.bytes.length, clock())
        await putAttestation(queries, signed, clock(), { passes, referrersMax: limits.referrers })
        return spent
      })
      reply.headers(rate)
      const { candidate, baseline, benchmark, counts } = signed.statement
      const key = signed.signers[0]!
      return { envelope: digestFrom(signed.hash), candidate, baseline, benchmark, key, counts: { ...counts } }
    },
  )
  const Query = Type.Object({ candidate: Type.Optional(DigestText), benchmark: Type.Optional(DigestText), ...Page })
  app.get(
    "/attestations",
    { schema: { querystring: Query, response: { 200: Type.Array(AttestationSchema), "4xx": ProblemSchema } } },
    async ({ query: { candidate, benchmark, limit = LIST_MAX, after } }) => {
      const found = await database.read
        .selectFrom("attestation")
        .selectAll()
        .$if(candidate !== undefined, (query) => query.where("candidate", "=", hashOf(candidate as Digest)))
        .$if(benchmark !== undefined, (query) => query.where("benchmark", "=", hashOf(benchmark as Digest)))
        .$if(parseDigest(after ?? "") !== undefined, (query) => query.where("envelope", ">", hashOf(after as Digest)))
        .orderBy("envelope")
        .limit(limit)
        .execute()
      return found.map(({ envelope, candidate, baseline, benchmark, key, better, equal, worse }) => ({
        envelope: digestFrom(envelope),
        candidate: digestFrom(candidate),
        baseline: digestFrom(baseline),
        benchmark: digestFrom(benchmark),
        key,
        counts: { better, equal, worse },
      }))
    },
  )
}

/** Whether it shows that a module by itself passes a benchmark that is here, by the benchmark's own card. */
async function showsPass(context: Context, statement: AttestationStatement): Promise<boolean> {
  if (!isAbsolute(statement)) return false
  const manifest = await documentOf(context.database.read, hashOf(statement.benchmark))
  if (manifest === undefined || !isModule(parseManifestFacts(manifest))) return false
  const module = await readModule(context, manifest)
  return module?.card.kind === "benchmark" && isPassing(statement, module.card)
}

/** Keeps it, also as a referrer of the candidate. Errors: OB735 when what it is about is not here, OB736 when too much is said of it. */
export async function putAttestation(
  queries: Queries,
  { statement, signers, bytes, hash }: Signed<AttestationStatement>,
  now: number,
  { passes = false, referrersMax }: { readonly passes?: boolean; readonly referrersMax?: number } = {},
): Promise<void> {
  const { candidate, baseline, benchmark, counts } = statement
  // Nothing is everywhere.
  const named = [candidate, ...(isAbsolute(statement) ? [] : [baseline]), benchmark]
  const found = await queries
    .selectFrom("manifest")
    .innerJoin("document", "document.hash", "manifest.hash")
    .select(["manifest.repository", "manifest.hash", "document.bytes"])
    .where("manifest.hash", "in", named.map(hashOf))
    .where("manifest.artifact_type", "=", shortType(MEDIA.module)) // of these alone a referrer can be made again
    .execute()
  const there = new Map(found.map((each) => [digestFrom(each.hash), each]))
  for (const each of named)
    if (!there.has(each))
      refuseWith({
        code: "OB735",
        seen: `The attestation is about ${each.slice(0, 19)}…, which is not here.`,
        hint: "Push what was measured first.",
      })
  const { repository, bytes: manifest } = there.get(candidate)!
  // Whoever likes makes keys: what the gate itself has measured is not counted.
  if (referrersMax !== undefined && (await countReferrers(queries, repository, hashOf(candidate))) >= referrersMax)
    refuseWith({
      code: "OB736",
      seen: `So much was said of ${candidate.slice(0, 19)}… that nothing more is taken: ${referrersMax} artifacts are about it.`,
      hint: "Keep what was measured in a file: brain compare … --attest FILE",
    })
  const about = { candidate: hashOf(candidate), baseline: hashOf(baseline), benchmark: hashOf(benchmark) }
  await queries
    .insertInto("attestation")
    .values({ envelope: hash, ...about, key: signers[0]!, ...counts, at: now, passes: passes ? 1 : 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const subject = { mediaType: MEDIA.manifest, digest: candidate, size: unpack(manifest).length }
  await putManifests(queries, [referrerOf(repository, MEDIA.attestation, { bytes, hash }, subject, now)])
}
