import { counted, shorten, wrap } from "../layout.ts"
import { type RebuiltOn, rebuildOn as rebuildNets } from "../rebuild_on.ts"
import type { ExitCode, Services } from "../services.ts"
import { fetchingBy, progressBar } from "./progress.ts"
import { describeBroken } from "./update.ts"

export interface RebuildOnCommandOptions {
  readonly data: string
  readonly into: string
  readonly on?: readonly string[]
  readonly base?: string
  readonly offline?: boolean
  readonly json?: boolean
}
const EVERY_MS = 100

/** `brain rebuild NET… --data SET --into FOLDER`: candidates from other data, each compared with the old one. Exit code 1 when one is refused. */
export async function rebuildOn(
  modules: readonly string[],
  { json = false, offline, ...options }: RebuildOnCommandOptions,
  services: Services,
): Promise<ExitCode> {
  const { print, progress } = services
  let shown = 0
  const rebuilt = await rebuildNets(modules, {
    ...options,
    fetching: fetchingBy(services, offline),
    onTeach: () => progressBar(services),
    onItem(name, done, count) {
      if (performance.now() - shown < EVERY_MS && done < count) return
      shown = performance.now()
      progress(`Comparing ${shorten(name, 40)}: ${done} of ${counted(count, "item")}`)
    },
    onRebuilt(each) {
      progress(undefined)
      if (!json) tell(each, services)
    },
  })
  progress(undefined)
  if (json) print(JSON.stringify({ data: options.data, rebuilt }))
  return rebuilt.some(({ is }) => is === "refused") ? 1 : 0
}

function tell({ name, brain, into, is, trial, problem }: RebuiltOn, { print, paint }: Services): void {
  const where = brain === undefined ? "" : ` in ${brain}`
  const named = `${paint("bold", name)}${where}`
  if (is === "same data") return print(`${named}  learnt from just these data: nothing to build`)
  const candidate = into === undefined ? "" : ` ${into} is the candidate.`
  if (is === "untried")
    return print(`${named}  built.${candidate} Nothing tells whether it is as good: name a benchmark, --on BENCHMARK.`)
  const said = paint(is === "accepted" ? "green" : "red", is)
  print(
    wrap(
      `${named}  ${said}. ${problem ? `${problem.code}: ${problem.seen} ${problem.hint}` : trial!.because}${candidate}`,
    ),
  )
  for (const each of trial?.broken ?? []) print(`  ${describeBroken(each)}`)
}
