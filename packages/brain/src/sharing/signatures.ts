import { type Digest, digest as digestOf } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import {
  type Descriptor,
  EMPTY,
  EMPTY_DESCRIPTOR,
  MEDIA,
  parseManifestFacts,
  printReferrer,
} from "@open-brains/core/commons/artifact.ts"
import { ENVELOPE_LIMITS, type PublicKey, parseEnvelope, signersOf } from "@open-brains/core/commons/envelope.ts"
import { repositoryOf } from "@open-brains/core/commons/reference.ts"
import { type PushStatement, type Statement, statementOf, TYPES } from "@open-brains/core/commons/statement.ts"
import { shortKey, verify } from "../keys/keys.ts"
import { judge, type Trust } from "../keys/trust.ts"
import type { Hub } from "../registry/hub.ts"
import type { Registry } from "../registry/registry.ts"
import { ownershipOf } from "./ownership.ts"

/** “This artifact is what the tag stands for”, and who said so. */
export interface SignedPush {
  readonly statement: PushStatement
  readonly signers: readonly PublicKey[]
  readonly envelope: Uint8Array
}
/** Who signed what a tag stands for, to this person. */
export interface Signed extends SignedPush {
  /**
   * `first`: nobody was known to speak for the namespace; whoever takes it trusts the key. `vouched`: a key that is trusted has signed that this one
   * speaks for it too.
   */
  readonly is: "trusted" | "first" | "vouched"
  /** Keys that whoever takes it trusts from then on. */
  readonly keys: readonly PublicKey[]
  /** Keys that are trusted and that those who are have taken away. */
  readonly gone: readonly PublicKey[]
  /** Of the statement of whose the namespace is, where it was asked for. */
  readonly claim?: number
}

/** So many are looked at, of all that anybody who can write there says of it. */
const REFERRERS_MAX = 1000

/** What was signed of an artifact, the newest of each tag first. What is no push of it, or does not hold, is passed over. */
export async function pushesOf(
  registry: Registry,
  repository: string,
  artifact: Digest,
): Promise<readonly SignedPush[]> {
  const found: SignedPush[] = []
  for (const { statement, ...rest } of await signedOf(registry, repository, artifact, MEDIA.signature))
    if (
      statement.type === TYPES.push &&
      statement.artifact === artifact &&
      repositoryOf(statement.module) === repository
    )
      found.push({ statement, ...rest })
  return found.sort((a, b) => b.statement.serial - a.statement.serial)
}
/** What somebody signed and put beside an artifact, whatever it says. */
export interface SignedStatement {
  readonly statement: Statement
  readonly signers: readonly PublicKey[]
  readonly envelope: Uint8Array
}
/** All of a kind that lies beside an artifact and whose signature holds; what does not is passed over. */
export async function signedOf(
  registry: Registry,
  repository: string,
  artifact: Digest,
  type: typeof MEDIA.signature | typeof MEDIA.attestation,
): Promise<readonly SignedStatement[]> {
  const listed = await registry.referrers(repository, artifact, type)
  const found: SignedStatement[] = []
  for (const { digest } of listed.slice(0, REFERRERS_MAX)) {
    const each = await statementIn(registry, repository, artifact, digest).catch(unlessRefused)
    if (each) found.push(each)
  }
  return found
}
/** A referrer that is damaged is a stranger's; a server that cannot be reached is not passed over. */
function unlessRefused(error: unknown): undefined {
  if (error instanceof Refusal && error.problems.every(({ code }) => code !== "OB720" && code !== "OB157"))
    return undefined
  throw error
}

async function statementIn(
  registry: Registry,
  repository: string,
  artifact: Digest,
  referrer: Digest,
): Promise<SignedStatement | undefined> {
  const { subject, layers } = parseManifestFacts(await registry.manifest(repository, referrer))
  const [layer] = layers
  if (subject?.digest !== artifact || layer?.mediaType !== MEDIA.envelope || layer.size > ENVELOPE_LIMITS.bytes)
    return undefined
  const envelope = await registry.blob(repository, layer.digest, layer.size)
  const parsed = parseEnvelope(envelope)
  const statement = statementOf(parsed)
  const signers = signersOf(parsed, verify)
  return signers.length > 0 ? { statement, signers, envelope } : undefined
}

