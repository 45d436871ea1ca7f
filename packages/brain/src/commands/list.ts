import type { Digest } from "@open-brains/core/base/digest.ts"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { MEDIA } from "@open-brains/core/commons/artifact.ts"
import type { Card } from "@open-brains/core/commons/card.ts"
import { counted, inBytes, pad, shorten, widest } from "../layout.ts"
import { openPlace, type PlaceOptions } from "../registry/open.ts"
import type { Registry } from "../registry/registry.ts"
import type { ExitCode, Services } from "../services.ts"
import { lookAt } from "../sharing/copy.ts"
import { shortDigest } from "../sharing/describe.ts"
import { openMine } from "../store/mine.ts"

interface Listed {
  readonly name: string
  readonly artifact: Digest
  /** Nothing where it is no module of ours, or is damaged. */
  readonly card?: Card
}
/** So many tags are looked at. */
const LISTED_MAX = 1000

/** `brain list`: what is in the person's store, or in another place. */
export async function list(
  { from, json = false, ...options }: PlaceOptions & { readonly from?: string; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const registry = from === undefined ? await openMine() : (await openPlace(from, options)).registry
  const found = await listed(registry, services)
  services.progress(undefined)
  if (json) {
    services.print(JSON.stringify({ place: registry.place, modules: found }))
    return 0
  }
  const rows = found.map(({ name, artifact, card }) => [
    name,
    card?.kind ?? "?",
    card ? inBytes(card.bytes) : "",
    shortDigest(artifact),
    shorten(card?.about ?? "", 40),
  ])
  const widths = [0, 1, 2, 3].map((i) => widest(rows.map((row) => row[i]!)))
  for (const row of rows)
    services.print(
      row
        .map((cell, i) => (i < 4 ? pad(cell, widths[i]!) : cell))
        .join("  ")
        .trimEnd(),
    )
  const where = from === undefined ? `your store, ${registry.place}` : registry.place
  const nothing =
    from === undefined ? `There is nothing in your store yet: ${registry.place}` : `There is nothing in ${where} yet.`
  services.print(
    found.length === 0
      ? `${nothing}${from === undefined ? "\nTake a module: brain add NAME --from PLACE" : ""}`
      : `${counted(found.length, "name")} in ${where}.`,
  )
  return 0
}

async function listed(registry: Registry, { progress }: Services): Promise<readonly Listed[]> {
  const found: Listed[] = []
  for (const repository of await registry.repositories())
    for (const tag of await registry.tags(repository)) {
      if (found.length >= LISTED_MAX) return found
      progress(`Looking at ${repository}:${tag}`)
      const described = await registry.resolve(repository, tag)
      if (described?.mediaType !== MEDIA.manifest) continue
      const about = await lookAt(registry, repository, described.digest).catch((error: unknown) => {
        if (error instanceof Refusal) return undefined
        throw error
      })
      found.push({
        name: `${repository}:${tag}`,
        artifact: described.digest,
        ...(about ? { card: about.card } : {}),
      })
    }
  return found
}
