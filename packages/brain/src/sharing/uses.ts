import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import type { Signer } from "@open-brains/core/commons/envelope.ts"
import { EDGE, parseReference } from "@open-brains/core/commons/reference.ts"
import { type PushStatement, TYPES } from "@open-brains/core/commons/statement.ts"
import type { Hub } from "../registry/hub.ts"
import type { Place } from "../registry/open.ts"
import type { Layout } from "../store/layout.ts"
import { copyArtifact, copySignatures, lookAt, usedBy } from "./copy.ts"
import { move } from "./move.ts"

interface Bringing {
  readonly mine: Layout
  readonly place: Place
  readonly card: Card
  readonly signers: readonly Signer[]
  /** At a hub: whether those that the signers own are sent, each with a push of its own. */
  readonly isSent: boolean
}
interface Lacking {
  readonly repository: string
  readonly digest: Digest
}

/**
 * What a module uses must be where it is: whoever takes it takes that too. Names of what was sent. Errors: OB776 when a hub does not have it,
 * which takes nothing that its owner did not push.
 */
export async function bringUses({ mine, place, card, signers, isSent }: Bringing): Promise<readonly string[]> {
  const { registry, hub } = place
  const uses = await usedBy(card, async (repository, digest) => (await lookAt(mine, repository, digest)).card)
  const lacking: Lacking[] = []
  for (const { repository, digest } of uses)
    if ((await registry.resolve(repository, digest)) === undefined) lacking.push({ repository, digest })
  if (hub === undefined) {
    for (const { repository, digest } of lacking) {
      await copyArtifact(mine, registry, repository, digest)
      await copySignatures(mine, registry, repository, digest)
    }
    return lacking.map(({ repository, digest }) => `${repository}@${digest}`)
  }
  if (lacking.length === 0) return []
  const isOwn = await ownedBy(hub, signers)
  const others: Lacking[] = []
  for (const each of lacking) if (!isSent || !(await isOwn(each))) others.push(each)
  if (others.length > 0) await refuseLacking(others, { card, hub, isOwn })
  const sent: string[] = []
  for (const each of lacking) sent.push(await send(each, { mine, place, hub, signers }))
  return sent
}

/** Whether one of the keys speaks for the namespace of a module there. */
async function ownedBy(hub: Hub, signers: readonly Signer[]): Promise<(each: Lacking) => Promise<boolean>> {
  const known = new Map<string, Promise<boolean>>()
  return ({ repository }) => {
    const [namespace = ""] = repository.split("/")
    const found =
      known.get(namespace) ??
      hub.owner(namespace).then((owner) => signers.some(({ key }) => owner?.keys.includes(key) === true))
    known.set(namespace, found)
    return found
  }
}

async function refuseLacking(
  lacking: readonly Lacking[],
  { card, hub, isOwn }: { readonly card: Card; readonly hub: Hub; readonly isOwn: (each: Lacking) => Promise<boolean> },
): Promise<never> {
  const names = lacking.map(({ repository, digest }) => `${repository}@${digest}`)
  const [own, others]: [string[], string[]] = [[], []]
  for (const each of lacking) ((await isOwn(each)) ? own : others).push(each.repository)
  const hints = [
    ...(own.length > 0
      ? [`${own.join(", ")} ${own.length === 1 ? "is" : "are"} yours there: push again with --with-uses.`]
      : []),
    ...others.map(
      (name) =>
        `Ask ${name.split("/")[0]} to push ${name} to ${hub.place}; or push it under a namespace of yours, use it by that name, and lock again.`,
    ),
  ]
  return refuse({
    code: "OB776",
    seen: `${card.name} uses ${names.slice(0, 8).join(", ")}, which ${hub.place} does not have: whoever takes ${card.name} takes that too.`,
    hint: hints.slice(0, 4).join(" "),
  })
}

interface Sending {
  readonly mine: Layout
  readonly place: Place
  readonly hub: Hub
  readonly signers: readonly Signer[]
}
/** Pushed as `edge` where the hub has nothing of that name, else under a tag of its own: no tag goes back to an older one. */
async function send({ repository, digest }: Lacking, { mine, place, hub, signers }: Sending): Promise<string> {
  const { namespace, name } = parseReference(repository)
  const module = { namespace, name }
  await copyArtifact(mine, place.registry, repository, digest)
  const tags = await hub.tags(module)
  const tag = tags.length === 0 ? EDGE : `pinned-${digest.slice("sha256:".length, "sha256:".length + 12)}`
  const told = tags.find((each) => each.tag === tag)
  const statement: PushStatement = {
    ...{ type: TYPES.push, module, artifact: digest, tag },
    ...{ previous: told?.artifact ?? null, serial: told?.serial ?? 0 },
  }
  const subject = await place.registry.resolve(repository, digest)
  if (subject === undefined) throw new Error(`bug: ${repository}@${digest} was sent and is not there`)
  await move(place, mine, statement, { subject, signers, manifest: await mine.manifest(repository, digest) })
  return `${repository}:${tag}`
}
