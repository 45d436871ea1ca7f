import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { missingProgram, repository, requireOrSkip } from "../../../../scripts/testing.ts"
import { temporary } from "../testing/command.ts"

test("in a terminal: letters are seen as they are typed, and the screen is given back", {
  timeout: 60_000,
}, async (context) => {
  requireOrSkip(context, missingProgram("script"))
  const path = join(temporary(), "letter.txt")
  const line = `stty cols 60 rows 10; "${process.execPath}" "${join(repository, "packages/brain/src/main.ts")}" write none "${path}"`
  const child = spawn("script", ["-qec", line, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] })
  onTestFinished(() => void child.kill())
  let shown = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    shown += text
  })
  const see = async (text: string): Promise<void> => {
    while (!shown.includes(text)) await once(child.stdout, "data")
    shown = shown.slice(shown.indexOf(text) + text.length)
  }
  await see("\u001b[?1049h")
  await see("letter.txt")
  child.stdin.write("Dear Ann")
  await see("Dear Ann")
  child.stdin.write("\u001b[D\u007fu\r")
  await see("not saved")
  child.stdin.write("\u0013")
  await see("Saved ")
  child.stdin.write("x\u0003")
  await see("Ctrl-C again")
  child.stdin.write("\u0003")
  await see("\u001b[?1049l")
  const [code] = (await once(child, "exit")) as [number]
  expect([code, readFileSync(path, "utf8")]).toEqual([0, "Dear Au\nn"])
})
