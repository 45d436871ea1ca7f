import { counted, pad, shorten, widest } from "../layout.ts"
import { needPlace, openPlace, type PlaceOptions } from "../registry/open.ts"
import type { ExitCode, Services } from "../services.ts"
import { passesBeside, standingAt } from "../sharing/passes.ts"

interface Wish {
  readonly name: string
  readonly about: string
}

/** `brain wishes`: benchmarks of a place that nothing passes. */
export async function wishes(
  { from, json = false, ...options }: PlaceOptions & { readonly from?: string; readonly json?: boolean },
  { print, progress }: Services,
): Promise<ExitCode> {
  const { registry, hub } = await openPlace(needPlace(from, "--from"), options)
  const found: Wish[] = []
  if (hub) found.push(...(await hub.wishes()).map(({ name, about }) => ({ name, about })))
  else {
    const seen = new Set<string>()
    for (const { repository, digest, card } of await standingAt(registry, (name) => progress(`Looking at ${name}`))) {
      if (seen.has(repository)) continue // another tag of it was looked at: the one that its name stands for
      seen.add(repository)
      if (card.kind !== "benchmark") continue
      const passes = await passesBeside(registry, repository, digest, async () => card)
      if (!passes.some(({ benchmark }) => benchmark === digest)) found.push({ name: repository, about: card.about })
    }
    progress(undefined)
  }
  if (json) {
    print(JSON.stringify({ place: registry.place, wishes: found }))
    return 0
  }
  const width = widest(found.map(({ name }) => name))
  for (const { name, about } of found) print(`${pad(name, width)}  ${shorten(about, 80)}`)
  print(
    found.length === 0
      ? `Nothing is wished for at ${registry.place}: whatever benchmarks it has are passed.`
      : `${counted(found.length, "benchmark")} that nothing passes. Yours does? brain push FOLDER NAME --passes BENCHMARK`,
  )
  return 0
}
