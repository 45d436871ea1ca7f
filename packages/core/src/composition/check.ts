import type { Problem } from "../base/problem.ts"
import { type Composition, FORMAT } from "./composition.ts"
import type { Library } from "./library.ts"
import { reporter } from "./reporter.ts"
import type { BrainSyntax, FileSyntax } from "./syntax.ts"
import { openTargets, type Targets } from "./targets.ts"

export interface Checked {
  /** Nothing when there are problems. */
  readonly composition?: Composition
  readonly problems: readonly Problem[]
}

/**
 * Resolves and checks the last brain of a file, whatever it leads to, and what else those files define. All problems are told of at once, those of reading first.
 * Problems: those of `parseBrains`, OB601 to OB629, and what the library says of a module that is not there.
 */
export function checkBrains(library: Library, main: string): Checked {
  const all = reporter()
  const parsed = [...library.files.values()]
  const reading = parsed.flatMap(({ problems }) => problems)
  // What was misread is no reason to say that it is missing as well.
  const broken = new Set(parsed.filter(({ problems }) => problems.length > 0).map(({ syntax }) => syntax))
  const file = library.files.get(main)!.syntax
  const targets = openTargets(library, all, broken)
  const last = file.definitions.findLast((each) => each.kind === "brain")
  let counts = targets.counts()
  if (last) {
    checkMain(targets, file, last)
    counts = targets.counts()
    checkOthers(targets)
  } else if (reading.length === 0)
    all.report(
      file,
      file.definitions[0]?.name ?? { start: 0, end: 0 },
      "OB629",
      `${main} has no brain to run.`,
      "Add one after its definitions: brain helpdesk { … }",
    )
  const misread = new Set([...broken].map((each) => each.file))
  const problems = [...reading, ...all.problems.filter(({ span }) => !misread.has(span?.file ?? ""))]
  return problems.length > 0 ? { problems } : { composition: { format: FORMAT, ...targets.upTo(counts) }, problems }
}

function checkMain({ all, definitionSignature }: Targets, file: FileSyntax, brain: BrainSyntax): void {
  const missing = brain.parameters.filter(({ value }) => value === undefined)
  if (missing.length > 0)
    all.report(
      file,
      missing[0]!.name,
      "OB620",
      `\`${brain.name.text}\` is a template: ${missing.map(({ name }) => `\`${name.text}\``).join(", ")} has no value.`,
      "Use it in another brain, with { … }, or give it a value: parameter … is …",
    )
  definitionSignature({ file, syntax: brain }, new Map(), { file, place: brain.name })
}

/** Checks what no other brain uses as well, but for templates, which have no values yet. */
function checkOthers({ library, definitionSignature }: Targets): void {
  for (const { syntax } of library.files.values())
    for (const brain of syntax.definitions)
      if (brain.kind === "brain" && brain.parameters.every(({ value }) => value !== undefined))
        definitionSignature({ file: syntax, syntax: brain }, new Map(), { file: syntax, place: brain.name })
}
