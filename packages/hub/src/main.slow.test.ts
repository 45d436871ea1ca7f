import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { kill, killHubs, startProcess } from "./testing/kills.ts"

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url))
const KILLS = 40

test(`killed ${KILLS} times while modules are pushed, it loses no push that it acknowledged and shows no half module`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "hub-kill-"))
  try {
    const { acknowledged, faults } = await killHubs(folder, KILLS)
    expect(faults).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 600_000)

test("--help is told, a word that is none is misuse, a port that is taken is refused", async () => {
  const run = (...words: readonly string[]): Promise<readonly [number | null, string]> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [MAIN, ...words])
      let told = ""
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (told += part))
      child.on("close", (code) => resolve([code, told]))
    })
  expect(await run("--help")).toEqual([0, expect.stringContaining("Usage: brain hub")])
  expect(await run("--nonsense")).toEqual([2, expect.stringContaining("Usage: brain hub")])
  expect(await run("--verifiers", "0")).toEqual([2, expect.stringContaining("--verifiers takes")])
  expect(await run("--port", "many")).toEqual([2, expect.stringContaining("65535")])
  const folder = mkdtempSync(join(tmpdir(), "hub-port-"))
  try {
    const { child, url } = await startProcess(join(folder, "a"))
    const { port } = new URL(url)
    expect(await run("--folder", join(folder, "b"), "--port", port)).toEqual([1, expect.stringContaining("OB740")])
    expect(await run("--folder", join(folder, "a"), "--port", "0")).toEqual([1, expect.stringContaining("OB740")])
    writeFileSync(join(folder, "file"), "")
    expect(await run("--folder", join(folder, "file"), "--port", "0")).toEqual([1, expect.stringContaining("OB740")])
    const database = ["--database", "postgres://nobody@127.0.0.1:1/none"]
    expect(await run("--folder", join(folder, "c"), "--port", "0", ...database)).toEqual([
      1,
      expect.stringContaining("OB740"),
    ])
    await kill(child)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
