import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { formatBrains } from "./format.ts"
import { checkTexts } from "./testing/library.ts"

const ERRORS = join(repository, "docs/errors")
/** Those of the language; what needs a command line is tested beside it. */
const PAGES = readdirSync(ERRORS).filter((page) => /^OB6[0-2]/.test(page))
/** What an example may include. */
const PARTS =
  'brain spare {\n about "x" licence "CC0-1.0"\n takes a: text up to 9 bytes\n gives b: text up to 9 bytes\n b is a\n}\n'

test.each(PAGES)("docs/errors/%s: the broken example has this mistake alone, the mended one none", (page) => {
  const text = readFileSync(join(ERRORS, page), "utf8")
  const blocks = [...text.matchAll(/```brain\n([\s\S]*?)```/g)].map(([, source]) => source!)
  const codes = blocks.map((source) =>
    checkTexts({ "main.brain": source, "parts.brain": PARTS }).problems.map(({ code }) => code),
  )
  expect(codes).toEqual([[page.slice(0, -3)], []])
  expect(formatBrains(blocks[1]!, page)).toBe(blocks[1]) // written as everybody writes it
  expect(text.startsWith(`# ${page.slice(0, -3)}: `)).toBe(true)
})
