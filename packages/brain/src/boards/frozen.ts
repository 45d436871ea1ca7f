import type { Numbers } from "@open-brains/core/base/dtype.ts"
import { refuse } from "@open-brains/core/base/problem.ts"
import { freeze } from "@open-brains/core/ir/freeze.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { validate } from "@open-brains/core/ir/validate.ts"

/** A program with what stands fast as constants. Errors: those of a program that is none. */
export function frozen(
  program: Program,
  values: Readonly<Record<string, Numbers>> = {},
  prepares: readonly string[] = [],
): Program {
  const problems = validate(program)
  if (problems.length > 0) refuse(...problems)
  return freeze(program, { values, prepares })
}
