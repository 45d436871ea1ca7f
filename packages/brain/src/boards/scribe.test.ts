import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { beforeAll, expect, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { temporary } from "../testing/command.ts"
import { boardNamed } from "./boards.ts"
import { folderFiles } from "./folder.ts"
import { libraryFiles } from "./library.ts"
import { type ExportedScribe, type ExportOptions, exportedProgram } from "./program.ts"
import { refuseUnfit, reportLines, reportOn } from "./report.ts"
import { sourcesOf } from "./sources.ts"

vi.mock("./compile.ts", async (original) => ({
  ...(await original<typeof import("./compile.ts")>()),
  findChipCompiler: () => undefined,
}))
const SCRIBE = join(repository, "modules/scribe-mega")
const mega = boardNamed("mega")
const plain = (_: unknown, text: string): string => text
const exported = async (path: string, options: ExportOptions = {}): Promise<ExportedScribe> =>
  (await exportedProgram(path, options)) as ExportedScribe
let scribe: ExportedScribe
beforeAll(async () => {
  scribe = await exported(SCRIBE)
})
const problemsOf = async (path: string, options: ExportOptions = {}): Promise<readonly string[]> => {
  try {
    await exported(path, options)
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code, seen }) => `${code}: ${seen}`)
    throw error
  }
}
/** The same as another one's own, which was taught. */
function taught(...lessons: readonly string[]): string {
  const folder = join(temporary(), "mine")
  cpSync(SCRIBE, folder, { recursive: true })
  mkdirSync(join(folder, "lessons"))
  for (const [i, text] of lessons.entries()) writeFileSync(join(folder, "lessons", `000${i + 1}-notes.txt`), text)
  return folder
}

test("lessons are refused, unless a scribe is meant to begin without: then its program is that of one without, and it says so", async () => {
  const path = taught("the cat sat\n", "on the mat\n")
  expect(await problemsOf(path)).toEqual([
    `OB866: ${path} has read 2 lessons, and no board reads that: there it would begin without.`,
  ])
  const forced = await exported(path, { isToLeave: true })
  expect(forced.program).toEqual(scribe.program)
  expect(forced.left).toEqual(["2 lessons"])
  const sources = sourcesOf(forced, emitChip(forced.program))
  const said = "It begins as its net has it: 2 lessons of the scribe are not in it."
  expect(libraryFiles(forced, sources, [])["scribe_mega/README.md"]).toContain(said)
  expect(folderFiles(forced, sources, [])["README.md"]).toContain(said)
  expect(sources.files["scribe_mega.h"]).toContain(said)
  const report = await reportOn(forced, sources, mega)
  expect(report.left).toEqual(["2 lessons"])
  expect(reportLines(report, mega, plain).join("\n")).toContain("it begins there without 2 lessons")
})

test("the scribe of a PC is told at once that no board has its memory, and then that no board reads its primer", async () => {
  const path = join(repository, "modules/scribe")
  expect(await problemsOf(path)).toEqual([
    `OB868: ${path} has 16 MB of tables, and the largest board of the table 328 KB of RAM.`,
  ])
  const size = readFileSync(join(path, "primer.txt")).length
  expect(await problemsOf(path, { memoryBytes: 4096 })).toEqual([
    `OB867: ${path} has read its primer of ${Math.round(size / 1000)} KB, and no board reads that: there it would begin without.`,
  ])
})

test("it has the memory that one says, and an estimate of RAM is what its C declares", async () => {
  const small = await exported(SCRIBE, { memoryBytes: 1024, name: "small" })
  const [ours, theirs] = [small, scribe].map((each) => sourcesOf(each, emitChip(each.program)))
  expect(ours!.ramBytes).toBeLessThan(theirs!.ramBytes - 3000)
  expect(ours!.files["small.h"]).toContain(`#define SMALL_RAM_BYTES ${ours!.ramBytes}`)
  expect(Object.keys(ours!.files).toSorted()).toEqual(["small.c", "small.h", "small_program.c", "small_program.h"])
  const { ram, calls } = await reportOn(small, ours!, mega)
  expect([ram.bytes, ram.known, calls.length]).toEqual([ours!.ramBytes, "about", 4])
  expect(await problemsOf(SCRIBE, { memoryBytes: 3000 })).toEqual(["OB800: A scribe cannot have 3000 bytes of memory."])
  expect((await problemsOf(SCRIBE, { textBytes: 64 })).map((each) => each.slice(0, 5))).toEqual(["OB857"])
})

test("one that is too large for a board is told with which memory it would fit", async () => {
  const large = await exported(SCRIBE, { memoryBytes: 2 ** 14 })
  const report = await reportOn(large, sourcesOf(large, emitChip(large.program)), mega)
  expect(() => refuseUnfit(report, mega)).toThrow(
    /OB853[\s\S]*nano33ble\); or with less memory it is another scribe: --memory \dKB/,
  )
})

test("its example and its words are there for the Arduino IDE", () => {
  const files = libraryFiles(scribe, sourcesOf(scribe, emitChip(scribe.program)), [])
  expect(files["scribe_mega/examples/Learn/Learn.ino"]).toContain("cost += scribe_mega_learn(line[i]);")
  for (const each of ["begin", "learn", "read", "next", "likelihood"]) {
    expect(files["scribe_mega/keywords.txt"]).toContain(`scribe_mega_${each}\tKEYWORD2`)
    expect(files["scribe_mega/src/scribe_mega.h"]).toMatch(new RegExp(`^\\w+ scribe_mega_${each}\\(`, "m"))
  }
})
