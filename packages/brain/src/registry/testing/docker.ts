import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Debian's registry on a free port of this machine, with a folder of its own. */
export async function startDockerRegistry(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "brain-registry-"))
  const port = await freePort()
  mkdirSync(join(folder, "data"))
  const config = join(folder, "config.yml")
  writeFileSync(
    config,
    `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${join(folder, "data")} }, delete: { enabled: true } }
http: { addr: "127.0.0.1:${port}", secret: test }
`,
  )
  const child = spawn("docker-registry", ["serve", config], { stdio: "ignore" })
  const address = `http://127.0.0.1:${port}`
  await answers(`${address}/v2/`, child)
  return {
    address,
    async stop() {
      const ended = new Promise((done) => child.once("exit", done))
      child.kill("SIGKILL")
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once("error", fail)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === "object" ? done(address.port) : fail(address)))
    })
  })
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`)
    if (
      await fetch(url).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return
    await new Promise((wake) => setTimeout(wake, 50))
  }
  throw new Error("the registry does not answer")
}