/**
 * Who signed that the tag stands for the artifact, and whether that fits what this person knows of the namespace; without
 * a tag, who signed the artifact for any. At a hub, new keys of the namespace are taken where a trusted one has signed for them. Nothing when nobody did. Errors: OB726 when others sign than those who are
 * trusted, OB729 when a newer push of the tag was seen at this place.
 */
export async function signedBy(
  registry: Registry,
  repository: string,
  artifact: Digest,
  tag: string | undefined,
  trust: Trust,
  hub?: Hub,
): Promise<Signed | undefined> {
  const [namespace = ""] = repository.split("/")
  const pushes = (await pushesOf(registry, repository, artifact)).filter(
    ({ statement }) => tag === undefined || statement.tag === tag,
  )
  const known = trust.keys.get(namespace) ?? []
  const signedWith = (keys: readonly PublicKey[]): SignedPush | undefined =>
    pushes.find(({ signers }) => signers.some((key) => keys.includes(key)))
  const trusted = signedWith(known)
  const isAsked = trusted === undefined && hub !== undefined && pushes.length > 0
  const ownership = isAsked ? await ownershipOf(hub, namespace, trust) : undefined
  const vouched = ownership?.keys ?? []
  const push = trusted ?? signedWith(vouched) ?? pushes[0]
  if (push === undefined) return undefined
  const isVouched = trusted === undefined && push.signers.some((key) => vouched.includes(key))
  const is = isVouched && known.length > 0 ? "vouched" : judge(trust, namespace, push.signers)
  const owned = isVouched ? ownership : undefined
  const keys = is === "trusted" ? [] : (owned?.kept ?? push.signers)
  const gone = owned === undefined ? [] : known.filter((key) => !owned.keys.includes(key))
  const seen = tag === undefined ? undefined : trust.serials.get(serialKey(registry, repository, tag))
  if (seen !== undefined && push.statement.serial < seen)
    refuse({
      code: "OB729",
      seen: `${registry.place} gives an older ${repository}:${tag} than it did: its push number ${push.statement.serial}, after number ${seen}.`,
      hint: `Somebody keeps the newer one from you, or put the old one back. To take it all the same, name it by its digest: ${repository}@${artifact}`,
    })
  return { ...push, is, keys, gone, ...(owned ? { claim: owned.serial } : {}) }
}
/** Serial numbers count the pushes of a tag at one place. */
export const serialKey = ({ place }: Registry, repository: string, tag: string): string =>
  `${repository}:${tag} ${place}`

/** Puts an envelope beside the artifact that it is about. */
export async function putSignature(
  registry: Registry,
  repository: string,
  envelope: Uint8Array,
  subject: Descriptor,
  type: typeof MEDIA.signature | typeof MEDIA.attestation = MEDIA.signature,
): Promise<Descriptor> {
  for (const [digest, bytes] of [
    [EMPTY_DESCRIPTOR.digest, EMPTY],
    [digestOf(envelope), envelope],
  ] as const)
    if (!(await registry.has(repository, digest))) await registry.putBlob(repository, digest, bytes)
  return registry.putManifest(repository, printReferrer(type, envelope, subject))
}

export const describeSigned = (signed: Signed): string => {
  const keys = signed.signers.map(shortKey).join(", ")
  const namespace = signed.statement.module.namespace
  if (signed.is === "vouched") return `by ${keys}, which a key that you trust for ${namespace} vouches for`
  return signed.is === "trusted"
    ? `by ${keys}, which you trust for ${namespace}`
    : `by ${keys}, the first key that you see of ${namespace}: it is remembered`
}
