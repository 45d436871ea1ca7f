import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import {
  EDGE,
  parseReference,
  printReference,
  type Reference,
  repositoryOf,
  STABLE,
} from "@open-brains/core/commons/reference.ts"
import { type PushStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import { refuseFailed, type Scored, scoreOn, sealScore } from "../benchmarks/score.ts"
import { type NamedKey, shortKey, signersNamed } from "../keys/keys.ts"
import { readTrust, rememberSerial, type Trust, trustKey } from "../keys/trust.ts"
import { needHub, openPlace, type Place, usualPlace } from "../registry/open.ts"
import { artifactOf } from "../store/artifact.ts"
import { refuseUnwritable } from "../store/file.ts"
import { openMine } from "../store/mine.ts"
import { shrink } from "../store/shrink.ts"
import { putArtifact } from "../store/unpack.ts"
import { type Copied, copyArtifact, copyBlobs, type OnBytes } from "./copy.ts"
import { move } from "./move.ts"
import { isStrangersTurn } from "./ownership.ts"
import { putPass, repositoryOfBenchmark } from "./passes.ts"
import { pushesOf, type SignedPush, serialKey } from "./signatures.ts"
import { writeUnsigned } from "./statements.ts"
import { bringUses } from "./uses.ts"

export interface PushOptions {
  /** Where to, beside the person's own store (default: `$BRAIN_HUB`, if it is set). */
  readonly to?: string | undefined
  /** Name of the key that signs, or of several (default: the only one, or `me`). */
  readonly key?: string | readonly string[] | undefined
  /** At a hub: writes what is to be signed into this file, and moves no tag. */
  readonly unsigned?: string | undefined
  /** At a hub: sends also what it uses, where that is of the same owner and the hub does not have it. */
  readonly withUses?: boolean
  /** A benchmark that it is to be better at, where the tag moves through the gate. */
  readonly target?: string | undefined
  /** Benchmarks that it passes: run here, and what comes out is signed and sent along. */
  readonly passes?: readonly string[]
  readonly onItem?: (benchmark: string, done: number, count: number) => void
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
  readonly signers: readonly NamedKey[]
  readonly serial: number
  /**
   * `same`: the tag stood for it already, by these keys. `candidate`: the gate decides whether the tag moves. `unsigned`: it moves when others have
   * signed.
   */
  readonly is: "moved" | "same" | "candidate" | "unsigned"
  /** What it uses and was sent along, by names. */
  readonly uses: readonly string[]
  readonly candidate?: string
  readonly passes: readonly Scored[]
}

/**
 * Pushes a module under a name: its files into the person's store and to a place, and a signed statement that the tag
 * stands for it now. One that was interrupted can be run again. Errors: OB700 of names, those of `artifactOf`, OB723 when
 * nobody can sign, OB726 when another key speaks for the namespace, OB728 of places, OB733 when more keys must sign, OB776 when
 * the hub lacks what it uses, OB783 when it does not pass what it is said to pass, and those of the place.
 */
export async function push(folder: string, name: string, options: PushOptions = {}): Promise<Pushed> {
  const reference = needName(name)
  const repository = repositoryOf(reference)
  const tag = reference.tag ?? EDGE
  const { key, unsigned } = options
  const signers = unsigned === undefined ? signersNamed(typeof key === "string" ? [key] : key) : []
  const trust = readTrust()
  const made = await artifactOf(folder)
  const mine = await openMine()
  const to = options.to ?? usualPlace()
  const place: Place =
    to === undefined
      ? { registry: mine }
      : await openPlace(to, { create: true, isInsecure: options.isInsecure === true })
  const { registry, hub } = place
  const { digest } = made.artifact
  // Where the gate speaks for a namespace, strangers may propose.
  const isProposal = hub !== undefined && tag === STABLE && (await isStrangersTurn(hub, reference.namespace, signers))
  if (!isProposal) for (const signer of signers) refuseStranger(trust, reference.namespace, signer)
  const passes = await passesOf(folder, place, options)
  // What is proposed is not what the name stands for, not even here.
  await putArtifact(
    mine,
    repository,
    made,
    isProposal ? `proposed-${digest.slice("sha256:".length, "sha256:".length + 12)}` : tag,
  )
  await shrink(mine, digest)
  if (unsigned !== undefined) {
    needHub(place, "take what several people sign")
    await refuseUnwritable(unsigned)
  }
  const uses =
    registry === mine
      ? []
      : await bringUses({ mine, place, card: made.cardData, signers, isSent: options.withUses === true })
  const copied =
    registry === mine
      ? { sent: 0, kept: made.cardData.bytes }
      : place.hub === undefined || unsigned !== undefined
        ? await copyArtifact(mine, registry, repository, digest, options.onBytes)
        : await copyBlobs(mine, registry, repository, made.artifact.files, options.onBytes) // the rest goes with the statement
  const subject = (await mine.resolve(repository, digest)) ?? bug(`${digest} was put into the store and is not there`)
  const before = await standing(place, repository, reference, tag, trust)
  const isSame =
    before.artifact === digest &&
    signers.every(({ key }) => before.newest?.signers.includes(key) === true) &&
    signers.length > 0 &&
    before.newest?.statement.serial === before.serial - 1
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
    : unsigned === undefined
      ? await move(place, mine, statement, { subject, signers, manifest: made.manifest, card: made.card })
      : ({ is: "unsigned" } as const)
  if (unsigned !== undefined) await writeUnsigned(unsigned, statement)
  if (!isProposal && !trust.keys.has(reference.namespace))
    for (const each of signers) await trustKey(reference.namespace, each.key)
  for (const scored of passes) {
    const envelope = sealScore(scored, signers)
    for (const each of registry === mine ? [place] : [place, { registry: mine }])
      await putPass(each, envelope, [
        { repository, digest },
        { repository: scored.repository, digest: scored.artifact },
      ])
  }
  const serial = isSame ? before.serial - 1 : before.serial
  if (moved.is === "moved" || moved.is === "same") await rememberSerial(serialKey(registry, repository, tag), serial)
  return {
    name: printReference({ namespace: reference.namespace, name: reference.name, tag }),
    artifact: digest,
    card: made.cardData,
    files: made.files.size,
    place: registry.place,
    copied,
    signers,
    serial,
    passes,
    uses,
    ...moved,
  }
}

/** Asks the benchmarks that it is said to pass, which are at the place. Errors: OB712, OB783. */
async function passesOf(
  folder: string,
  place: Place,
  { passes = [], onItem }: PushOptions,
): Promise<readonly (Scored & { readonly repository: string })[]> {
  const found: (Scored & { readonly repository: string })[] = []
  for (const name of new Set(passes)) {
    const repository = await repositoryOfBenchmark(place, name)
    const scored = await scoreOn(folder, name, (done, count) => onItem?.(name, done, count))
    refuseFailed(folder, scored)
    found.push({ ...scored, repository })
  }
  return found
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

const bug = (what: string): never => {
  throw new Error(`bug: ${what}`)
}
