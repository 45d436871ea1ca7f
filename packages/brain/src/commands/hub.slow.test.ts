import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { brain } from "../testing/command.ts"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))

test("`brain hub` runs one until it is ended, and leaves none behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-hub-"))
  try {
    const child = spawn(process.execPath, [MAIN, "hub", "--folder", join(folder, "hub"), "--port", "0", "--json"])
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once("data", (part) => resolve(`${part}`))
      child.once("exit", () => reject(new Error("it ended")))
    })
    const { url } = JSON.parse(line) as { readonly url: string }
    expect(await (await fetch(`${url}/api/v1/`)).json()).toMatchObject({ hub: "open-brains" })
    child.kill("SIGTERM")
    await new Promise((resolve) => child.once("exit", resolve))
    for (let i = 0; i < 100; i++) {
      const isThere = await fetch(`${url}/healthz`).then(
        () => true,
        () => false,
      )
      if (!isThere) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error("the hub is still there")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** Processes that a process has started, with their words. */
function childrenOf(pid: number): readonly { readonly pid: number; readonly words: string }[] {
  const { stdout } = spawnSync("ps", ["-o", "pid=,args=", "--ppid", `${pid}`], { encoding: "utf8" })
  return stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => ({ pid: Number.parseInt(line, 10), words: line }))
}
const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
async function until<T>(find: () => T | undefined): Promise<T> {
  for (let i = 0; i < 400; i++) {
    const found = find()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error("it never was so")
}

test("it keeps a referee: another one when that has died, and none when the hub has ended", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-hub-"))
  const child = spawn(process.execPath, [MAIN, "hub", "--folder", join(folder, "hub"), "--port", "0", "--json"])
  try {
    const referee = (than?: number) =>
      until(() => childrenOf(child.pid!).find(({ pid, words }) => words.includes(" --referee ") && pid !== than))
    const first = await referee()
    process.kill(first.pid, "SIGKILL")
    const second = await referee(first.pid)
    child.kill("SIGTERM")
    await new Promise((resolve) => child.once("exit", resolve))
    await until(() => !isRunning(second.pid))
  } finally {
    child.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
})

test("what it refuses is told as it tells it", async () => {
  expect(await brain(["hub", "--port", "many"])).toMatchObject({ code: 2, err: expect.stringContaining("65535") })
})
