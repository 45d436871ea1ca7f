import { refuse } from "@open-brains/core/base/problem.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import { gather } from "../brains/gather.ts"
import { readLock, writeLock } from "../brains/lock.ts"
import { needBrainFile } from "../brains/sources.ts"
import { counted } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain lock BRAIN`: from now on it uses these modules and no other, until it is locked again. */
export async function lock(
  path: string,
  { json = false }: { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const file = needBrainFile(path)
  const before = readLock(file)
  const { library, main, uses } = await gather(file, { isLocked: false })
  const { problems } = checkBrains(library, main)
  if (problems.length > 0) refuse(...problems)
  const changed = uses.filter((each) => before?.digestOf(each.file, each.source) !== each.digest)
  const written = await writeLock(file, uses)
  if (json) services.print(JSON.stringify({ lock: written, uses, changed }))
  else {
    for (const { source, digest } of changed) services.print(`${source}  ${digest.slice(0, 19)}…`)
    services.print(
      `${counted(uses.length, "use")} locked in ${written}${before ? `, ${changed.length} of them anew` : ""}.`,
    )
  }
  return 0
}
