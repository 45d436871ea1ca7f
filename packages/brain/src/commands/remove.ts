import type { Digest } from "@open-brains/core/base/digest.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { parseReference, repositoryOf } from "@open-brains/core/commons/reference.ts"
import { counted, inBytes, shorten } from "../layout.ts"
import { openPlace, type PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { collect } from "../store/collect.ts"
import type { Layout } from "../store/layout.ts"
import { openMine } from "../store/mine.ts"
import { usersOf } from "../store/reachable.ts"

/** What somebody may be pushing or taking right now stays until the next time. */
const YOUNG_MS = 60_000

interface RemoveOptions extends PlaceOptions {
  readonly from?: string
  /** Also where modules of the store use it. */
  readonly force?: boolean
  readonly json?: boolean
}

/** `brain rm NAME`: tags of the person's own store, and the room that nothing needs any more; `--from` names another place. */
export async function remove(
  name: string,
  { from, json = false, force = false, ...options }: RemoveOptions,
  services: Services,
): Promise<ExitCode> {
  const reference = parseReference(name)
  const repository = repositoryOf(reference)
  const mine = from === undefined ? await openMine() : undefined
  const registry = mine ?? (await openPlace(from!, options)).registry
  const wanted = reference.digest ?? reference.tag
  const removed: string[] = []
  const names = wanted === undefined ? await registry.tags(repository) : [wanted]
  if (mine && !force) await refuseUsed(mine, repository, names)
  for (const each of names)
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
        freed.blobs > 0
          ? `${inBytes(freed.bytesFreed)} freed, in ${counted(freed.blobs, "file")} that nothing needs any more.`
          : "No room is freed now: other modules need its files, or they are so new that the next brain rm takes them.",
      )
  }
  return 0
}

/** Errors: OB773 when something in the store is locked to what would lose its last name. */
async function refuseUsed(mine: Layout, repository: string, names: readonly string[]): Promise<void> {
  const losing = new Set<Digest>()
  for (const each of names) {
    const found = await mine.resolve(repository, each)
    if (found !== undefined) losing.add(found.digest)
  }
  const going = new Set(names.map((each) => `${repository}:${each}`))
  const isByDigest = names.some((each) => losing.has(each as Digest))
  for (const [name, { digest }] of (await mine.index()).named)
    if (!isByDigest && !going.has(name)) losing.delete(digest)
  const users = (await usersOf(mine, losing)).filter((name) => !going.has(name))
  if (users.length === 0) return
  const shown = users.slice(0, 8).map((each) => shorten(each, 80))
  refuse({
    code: "OB773",
    seen: `${shown.join(", ")}${users.length > shown.length ? ` and ${users.length - shown.length} more` : ""} in your store ${users.length === 1 ? "uses" : "use"} ${repository} as it is locked.`,
    hint: isByDigest
      ? "Take those away first. With --force it goes all the same, and they do not run until it is added again."
      : "Take those away first. With --force the name goes all the same, and its files stay for as long as they are needed.",
  })
}
