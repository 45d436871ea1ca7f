import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { readModule, writeModule } from "./folder.ts"
import { manifestOf, newFolder, partsOf } from "./testing/module.ts"

test("a process killed while it writes leaves a whole module and the person's files", async () => {
  const parent = newFolder()
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const path = join(parent, "helpdesk")
  await writeModule(path, manifestOf("e0"), partsOf("e0"))
  mkdirSync(join(path, "tests"))
  writeFileSync(join(path, "tests/one.txt"), "mine")
  for (let kill = 0; kill < 15; kill++) {
    const writer = spawn(process.execPath, [join(import.meta.dirname, "testing/writer.ts"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    await once(writer.stdout, "data") // it writes
    await new Promise((wake) => setTimeout(wake, 3 + kill * 1.7))
    writer.kill("SIGKILL")
    await once(writer, "exit")
    const { manifest, parts } = await readModule(path)
    expect(new TextDecoder().decode(parts["graph.json"])).toBe(`graph ${manifest.about.slice("Edition ".length)}`)
    expect(readFileSync(join(path, "tests/one.txt"), "utf8")).toBe("mine")
  }
}, 60_000)
