import { existsSync } from "node:fs"
import { refuse } from "@open-brains/core/base/problem.ts"
import { type Reason, whyOf } from "@open-brains/core/composition/why.ts"
import { placeOf } from "../benchmarks/subject.ts"
import { gather } from "../brains/gather.ts"
import { storeName } from "../brains/names.ts"
import { needBrainFile } from "../brains/sources.ts"
import { shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"
import { shortDigest } from "../sharing/describe.ts"
import { artifactAround } from "../store/mine.ts"

/** `brain why BRAIN NAME`: where a value comes from, through includes and templates. Errors: OB634 for a name that is not there. */
export async function why(
  path: string,
  name: string,
  { json = false }: { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const { file, place } = await brainNamed(path)
  const { library, main } = await gather(file)
  const broken = [...library.files.values()].flatMap(({ problems }) => problems)
  if (broken.length > 0) refuse(...broken)
  /** Files of a module of the store by its name or its digest: where it was unpacked says nothing. */
  const shownFile = (each: string): string => {
    if (place !== path && each.startsWith(place)) return `${path}${each.slice(place.length)}`
    const around = artifactAround(each)
    return around ? `${shortDigest(around.digest)}${each.slice(around.folder.length)}` : each
  }
  const reason = whyOf(library, main, name)
  if ("hint" in reason)
    return refuse({
      code: "OB634",
      seen: `Nothing in ${shownFile(main)} is called \`${shorten(name)}\`.`,
      hint: reason.hint,
    })
  if (json) services.print(JSON.stringify(reason))
  else for (const line of describe(reason, 0, shownFile, services)) services.print(line)
  return 0
}

/** A path, or a name of the store. Errors: OB616 when the store does not have it, OB631 when it is no brain. */
async function brainNamed(path: string): Promise<{ readonly file: string; readonly place: string }> {
  const place = await placeOf(path)
  if (place === path && storeName(path) !== undefined && !existsSync(path))
    refuse({
      code: "OB616",
      seen: `There is no module \`${path}\` in your store.`,
      hint: `Take it from where it is: brain add ${path}. A folder begins with a dot: ./${path}`,
    })
  return { file: needBrainFile(place, path), place }
}

function describe(
  reason: Reason,
  depth: number,
  shownFile: (file: string) => string,
  services: Services,
): readonly string[] {
  const { paint } = services
  const { file, line, said, through, from, isAbove, name, what } = reason
  const by = through.length > 0 ? `, included by ${through.map(shownFile).join(", ")}` : ""
  const rest = isAbove
    ? paint("dim", "as above")
    : `${shorten(said, 90)}  ${paint("dim", `${what}, ${shownFile(file)}:${line}${by}`)}`
  return [
    `${"  ".repeat(depth)}${paint("bold", name)}  ${rest}`,
    ...from.flatMap((each) => describe(each, depth + 1, shownFile, services)),
  ]
}
