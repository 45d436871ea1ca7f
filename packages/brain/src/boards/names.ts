import { refuse } from "@open-brains/core/base/problem.ts"

/**
 * Names of headers that a library of that name would hide, and of files that lie beside it. A C compiler looks into the
 * folders of libraries before its own.
 */
const TAKEN = [
  ...[
    "assert",
    "complex",
    "ctype",
    "errno",
    "fenv",
    "float",
    "inttypes",
    "iso646",
    "limits",
    "locale",
    "math",
    "setjmp",
  ],
  ...[
    "signal",
    "stdarg",
    "stdbool",
    "stddef",
    "stdint",
    "stdio",
    "stdlib",
    "string",
    "tgmath",
    "time",
    "wchar",
    "wctype",
  ],
  ...[
    "arduino",
    "wire",
    "spi",
    "eeprom",
    "servo",
    "print",
    "stream",
    "client",
    "server",
    "main",
    "unistd",
    "net",
    "chip",
  ],
  ...["con", "prn", "aux", "nul"], // no file of Windows
]
/** Words of C and C++ that no variable of a sketch could have. */
const WORDS = [
  ...["auto", "bool", "break", "case", "char", "class", "const", "default", "delete", "do", "double", "else", "enum"],
  ...["extern", "false", "float", "for", "goto", "if", "inline", "int", "long", "new", "private", "public", "register"],
  ...["return", "short", "signed", "sizeof", "static", "struct", "switch", "template", "this", "true", "typedef"],
  ...["union", "unsigned", "using", "virtual", "void", "volatile", "while"],
]
const NAME_MAX = 32

/** What the functions of an export begin with: the module's name with underscores, or the one that a person chose. Errors: OB856. */
export function exportName(module: string, chosen?: string): string {
  const name = chosen ?? module.replaceAll("-", "_").slice(0, NAME_MAX)
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name) || name.length > NAME_MAX)
    return unfit(`\`${name.slice(0, 60)}\` is no name in C`, `letters, digits and _, at most ${NAME_MAX}`)
  if (TAKEN.includes(name.toLowerCase()))
    return unfit(`a library called \`${name}\` would hide ${name}.h, which others include`, "another word")
  if (WORDS.includes(name)) return unfit(`\`${name}\` is a word of C`, "another word")
  return name
}
const unfit = (seen: string, kind: string): never =>
  refuse({
    code: "OB856",
    seen: `The export cannot be called so: ${seen}.`,
    hint: `Say --name with ${kind}, such as --name my_desk.`,
  })
