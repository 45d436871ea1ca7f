import { counted, pad, widest } from "../layout.ts"
import { needHub, needHubPlace, openPlace, type PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain search WORDS`: modules of a hub. */
export async function search(
  words: readonly string[],
  { from, json = false, ...options }: PlaceOptions & { readonly from?: string; readonly json?: boolean },
  { print }: Services,
): Promise<ExitCode> {
  const place = await openPlace(needHubPlace(from, "--from"), options)
  const found = await needHub(place, "search").search(words.join(" "))
  if (json) {
    print(JSON.stringify({ found }))
    return 0
  }
  const [names, kinds] = [widest(found.map(({ name }) => name)), widest(found.map(({ kind }) => kind))]
  for (const { name, kind, about } of found) print(`${pad(name, names)}  ${pad(kind, kinds)}  ${about}`.trimEnd())
  print(`${counted(found.length, "module")} found at ${place.registry.place}.`)
  return 0
}
