import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"
import type { Digest } from "@open-brains/core/base/digest.ts"
import { expect, test } from "vitest"
import { digestBytes } from "./hash.ts"
import { claim, jsonOf, makeModule, makeSigner, pushModule, type TestModule } from "./testing/hub.ts"

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url))
const KILLS = 40

async function start(folder: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [MAIN, "--folder", folder, "--port", "0", "--json"])
  let told = ""
  child.stderr.on("data", (part) => (told += part))
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the hub ended with ${code}: ${told}`)))
    child.stdout.on("data", (part) => {
      child.removeAllListeners("exit")
      resolve({ child, url: (JSON.parse(`${part}`) as { url: string }).url })
    })
  })
}
const kill = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once("exit", () => resolve())
    child.kill("SIGKILL")
  })

test(`killed ${KILLS} times while modules are pushed, it loses no push that it acknowledged and shows no half module`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "hub-kill-"))
  const ada = makeSigner()
  /** Of each module: what was acknowledged last, and what was under way then. */
  const acknowledged = new Map<string, { readonly module: TestModule; readonly serial: number }>()
  const underWay = new Map<string, TestModule>()
  const sent = new Map<Digest, TestModule>()
  let seed = 20261127
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return seed / 2 ** 31
  }
  let pushes = 0
  try {
    for (let round = 0; round < KILLS; round++) {
      const { child, url } = await start(folder)
      if (round === 0) expect((await claim(url, "acme", ada)).status).toBe(200)
      // Whatever the tags stand for is whole, and no older than what was acknowledged.
      for (const [name, last] of acknowledged) {
        const [tag] = await jsonOf<{ artifact: Digest; serial: number }[]>(
          fetch(`${url}/api/v1/modules/acme/${name}/tags`),
        )
        const expected = tag!.serial === last.serial ? last.module : underWay.get(name)
        expect(tag!.serial, name).toBeGreaterThanOrEqual(last.serial)
        expect(tag!.artifact, name).toBe(expected!.artifact)
        acknowledged.set(name, { module: expected!, serial: tag!.serial })
        const manifest = await fetch(`${url}/v2/acme/${name}/manifests/edge`)
        expect(digestBytes(new Uint8Array(await manifest.arrayBuffer()))).toBe(tag!.artifact)
        for (const blob of expected!.blobs) {
          const found = await fetch(`${url}/v2/acme/${name}/blobs/${digestBytes(blob)}`)
          expect(digestBytes(new Uint8Array(await found.arrayBuffer()))).toBe(digestBytes(blob))
        }
      }
      underWay.clear()
      const pushing = Promise.all(
        ["one", "two", "three", "four"].map(async (name) => {
          for (;;) {
            const last = acknowledged.get(name)
            const module = makeModule(
              new Uint8Array(20_000).fill(pushes % 251).map((byte, i) => byte ^ (i % 7)),
              { about: `push ${pushes++}` },
            )
            underWay.set(name, module)
            sent.set(module.artifact, module)
            try {
              const rest = { previous: last?.module.artifact ?? null, serial: last?.serial ?? 0 }
              const response = await pushModule(url, `acme/${name}`, module, ada, rest)
              // A first push may have arrived and its answer not; then the serial is one more than is known here.
              if (response.status === 409 && last === undefined) {
                const { state } = await jsonOf<{ state: { serial: number; artifact: Digest } }>(response)
                expect(state.serial).toBe(1)
                acknowledged.set(name, { module: sent.get(state.artifact)!, serial: 1 })
                continue
              }
              expect(response.status).toBe(200)
              acknowledged.set(name, { module, serial: (last?.serial ?? 0) + 1 })
            } catch (error) {
              if (error instanceof TypeError) return // the hub is gone
              throw error
            }
          }
        }),
      )
      await new Promise((resolve) => setTimeout(resolve, 30 + 220 * random()))
      await kill(child)
      await pushing
    }
    const database = new DatabaseSync(join(folder, "hub.db"))
    expect(database.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" })
    database.close()
    expect(acknowledged.size).toBe(4)
    expect([...acknowledged.values()].reduce((sum, { serial }) => sum + serial, 0)).toBeGreaterThan(KILLS)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 240_000)

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
    const { child, url } = await start(join(folder, "a"))
    const { port } = new URL(url)
    expect(await run("--folder", join(folder, "b"), "--port", port)).toEqual([1, expect.stringContaining("OB740")])
    expect(await run("--folder", join(folder, "a"), "--port", "0")).toEqual([1, expect.stringContaining("OB740")])
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
