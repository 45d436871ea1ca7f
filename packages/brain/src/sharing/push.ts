import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal, refuse } from "@open-brains/core/base/problem.ts"
import type { Descriptor } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import { type Signer, seal } from "@open-brains/core/commons/envelope.ts"
import {
  EDGE,
  parseReference,
  printReference,
  type Reference,
  repositoryOf,
} from "@open-brains/core/commons/reference.ts"
import { type PushStatement, printStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { type NamedKey, shortKey, signerOf } from "../keys/keys.ts"
import { readTrust, rememberSerial, type Trust, trustKey } from "../keys/trust.ts"
import type { Hub } from "../registry/hub.ts"
import { openPlace, type Place, usualPlace } from "../registry/open.ts"
import { artifactOf } from "../store/artifact.ts"
import type { Layout } from "../store/layout.ts"
import { openMine } from "../store/mine.ts"
import { shrink } from "../store/shrink.ts"
import { putArtifact } from "../store/unpack.ts"
import { type Copied, copyArtifact, copySignatures, lookAt, type OnBytes, usedBy } from "./copy.ts"
import { pushesOf, putSignature, type SignedPush, serialKey } from "./signatures.ts"

export interface PushOptions {
  /** Where to, beside the person's own store (default: `$BRAIN_HUB`, if it is set). */
  readonly to?: string | undefined
  /** Name of the key that signs (default: the only one, or `me`). */
  readonly key?: string | undefined
  /** A benchmark that it is to be better at, where the tag moves through the gate. */
  readonly target?: string | undefined
  /** It claims to be as good with fewer bytes or operations, no more. */
  readonly isSimpler?: boolean
  /** Plain http also to other machines. */
  readonly isInsecure?: boolean
  readonly onBytes?: OnBytes
}
export interface Pushed {
  readonly name: string // namespace/name:tag
  readonly artifact: Digest
  readonly card: Card
  readonly files: number
  /** What messages call where it is now: the place, or the person's store. */
  readonly place: string
  readonly copied: Copied
  readonly signer: NamedKey
  readonly serial: number
  /** `same`: the tag stood for it already, by this key. `candidate`: the gate decides whether the tag moves. */
  readonly is: "moved" | "same" | "candidate"
  readonly candidate?: string
}

/**
 * Pushes a module under a name: its files into the person's store and to a place, and a signed statement that the tag
 * stands for it now. One that was interrupted can be run again. Errors: OB700 of names, those of `artifactOf`, OB723 when
 * nobody can sign, OB726 when another key speaks for the namespace, OB728 of places, and those of the place.
 */
export async function push(folder: string, name: string, options: PushOptions = {}): Promise<Pushed> {
  const reference = needName(name)
  const repository = repositoryOf(reference)
  const tag = reference.tag ?? EDGE
  const signer = signerOf(options.key)
  const trust = readTrust()
  refuseStranger(trust, reference.namespace, signer)
  const made = await artifactOf(folder)
  const mine = await openMine()
  await putArtifact(mine, repository, made, tag)
  await shrink(mine, made.artifact.digest)
  const to = options.to ?? usualPlace()
  const place: Place =
    to === undefined
      ? { registry: mine }
      : await openPlace(to, { create: true, isInsecure: options.isInsecure === true })
  const { registry } = place
  const { digest } = made.artifact
  if (registry !== mine) await bringUses(mine, place, made.cardData)
  const copied =
    registry === mine
      ? { sent: 0, kept: made.cardData.bytes }
      : await copyArtifact(mine, registry, repository, digest, options.onBytes)
  const subject = (await registry.resolve(repository, digest)) ?? bug(`${digest} was sent and is not there`)
  const before = await standing(place, repository, reference, tag, trust)
  const isSame =
    before.artifact === digest &&
    before.newest?.signers.includes(signer.key) === true &&
    before.newest.statement.serial === before.serial - 1
  const statement: PushStatement = {
    type: TYPES.push,
    module: { namespace: reference.namespace, name: reference.name },
    artifact: digest,
    tag,
    previous: before.artifact,
    serial: before.serial,
    ...(options.target === undefined ? {} : { target: printReference(parseReference(options.target)) }),
    ...(options.isSimpler === true ? { isSimpler: true } : {}),
  }
  const moved = isSame
    ? ({ is: "same" } as const)
    : await move(place, mine, repository, statement, { subject, signer, manifest: made.manifest })
  if (!trust.keys.has(reference.namespace)) await trustKey(reference.namespace, signer.key)
  const serial = isSame ? before.serial - 1 : before.serial
  if (moved.is !== "candidate") await rememberSerial(serialKey(registry, repository, tag), serial)
  return {
    name: printReference({ namespace: reference.namespace, name: reference.name, tag }),
    artifact: digest,
    card: made.cardData,
    files: made.files.size,
    place: registry.place,
    copied,
    signer,
    serial,
    ...moved,
  }
}

function needName(name: string): Reference {
  const reference = parseReference(name)
  if (reference.digest !== undefined || reference.namespace === "open")
    refuse({
      code: "OB700",
      seen: `Nothing is pushed under the name ${name.slice(0, 200)}: ${reference.namespace === "open" ? "open/… comes with Open Brains" : "a digest follows from the files"}.`,
      hint: "Name it like this: acme/intent or acme/intent:beta",
    })
  return reference
}

/** A key that nobody takes for the namespace's, not even oneself. Errors: OB726. */
function refuseStranger({ keys }: Trust, namespace: string, signer: NamedKey): void {
  const known = keys.get(namespace)
  if (known === undefined || known.includes(signer.key)) return
  refuse({
    code: "OB726",
    seen: `Your key ${signer.name} (${shortKey(signer.key)}) is another one than signs for ${namespace}: ${known.map(shortKey).join(", ")}.`,
    hint: `Sign with that one, --key NAME, or push under another namespace. If both are yours: brain key trust ${namespace} ${signer.key}`,
  })
}

/** What it uses must be where it is: whoever takes it takes that too. */
async function bringUses(mine: Layout, { registry: to, hub }: Place, card: Card): Promise<void> {
  const uses = await usedBy(card, async (repository, digest) => (await lookAt(mine, repository, digest)).card)
  for (const { repository, digest } of uses) {
    if ((await to.resolve(repository, digest)) !== undefined) continue
    if (hub !== undefined)
      refuse({
        code: "OB712",
        seen: `${card.name} uses ${repository}@${digest}, which ${to.place} does not have.`,
        hint: `Push that there first, or ask ${repository.split("/")[0]} to: whoever takes ${card.name} takes it too.`,
      })
    await copyArtifact(mine, to, repository, digest)
    await copySignatures(mine, to, repository, digest)
  }
}

interface Standing {
  readonly artifact: Digest | null
  /** Of the next push. */
  readonly serial: number
  /** The push that it stands by, if it was signed. */
  readonly newest: SignedPush | undefined
}
/** What the tag stands for at the place. A hub says it; elsewhere the newest push of it that was signed. */
async function standing(
  { registry, hub }: Place,
  repository: string,
  reference: Reference,
  tag: string,
  trust: Trust,
): Promise<Standing> {
  const told = hub && (await hub.tags(reference)).find((each) => each.tag === tag)
  if (hub && told === undefined) return { artifact: null, serial: 0, newest: undefined }
  const artifact = told?.artifact ?? (await registry.resolve(repository, tag))?.digest ?? null
  const pushes = artifact === null ? [] : await pushesOf(registry, repository, artifact)
  const newest = pushes.find(({ statement }) => statement.tag === tag)
  const seen = trust.serials.get(serialKey(registry, repository, tag)) ?? -1
  const serial = told?.serial ?? Math.max(newest?.statement.serial ?? -1, seen) + 1
  return { artifact, serial, newest }
}

/** The statement, signed; then the tag, which is last: one that was interrupted before is run again. */
async function move(
  { registry, hub }: Place,
  mine: Layout,
  repository: string,
  statement: PushStatement,
  {
    subject,
    signer,
    manifest,
  }: { readonly subject: Descriptor; readonly signer: Signer; readonly manifest: Uint8Array },
): Promise<Pick<Pushed, "is" | "candidate">> {
  const envelope = seal(printStatement(statement), [signer])
  if (hub !== undefined) {
    const answer = await hub.push(envelope).catch((error: unknown) => unlessUnclaimed(error, statement, hub))
    await putSignature(mine, repository, envelope, subject)
    return answer.is === "moved" ? answer : { is: "candidate", candidate: answer.id }
  }
  for (const each of registry === mine ? [mine] : [mine, registry])
    await putSignature(each, repository, envelope, subject)
  await registry.putManifest(repository, manifest, statement.tag)
  return { is: "moved" }
}

/** What a hub says of a namespace that nobody has claimed, with the command that does. */
function unlessUnclaimed(error: unknown, { module }: PushStatement, { place }: Hub): never {
  const problem = error instanceof Refusal ? error.problems[0] : undefined
  if (problem?.code !== "OB731") throw error
  return refuse({ ...problem, hint: `If it is to be yours: brain key claim ${module.namespace} --to ${place}` })
}

const bug = (what: string): never => {
  throw new Error(`bug: ${what}`)
}
