import { refuse } from "@open-brains/core/base/problem.ts"
import { type Reason, whyOf } from "@open-brains/core/composition/why.ts"
import { gather } from "../brains/gather.ts"
import { needBrainFile } from "../brains/sources.ts"
import { shorten } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain why BRAIN NAME`: where a value comes from, through includes and templates. Errors: OB634 for a name that is not there. */
export async function why(
  path: string,
  name: string,
  { json = false }: { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const { library, main } = await gather(needBrainFile(path))
  const broken = [...library.files.values()].flatMap(({ problems }) => problems)
  if (broken.length > 0) refuse(...broken)
  const reason = whyOf(library, main, name)
  if ("hint" in reason)
    return refuse({ code: "OB634", seen: `Nothing in ${main} is called \`${shorten(name)}\`.`, hint: reason.hint })
  if (json) services.print(JSON.stringify(reason))
  else for (const line of describe(reason, 0, services)) services.print(line)
  return 0
}

function describe(reason: Reason, depth: number, services: Services): readonly string[] {
  const { paint } = services
  const { file, line, said, through, from, isAbove, name, what } = reason
  const by = through.length > 0 ? `, included by ${through.join(", ")}` : ""
  const rest = isAbove
    ? paint("dim", "as above")
    : `${shorten(said, 90)}  ${paint("dim", `${what}, ${file}:${line}${by}`)}`
  return [
    `${"  ".repeat(depth)}${paint("bold", name)}  ${rest}`,
    ...from.flatMap((each) => describe(each, depth + 1, services)),
  ]
}
