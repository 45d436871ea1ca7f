import type { Library } from "./library.ts"
import type { Reporter } from "./reporter.ts"
import type { BrainSyntax, FileSyntax, ModuleSyntax } from "./syntax.ts"

export interface Definition {
  readonly file: FileSyntax
  readonly syntax: BrainSyntax | ModuleSyntax
}
export type Definitions = ReadonlyMap<string, Definition>

/**
 * The definitions that a file sees: its own and those of the files that it includes, and so on. Each file is gone through once.
 * Problems: OB603 for two of one name, OB614 for files that include each other, OB615 for one that is not there.
 */
export function definitionsIn(library: Library, { report }: Reporter): (file: FileSyntax) => Definitions {
  const done = new Map<string, Map<string, Definition>>()
  const visit = (file: FileSyntax, path: readonly string[]): Map<string, Definition> => {
    const known = done.get(file.file)
    if (known) return known
    const found = new Map<string, Definition>()
    done.set(file.file, found)
    const within = [...path, file.file]
    for (const include of file.includes) {
      const key = library.included(file.file, include.text)
      const parsed = library.files.get(key)
      if (parsed === undefined) {
        report(
          file,
          include,
          "OB615",
          `There is no file ${key} to include.`,
          'Write its path from this file\'s folder, with /, like this: include "parts.brain"',
        )
        continue
      }
      if (within.includes(key)) {
        report(
          file,
          include,
          "OB614",
          `${key} includes this file, and is included by it, straight or through others.`,
          "Move what both need into a third file.",
        )
        continue
      }
      for (const [name, definition] of visit(parsed.syntax, within)) {
        const other = found.get(name)
        if (other === undefined) found.set(name, definition)
        else if (other.syntax !== definition.syntax)
          report(
            file,
            include,
            "OB603",
            `${key} defines \`${name}\`, and so does ${other.file.file}.`,
            "Give one of the two another name.",
          )
      }
    }
    for (const syntax of file.definitions) {
      const other = found.get(syntax.name.text)
      if (other !== undefined)
        report(
          file,
          syntax.name,
          "OB603",
          `There is a definition \`${syntax.name.text}\` already${other.file === file ? "" : ` in ${other.file.file}`}.`,
          "Give one of the two another name.",
        )
      else found.set(syntax.name.text, { file, syntax })
    }
    return found
  }
  return (file) => visit(file, [])
}
