import { type Problem, Refusal, render } from "@open-brains/core/base/problem.ts"
import { checkBrains } from "@open-brains/core/composition/check.ts"
import type { Composition } from "@open-brains/core/composition/composition.ts"
import { openPart } from "../brains/compose.ts"
import { gather } from "../brains/gather.ts"
import { needBrainFile } from "../brains/sources.ts"
import { counted } from "../layout.ts"
import type { ExitCode, Services } from "../services.ts"

/** `brain check FILE`: reads a brain and whatever it leads to, and tells of all mistakes at once. */
export async function check(
  path: string,
  { json = false }: { readonly json?: boolean },
  services: Services,
): Promise<ExitCode> {
  const start = performance.now()
  const { library, main } = await gather(needBrainFile(path))
  const { composition, problems: found } = checkBrains(library, main)
  const problems = composition ? await codeProblems(composition) : found
  if (json) {
    const told = problems.map(({ span, ...rest }) => ({
      ...rest,
      ...(span
        ? {
            file: span.file,
            start: span.start,
            end: span.end,
            line: span.source.slice(0, span.start).split("\n").length,
          }
        : {}),
    }))
    services.print(JSON.stringify({ problems: told, brains: composition?.brains.length ?? 0 }))
    return problems.length > 0 ? 1 : 0
  }
  if (composition === undefined || problems.length > 0) {
    services.complain(`${problems.map(render).join("\n\n")}\n\n${counted(problems.length, "mistake")} in ${path}.`)
    return 1
  }
  const { modules, brains } = composition
  const ms = performance.now() - start
  services.print(
    `${services.paint("green", "ok")}  ${brains.at(-1)!.name}: ${counted(brains.length, "brain")}, ${counted(modules.length, "module")}, ${counted(library.files.size, "file")}, checked in ${ms.toFixed(0)} ms`,
  )
  return 0
}

/** What is wrong in the files of code themselves: each is opened, and closed again. */
async function codeProblems({ modules }: Composition): Promise<readonly Problem[]> {
  const problems: Problem[] = []
  for (const module of modules.filter(({ kind }) => kind === "code"))
    try {
      const part = await openPart(module, {})
      await part.close?.()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      problems.push(...error.problems)
    }
  return problems
}
