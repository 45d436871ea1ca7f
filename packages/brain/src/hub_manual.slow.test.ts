import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { missingProgram, repository } from "../../../scripts/testing.ts"
import { temporary } from "./testing/command.ts"

const MANUAL = join(repository, "docs/manual/commons/hub.md")
/** What a machine may lack, or what needs a server of its own; PostgreSQL is tested beside the hub. */
const left = (line: string): boolean =>
  (line.startsWith("skopeo") && missingProgram("skopeo") !== undefined) || /^createdb|--database/.test(line)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { readonly port: number }
  server.close()
  return port
}

test("docs/manual/commons/hub.md: every command in it runs, in its order", { timeout: 300_000 }, async () => {
  const folder = temporary()
  for (const name of ["brain", "modules", "node_modules"]) symlinkSync(join(repository, name), join(folder, name))
  cpSync(join(repository, "examples"), join(folder, "examples"), { recursive: true })
  const port = `${await freePort()}`
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...{ XDG_CONFIG_HOME: join(folder, ".config"), XDG_DATA_HOME: join(folder, ".data"), BRAIN_STORE: "" },
    BRAIN_HUB: `http://127.0.0.1:${port}`,
  }
  const blocks = [...readFileSync(MANUAL, "utf8").matchAll(/```(sh|brain)\n([\s\S]*?)```/g)]
  const said = new Map<string, string>()
  for (const [, kind, source] of blocks) {
    if (kind === "brain") {
      writeFileSync(join(folder, /^# (\w+\.brain)\n/.exec(source!)![1]!), source!)
      continue
    }
    for (const written of source!.trim().split("\n")) {
      const line = written.replaceAll("7464", port)
      if (left(line) || line.startsWith("export BRAIN_HUB=")) continue
      if (line.startsWith("./brain hub ")) {
        const hub = spawn(
          process.execPath,
          [join(repository, "packages/hub/src/main.ts"), "--folder", "hub", "--port", port],
          {
            ...{ cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] },
          },
        )
        onTestFinished(() => void hub.kill())
        await once(hub.stdout!, "data")
        continue
      }
      const { status, stdout, stderr } = spawnSync("sh", ["-euc", line], {
        cwd: folder,
        env,
        encoding: "utf8",
        timeout: 120_000,
      })
      expect([line, status, line.startsWith("skopeo") ? "" : stderr]).toEqual([line, 0, ""])
      said.set(written, stdout)
    }
  }
  const saidTo = (part: string): string => [...said].findLast(([line]) => line.includes(part))![1]
  expect(saidTo("/dependents")).toBe('{"post":["letters"]}')
  expect(saidTo("/namespaces/ann")).toContain('"threshold":1')
  expect(saidTo("key send")).toContain("ann/desk:next stands for")
  expect(saidTo("check_log.ts")).toContain("It has grown from the 4 that it had.")
  expect(saidTo("/healthz")).toBe("ok\n")
  expect(saidTo("/metrics")).toContain('hub_pushes_total{outcome="moved"} 4')
})
