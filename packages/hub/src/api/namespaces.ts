import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import type { PublicKey } from "@open-brains/core/commons/envelope.ts"
import { TYPES } from "@open-brains/core/commons/statement.ts"
import { documentOf, putDocument } from "../content.ts"
import type { Context } from "../context.ts"
import type { Queries } from "../database/database.ts"
import type { Tables } from "../database/tables.ts"
import type { Api } from "./api.ts"
import { readSigned } from "./envelopes.ts"
import { ProblemSchema, refuseWith } from "./errors.ts"
import { NamespaceParams, NamespaceSchema } from "./schemas.ts"

/** `open` names what comes with Open Brains; `anonymous` is where whoever has no key may push. */
const RESERVED = ["open", "anonymous"]

export interface Owner {
  readonly keys: readonly PublicKey[]
  readonly threshold: number
  readonly serial: number
}
export async function ownerOf(queries: Queries, namespace: string): Promise<Owner | undefined> {
  const found = await queries
    .selectFrom("namespace")
    .select(["keys", "threshold", "serial"])
    .where("name", "=", namespace)
    .executeTakeFirst()
  return found && ownerFrom(found)
}
export const ownerFrom = ({ keys, threshold, serial }: Pick<Tables["namespace"], keyof Owner>): Owner => ({
  keys: JSON.parse(keys) as readonly PublicKey[],
  threshold,
  serial,
})
export const isSignedBy = ({ keys, threshold }: Omit<Owner, "serial">, signers: readonly PublicKey[]): boolean =>
  signers.filter((key) => keys.includes(key)).length >= threshold
/** Whether its owners let the gate speak for it too: one key is enough, and the hub's is one of them. */
export const isOpenTo = ({ keys, threshold }: Omit<Owner, "serial">, hub: PublicKey): boolean =>
  threshold === 1 && keys.includes(hub)

export function namespaceRoutes(app: Api, { database, writer, limits, clock }: Context): void {
  app.post(
    "/namespaces",
    {
      schema: {
        summary: "Claim a namespace, or change its keys",
        response: { 200: NamespaceSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const { statement, signers, bytes, hash } = readSigned(TYPES.namespace, request, limits)
      const { namespace, keys, threshold, serial } = statement
      return writer.write(async ({ queries }) => {
        const before = await ownerOf(queries, namespace)
        const state = before && { namespace, ...before }
        const unfit = (seen: string, hint: string): never => refuseWith({ code: "OB732", seen, hint }, { state })
        if (RESERVED.includes(namespace)) unfit(`The namespace ${namespace} is for everybody.`, "Choose another name.")
        if (before !== undefined && serial !== before.serial + 1)
          unfit(
            `The namespace ${namespace} has an owner; statement ${serial} does not follow number ${before.serial}.`,
            "Choose another name, or, where it is yours, sign a statement of the next number with its keys.",
          )
        if (before === undefined && serial !== 0)
          unfit(`Nobody owns ${namespace} yet, and this is statement ${serial}.`, "A claim has the number 0.")
        if (!isSignedBy(before ?? statement, signers))
          refuseWith({
            code: "OB733",
            seen: `Too few of the keys of ${namespace} signed this: ${(before ?? statement).threshold} are needed.`,
            hint:
              before === undefined
                ? "Sign the claim with the keys that it names."
                : "Sign with the keys that it has now.",
          })
        const claimedBy = signers[0]!
        if (before === undefined) {
          const { count } = await queries
            .selectFrom("namespace")
            .select(({ fn }) => fn.countAll<number>().as("count"))
            .where("claimed_by", "=", claimedBy)
            .executeTakeFirstOrThrow()
          if (Number(count) >= limits.namespacesOfKey)
            refuseWith({
              code: "OB736",
              seen: `This key has claimed ${count} namespaces already.`,
              hint: "Push under one of them.",
            })
        }
        await putDocument(queries, hash, bytes)
        const row = { keys: JSON.stringify(keys), threshold, serial, envelope: hash }
        if (before === undefined)
          await queries
            .insertInto("namespace")
            .values({ name: namespace, claimed_by: claimedBy, at: clock(), ...row }) // of the claim: new keys make it no younger
            .execute()
        else await queries.updateTable("namespace").set(row).where("name", "=", namespace).execute()
        return { namespace, keys: [...keys], threshold, serial }
      })
    },
  )
  app.get(
    "/namespaces/:namespace",
    { schema: { params: NamespaceParams, response: { 200: NamespaceSchema, "4xx": ProblemSchema } } },
    async ({ params: { namespace } }) => {
      const owner = (await ownerOf(database.read, namespace)) ?? noOwner(namespace)
      return { namespace, ...owner, keys: [...owner.keys] }
    },
  )
  app.get(
    "/namespaces/:namespace/statement",
    {
      schema: {
        summary: "The newest statement of whose it is, as its owners signed it",
        params: NamespaceParams,
      },
    },
    async ({ params: { namespace } }, reply) => {
      const found = await database.read
        .selectFrom("namespace")
        .select("envelope")
        .where("name", "=", namespace)
        .executeTakeFirst()
      const bytes = found && (await documentOf(database.read, found.envelope))
      if (bytes === undefined) return noOwner(namespace)
      return reply.type(MEDIA.envelope).send(Buffer.from(bytes))
    },
  )
}
export const noOwner = (namespace: string): never =>
  refuseWith({
    code: "OB731",
    seen: `Nobody owns the namespace ${namespace}.`,
    hint: `Claim it: brain key claim ${namespace} --to HUB`,
  })
