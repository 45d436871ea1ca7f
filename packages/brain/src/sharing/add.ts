import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import { type Artifact, MEDIA } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import {
  EDGE,
  parseReference,
  printReference,
  type Reference,
  repositoryOf,
  STABLE,
} from "@open-brains/core/commons/reference.ts"
import { forgetKey, readTrust, rememberSerial, trustKey } from "../keys/trust.ts"
import { needPlace, openPlace, type Place } from "../registry/open.ts"
import type { Registry } from "../registry/registry.ts"
import { artifactOf } from "../store/artifact.ts"
import type { Layout } from "../store/layout.ts"
import { checkedOut, openMine } from "../store/mine.ts"
import { shrink } from "../store/shrink.ts"
import { unpack } from "../store/unpack.ts"
import { type Copied, copyArtifact, copySignatures, lookAt, type OnBytes, usedBy } from "./copy.ts"
import { claimKey } from "./ownership.ts"
import { type Signed, serialKey, signedBy } from "./signatures.ts"

export interface AddOptions {
  /** Where from (default: `$BRAIN_HUB`). */
  readonly from?: string | undefined
  readonly isInsecure?: boolean
  readonly onBytes?: OnBytes
  /** Told what it is and who signed it, before it is taken. */
  readonly onOffer?: ((offer: Offer) => void) | undefined
}
/** A module in a place, as it says what it is: nothing of it was taken yet. */
export interface Offer {
  readonly reference: Reference
  readonly place: Place
  readonly digest: Digest
  /** The tag that it was found by; none when it was asked for by its digest. */
  readonly tag: string | undefined
  readonly artifact: Artifact
  readonly card: Card
  /** Nobody, where it was asked for by its digest. */
  readonly signed: Signed | undefined
  /** What it uses, and what that uses, in the order to take them. */
  readonly uses: readonly { readonly repository: string; readonly digest: Digest; readonly card: Card }[]
}
export interface Added {
  readonly name: string
  readonly artifact: Digest
  readonly card: Card
  readonly copied: Copied
  readonly signed: Signed | undefined
  /** Names of the modules that came along, with their digests. */
  readonly uses: readonly string[]
}

/**
 * Looks at a module of a place: what it says of itself, who signed it, and whether that is who signs for the namespace.
 * Errors: OB700, OB701 to OB703, OB712 when it is not there, OB724 when nobody signed it, OB726 when somebody else did,
 * OB729 when a newer one was seen there, and those of the place.
 */
export async function look(name: string, options: AddOptions = {}): Promise<Offer> {
  const reference = parseReference(name)
  const repository = repositoryOf(reference)
  const place = await openPlace(needPlace(options.from, "--from"), { isInsecure: options.isInsecure === true })
  const { registry } = place
  const found = await stands(place, reference)
  const { artifact, card } = await lookAt(registry, repository, found.digest)
  const signed = await signedBy(registry, repository, found.digest, found.tag, readTrust(), place.hub)
  if (signed === undefined && reference.digest === undefined)
    refuse({
      code: "OB724",
      seen: `Nobody signed that ${repository}:${found.tag} is this module, at ${registry.place}.`,
      hint: `Ask ${reference.namespace} to push it with \`brain push\`. To take it for what it is, name it by its digest: ${repository}@${found.digest}`,
    })
  const uses = await usedBy(card, async (used, digest) => (await lookAt(registry, used, digest)).card)
  return { reference, place, ...found, artifact, card, signed, uses }
}

/** The digest that a name stands for: its own, else that of its tag, else of `stable`, else of `edge`. */
async function stands(
  { registry }: Place,
  reference: Reference,
): Promise<{ readonly digest: Digest; readonly tag: string | undefined }> {
  const repository = repositoryOf(reference)
  if (reference.digest !== undefined) return { digest: reference.digest, tag: undefined }
  for (const tag of reference.tag === undefined ? [STABLE, EDGE] : [reference.tag]) {
    const found = await registry.resolve(repository, tag)
    if (found?.mediaType === MEDIA.manifest) return { digest: found.digest, tag }
  }
  const tags = await registry.tags(repository)
  return refuse({
    code: "OB712",
    seen: `${registry.place} has no ${printReference(reference)}.`,
    hint:
      tags.length > 0
        ? `It has ${tags
            .slice(0, 8)
            .map((tag) => `${repository}:${tag}`)
            .join(", ")}.`
        : `See what it has: brain list --from ${registry.place}`,
  })
}

