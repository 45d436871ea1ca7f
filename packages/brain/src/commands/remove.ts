import { refuse } from "@open-brains/core/base/problem.ts"
import { parseReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { counted, inBytes } from "../layout.ts"
import { openPlace, type PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { collect } from "../store/collect.ts"
import { openMine } from "../store/mine.ts"

/** What somebody may be pushing or taking right now stays until the next time. */
const YOUNG_MS = 60_000

/** `brain rm NAME`: tags of the person's own store, and the room that nothing needs any more; `--from` names another place. */
export async function remove(
  name: string,
  { from, json = false, ...options }: PlaceOptions & { readonly from?: string; readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const reference = parseReference(name)
  const repository = repositoryOf(reference)
  const mine = from === undefined ? await openMine() : undefined
  const registry = mine ?? (await openPlace(from!, options)).registry
  const wanted = reference.digest ?? reference.tag
  const removed: string[] = []
  for (const each of wanted === undefined ? await registry.tags(repository) : [wanted])
    if (await registry.remove(repository, each))
      removed.push(`${repository}${each === reference.digest ? "@" : ":"}${each}`)
  if (removed.length === 0)
    refuse({
      code: "OB727",
      seen: `${from === undefined ? "Your store" : registry.place} has no ${name}, so nothing was taken away.`,
      hint: `See what it has: brain list${from === undefined ? "" : ` --from ${from}`}`,
    })
  const freed = mine ? await collect(mine, { youngMs: YOUNG_MS }) : undefined
  if (json) services.print(JSON.stringify({ removed, ...freed }))
  else {
    services.print(`${counted(removed.length, "name")} taken away: ${removed.join(", ")}.`)
    if (freed)
      services.print(
        `${inBytes(freed.bytesFreed)} freed, in ${counted(freed.blobs, "file")} that nothing needs any more.`,
      )
  }
  return 0
}
