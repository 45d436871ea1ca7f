import { type Digest, parseDigest } from "@open-brains/core/base/digest.ts"
import { isName, isTag } from "@open-brains/core/commons/reference.ts"
import type { FastifyRequest } from "fastify"
import { fail } from "./errors.ts"

/** The repository of an address: what it is called is a name of two parts, so that no path leads anywhere else. */
export interface Place {
  readonly namespace: string
  readonly name: string
  readonly repository: string
}
export function placeOf({ params }: FastifyRequest): Place {
  const { namespace = "", name = "" } = params as Readonly<Record<string, string>>
  if (!isName(namespace) || !isName(name))
    fail(
      "NAME_INVALID",
      "A repository here is namespace/name: small letters, digits and single hyphens, at most 64 each.",
    )
  return { namespace, name, repository: `${namespace}/${name}` }
}
export const digestOf = (text: string | undefined): Digest =>
  parseDigest(text ?? "") ?? fail("DIGEST_INVALID", "A digest is sha256: and 64 hexadecimal digits.")

/** A tag as OCI has them. `sha256-…` are those of referrers where a registry has no API for them, which this one has. */
export const isAnyTag = (text: string): boolean => isTag(text) || /^sha256-[0-9a-f]{64}$/.test(text)

export const ask = ({ query }: FastifyRequest, name: string): string | undefined => {
  const value = (query as Readonly<Record<string, unknown>>)[name]
  return typeof value === "string" ? value : undefined
}
/** `n` of a list, within what is given at once. */
export function pageOf(request: FastifyRequest, most: number): number {
  const text = ask(request, "n")
  return text === undefined || !/^\d{1,9}$/.test(text) ? most : Math.min(most, Number(text))
}
