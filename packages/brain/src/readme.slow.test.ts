import { spawnSync } from "node:child_process"
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../scripts/testing.ts"
import { GREETING } from "./command_line.ts"
import { temporary } from "./testing/command.ts"

/** A folder that looks like the repository, and holds nothing of it: what is made there is gone afterwards. */
function workplace(): string {
  const folder = temporary()
  for (const name of ["brain", "check", "modules", "node_modules"])
    symlinkSync(join(repository, name), join(folder, name))
  cpSync(join(repository, "examples"), join(folder, "examples"), { recursive: true }) // what is locked or written anew there
  return folder
}
const run = (
  cwd: string,
  script: string,
): { readonly script: string; readonly status: number | null; readonly err: string; readonly out: string } => {
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", script], {
    cwd,
    encoding: "utf8",
    input: "",
    timeout: 120_000,
    // Keys and a store of its own.
    env: {
      ...process.env,
      XDG_CONFIG_HOME: join(cwd, ".config"),
      XDG_DATA_HOME: join(cwd, ".data"),
      BRAIN_STORE: "",
      BRAIN_HUB: "",
    },
  })
  return { script, status, err: stderr, out: stdout }
}

const DOCUMENTS = [
  "README.md",
  "docs/manual/first.md",
  "docs/manual/engine.md",
  "docs/manual/brains/first.md",
  "docs/manual/brains/language.md",
  "docs/manual/trust/correct.md",
  "docs/manual/trust/editions.md",
  "docs/manual/trust/measure.md",
  "docs/manual/boards.md",
  "docs/manual/scribe.md",
  "docs/manual/brains/streams.md",
  "docs/manual/brains/see.md",
  "docs/manual/commons/share.md",
  "docs/manual/commons/prove.md",
  "docs/manual/commons/update.md",
  "docs/manual/commons/wishes.md",
  "docs/manual/scribe_commands.md",
]
test.each(DOCUMENTS)("%s: every command and every program in it runs, in its order", { timeout: 300_000 }, (path) => {
  const folder = workplace()
  const blocks = [
    ...readFileSync(join(repository, path), "utf8").matchAll(/```(sh|ts|js|brain|text)\n([\s\S]*?)```/g),
  ].map(([, kind, source]) => ({ kind: kind!, source: source! }))
  expect(blocks.map(({ kind }) => kind)).toContain("sh")
  let last = ""
  for (const [i, { kind, source }] of blocks.entries()) {
    if (kind === "text") {
      expect(last).toBe(source) // what the block before it prints
      continue
    }
    if (kind === "brain" || kind === "js") {
      const [, name] = /^(?:#|\/\/) ([a-z]+\.(?:brain|js))\n/.exec(source)! // its first line names the file
      writeFileSync(join(folder, name!), source)
      continue
    }
    if (kind === "ts") writeFileSync(join(folder, "snippet.ts"), source)
    const lines = kind === "ts" ? [`"${process.execPath}" snippet.ts`] : source.trim().split("\n")
    for (const [at, line] of lines.entries()) {
      // The tests run the tests no second time: that the line can be read is what is tested.
      const script = line.startsWith("./check") ? `test -x check; sh -n check; sh -nc '${line}'` : line
      const { out, err, ...ran } = run(folder, script)
      const isRefused = at === lines.length - 1 && blocks[i + 1]?.source.startsWith("error[")
      expect({ ...ran, err: isRefused ? "" : err }).toEqual({ script, status: isRefused ? 1 : 0, err: "" })
      last = isRefused ? err : out
    }
  }
})

test("the greeting: every command in it runs, in its order", { timeout: 300_000 }, () => {
  const folder = workplace()
  const commands = GREETING.split("\n").flatMap((line) => /^ {2}(\.\/brain .*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? [])
  expect(commands.length).toBe(33)
  const isTyped = (script: string): boolean => script.startsWith("./brain write") // it needs a terminal: write.slow.test.ts
  for (const script of commands.filter((each) => !isTyped(each)))
    expect(run(folder, script)).toMatchObject({ script, status: 0, err: "" })
})
