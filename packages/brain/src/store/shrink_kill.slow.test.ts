import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { stream } from "@open-brains/core/base/random.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { openLayout } from "./layout.ts"
import { edition } from "./testing/editions.ts"
import { fetchArtifact } from "./unpack.ts"

const KILLS = 25

test(`a process killed at any moment while it keeps editions as deltas loses none of them (SEED=${SEED})`, async () => {
  const folder = join(temporary(), "store")
  await openLayout(folder, { create: true })
  const random = stream(SEED, "mix", 1)
  let acknowledged = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const name = `k${kill}`
    const shrinker = spawn(process.execPath, [join(import.meta.dirname, "testing/shrinker.ts"), folder, name], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let last = -1
    createInterface(shrinker.stdout).on("line", (line) => {
      last = Number(line)
    })
    await once(shrinker.stdout, "data") // it pushes
    await new Promise((wake) => setTimeout(wake, 100 + 300 * random.uniform(kill)))
    const ended = once(shrinker, "close")
    shrinker.kill("SIGKILL")
    await ended
    const layout = await openLayout(folder)
    for (let i = 0; i <= last; i++) {
      const { artifact } = edition(name, i)
      expect((await layout.resolve(`acme/${name}`, `t${i}`))?.digest).toBe(artifact.digest)
      await fetchArtifact(layout, `acme/${name}`, artifact.digest) // each byte, compared with its digest
    }
    acknowledged += last + 1
  }
  expect(acknowledged).toBeGreaterThan(KILLS)
  expect(readdirSync(join(folder, "deltas")).length).toBeGreaterThan(KILLS / 5)
}, 300_000)
