import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stream } from "@open-brains/core/base/random.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { expect, onTestFinished, test } from "vitest"
import { readModule, writeModule } from "./folder.ts"
import { manifestOf, newFolder, partsOf } from "./testing/module.ts"

const KILLS = 200

test(`a process killed at any moment while it writes leaves a whole module and the person's files (SEED=${SEED})`, async () => {
  const parent = newFolder()
  onTestFinished(() => rmSync(parent, { recursive: true, force: true }))
  const path = join(parent, "helpdesk")
  await writeModule(path, manifestOf("e0"), partsOf("e0"))
  mkdirSync(join(path, "tests"))
  writeFileSync(join(path, "tests/one.txt"), "mine")
  const random = stream(SEED, "mix", 0)
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = spawn(process.execPath, [join(import.meta.dirname, "testing/writer.ts"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    await once(writer.stdout, "data") // it writes
    await new Promise((wake) => setTimeout(wake, 28 * random.uniform(kill)))
    writer.kill("SIGKILL")
    await once(writer, "exit")
    const { manifest, parts } = await readModule(path)
    expect(new TextDecoder().decode(parts["graph.json"])).toBe(`graph ${manifest.about.slice("Edition ".length)}`)
    expect(readFileSync(join(path, "tests/one.txt"), "utf8")).toBe("mine")
  }
}, 300_000)
