import { spawnSync } from "node:child_process"
import { chmodSync, cpSync, mkdirSync, readdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { findProgram, missingProgram, repository, requireOrSkip } from "../../../scripts/testing.ts"
import { load } from "./load.ts"
import { readModule } from "./store/folder.ts"
import { teachModule } from "./teach.ts"
import { fileWith, temporary } from "./testing/command.ts"
import { CSV, teachDesk } from "./testing/lesson.ts"
import { later, MAIN, start } from "./testing/process.ts"

const MESSAGES = join(repository, "examples/helpdesk/messages.csv")

test("Ctrl-C at any moment of a lesson leaves a whole module, and says so in one line", async () => {
  const parent = temporary()
  const into = join(parent, "desk")
  await teachDesk(parent)
  const before = (await readModule(into)).digest
  const whole = start(["teach", MESSAGES, "--into", into, "--replace", "--base", "none", "--json"])
  const started = performance.now()
  const { digest: after } = JSON.parse((await whole.ended).out)
  const lasts = performance.now() - started
  expect((await readModule(into)).digest).toBe(after)
  cpSync(into, join(temporary(), "kept"), { recursive: true })
  await teachDesk(parent)

  const codes: (number | null)[] = []
  for (const share of [0.3, 0.45, 0.6, 0.75, 0.9, 0.97]) {
    const { child, ended } = start(["teach", MESSAGES, "--into", into, "--replace", "--base", "none"])
    await later(share * lasts)
    child.kill("SIGINT")
    const { code, signal, out, err } = await ended
    codes.push(code)
    const { digest } = await readModule(into)
    if (code === 130) {
      expect([out, err, signal]).toEqual(["", "Stopped; nothing was changed.\n", null])
      expect(digest).toBe(before)
    } else {
      expect([code, digest]).toEqual([0, after])
      expect(err).toMatch(/^It replaced a module that carried 15 examples;/)
      await teachDesk(parent)
    }
    expect(readdirSync(parent)).toEqual(["desk"])
  }
  expect(codes.slice(0, 2)).toEqual([130, 130]) // a lesson may be faster than the one that was timed
}, 120_000)

test("a lesson that is killed leaves the module that was there", async () => {
  const parent = temporary()
  const into = join(parent, "desk")
  const { brain } = await teachDesk(parent)
  const { child, ended } = start(["teach", MESSAGES, "--into", into, "--replace", "--base", "none"])
  await later(350) // well within a lesson, which takes a second on a fast machine
  child.kill("SIGKILL")
  expect((await ended).signal).toBe("SIGKILL")
  expect((await load(into)).files.digest).toBe(brain.files.digest)
  expect(readdirSync(parent)).toEqual(["desk"])
}, 60_000)

test("Ctrl-C in a tour and while ask waits ends them at once, and leaves nothing behind", async () => {
  const parent = temporary()
  await teachDesk(parent)
  const leftovers = (): readonly string[] => readdirSync(tmpdir()).filter((name) => /^brain-\w{6}$/.test(name))
  const before = leftovers()
  for (const [signal, status, words] of [
    ["SIGINT", 130, ["ask", join(parent, "desk")]],
    ["SIGINT", 130, ["tour"]],
    ["SIGTERM", 143, ["tour"]],
  ] as const) {
    const { child, ended } = start(words)
    if (words[0] === "tour") child.stdin.end()
    await later(1200)
    child.kill(signal)
    const { code, err } = await ended
    expect([words[0], code, err]).toEqual([words[0], status, "Stopped; nothing was changed.\n"])
  }
  expect(leftovers()).toEqual(before)
}, 60_000)

test("a reader that has seen enough ends it quietly", async () => {
  const parent = temporary()
  await teachDesk(parent)
  const command = `yes "where is my parcel" | "$NODE" "$MAIN" ask desk | head -1; yes hi | "$NODE" "$MAIN" ask desk --json | head -1`
  const env = { ...process.env, NODE: process.execPath, MAIN }
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: parent, env, encoding: "utf8" })
  expect([status, stderr, stdout.split("\n").length]).toEqual([0, "", 3])
}, 60_000)

test("a line that is refused ends it, though whoever writes keeps the pipe open", async () => {
  const parent = temporary()
  await teachDesk(parent)
  const { child, ended } = start(["ask", join(parent, "desk")])
  child.stdin.write("{bad\n")
  const { code, err } = await ended
  expect([code, err.split("\n")[0]]).toEqual([
    1,
    "error[OB504]: Line 1 of the input is no JSON object with a `text`: {bad",
  ])
}, 20_000)

test("a place where nobody may write is refused before training", async (context) => {
  requireOrSkip(context, process.platform === "win32" ? "Windows has other permissions" : undefined, false)
  const isRoot = process.getuid?.() === 0
  const parent = temporary()
  chmodSync(parent, 0o755)
  const shelf = join(parent, "shelf")
  mkdirSync(shelf)
  chmodSync(shelf, 0o555)
  const file = fileWith(CSV)
  chmodSync(join(file, ".."), 0o755)
  const nobody = isRoot ? { uid: 65_534 } : {}
  const { ended } = start(["teach", file, "--into", join(shelf, "desk"), "--base", "none"], nobody)
  const { code, err } = await ended
  if (/EACCES.*main\.ts/.test(err)) return context.skip("nobody else may read this repository")
  expect([code, err]).toEqual([1, expect.stringContaining(`error[OB157]: ${join(shelf, "desk")}: you may not do that`)])
})

test("5,000 labels are taught and told apart", async () => {
  const examples = Array.from({ length: 5000 }, (_, i) => ({
    text: `word${i} please`,
    label: `label ${i}`,
    split: "train" as const,
  }))
  const into = join(temporary(), "many")
  const recipe = { epochs: 1, dims: 8 }
  const { brain } = await teachModule({ examples, into, name: "many", recipe })
  expect(brain.labels).toHaveLength(5000)
  expect((await load(into)).ask("word77 please")).toEqual(brain.ask("word77 please"))
}, 120_000)

test("more labels than a manifest holds are refused before training", async () => {
  const rows = Array.from({ length: 10_001 }, (_, i) => `word${i},label ${i}`)
  const words = ["teach", fileWith(`text,label\n${rows.join("\n")}\n`), "--into", join(temporary(), "x")]
  const { code, err } = await start([...words, "--base", "none"]).ended
  expect([code, err.split("\n")[0]]).toEqual([1, "error[OB113]: There are more than 10000 labels."])
})

test("the tour, played by a person at a terminal", async (context) => {
  requireOrSkip(context, missingProgram("python3"))
  const script = join(import.meta.dirname, "testing/terminal.py")
  const { status, stdout } = spawnSync(findProgram("python3")!, [script, process.execPath, MAIN, "tour"], {
    encoding: "utf8",
    timeout: 90_000,
  })
  expect(stdout).toContain(
    "Type a message as a customer would. What you say of an answer counts at once. Enter alone ends the",
  )
  expect(stdout).toMatch(/told {4}it is [a-z_]+; taken in \d+ ms/)
  expect(stdout).toContain("5. Fold it in")
  expect(stdout).toContain("That is all of it: no account, no network, plain files.")
  expect(status).toBe(0)
}, 100_000)
