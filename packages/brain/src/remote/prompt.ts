import type { Port } from "@open-brains/core/composition/types.ts"
import type { Plain } from "@open-brains/core/run/values.ts"

const BRACES = /\{\{|\{([a-z][a-z0-9_]*)\}/g

/** The names that a prompt has in braces. */
export const namesIn = (prompt: string): readonly string[] =>
  [...prompt.matchAll(BRACES)].flatMap(([, name]) => name ?? [])

/** What an input of this type may stand for in a text. */
export const goesIntoText = ({ type }: Port): boolean => ["text", "label", "number"].includes(type.type)

/** The prompt with its inputs in it; `{{` is a brace. What an input holds is never read as a prompt again. */
export const filled = (prompt: string, inputs: ReadonlyMap<string, Plain>): string =>
  prompt.replace(BRACES, (whole, name: string | undefined) =>
    name === undefined ? "{" : inputs.has(name) ? `${inputs.get(name) ?? "unsure"}` : whole,
  )