/**
 * Takes a module into the person's store, with all that it uses. Each is made again of its files and compared: a card
 * that says something else lies. Errors: OB713, OB725, and those of the place.
 */
export async function take(
  { reference, place, digest, tag, card, signed, uses }: Offer,
  onBytes?: OnBytes,
  /** The tag that keeps it in the store, if not its own: one that is on trial is not what the name stands for. */
  keptAs?: string,
): Promise<Added> {
  const mine = await openMine()
  const { registry } = place
  const repository = repositoryOf(reference)
  let copied: Copied = { sent: 0, kept: 0 }
  for (const each of [...uses, { repository, digest }]) {
    const more = await takeArtifact(registry, mine, each.repository, each.digest, onBytes)
    copied = { sent: copied.sent + more.sent, kept: copied.kept + more.kept }
    await copySignatures(registry, mine, each.repository, each.digest)
  }
  // A name keeps it: what no tag stands for is taken away one day.
  const kept = keptAs ?? tag ?? `pinned-${digest.slice("sha256:".length, "sha256:".length + 12)}`
  await mine.putManifest(repository, await mine.manifest(repository, digest), kept)
  for (const each of [...uses, { digest }]) await shrink(mine, each.digest)
  for (const key of signed?.keys ?? []) await trustKey(reference.namespace, key)
  for (const key of signed?.gone ?? []) await forgetKey(reference.namespace, key)
  if (signed?.claim !== undefined && place.hub !== undefined)
    await rememberSerial(claimKey(reference.namespace, place.hub), signed.claim)
  if (signed !== undefined && tag !== undefined)
    await rememberSerial(serialKey(registry, repository, tag), signed.statement.serial)
  const { namespace, name } = reference
  return {
    name: printReference({ namespace, name, ...(tag === undefined ? { digest } : { tag }) }),
    artifact: digest,
    card,
    copied,
    signed,
    uses: uses.map((each) => `${each.repository}@${each.digest}`),
  }
}

/**
 * Takes one artifact, whose uses are in the store already, and makes it again of its files. No tag stands for it yet. Errors: OB713,
 * OB725, and those of the place.
 */
export async function takeArtifact(
  from: Registry,
  mine: Layout,
  repository: string,
  digest: Digest,
  onBytes?: OnBytes,
): Promise<Copied> {
  const isNew = (await mine.resolve(repository, digest)) === undefined
  const copied = await copyArtifact(from, mine, repository, digest, onBytes)
  await refuseLie(mine, repository, digest, isNew)
  return copied
}

/** The files say what a module is; its manifest and its card must be what follows from them. Errors: OB725. */
async function refuseLie(mine: Layout, repository: string, digest: Digest, isNew: boolean): Promise<void> {
  const lie = async (what: string): Promise<never> => {
    if (isNew) await mine.remove(repository, digest)
    return refuse({
      code: "OB725",
      seen: `${repository}@${digest} is not what it says it is: ${what}. It was not taken.`,
      hint: "Do not use it. Ask whoever pushed it, and in another way than by this place.",
    })
  }
  let made: Digest
  try {
    made = (await artifactOf(await checkedOut(digest, mine))).artifact.digest
  } catch (error) {
    if (error instanceof Refusal) return lie(`its files cannot be read as a module (${error.problems[0]!.seen})`)
    throw error
  }
  if (made !== digest) await lie(`made of its files, it is ${made}`)
}

/** `look` and `take` in one. */
export async function add(name: string, options: AddOptions = {}): Promise<Added> {
  const offer = await look(name, options)
  options.onOffer?.(offer)
  return take(offer, options.onBytes)
}

/** The same, and writes it as a folder of one's own. Errors: those of `add`, and OB155 when something is there. */
export async function pull(name: string, into: string, options: AddOptions = {}): Promise<Added> {
  const added = await add(name, options)
  await unpack(await openMine(), repositoryOf(parseReference(name)), added.artifact, into)
  return added
}
