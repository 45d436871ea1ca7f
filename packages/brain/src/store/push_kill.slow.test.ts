import { spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { stream } from "@open-brains/core/base/random.ts"
import { SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { INCOMING } from "./blobs.ts"
import { openLayout } from "./layout.ts"
import { moduleOf, push } from "./testing/artifacts.ts"

const KILLS = 60

test(`a process killed at any moment while it pushes loses no push that it was told of, and leaves no half module (SEED=${SEED})`, async () => {
  const folder = join(temporary(), "store")
  await openLayout(folder, { create: true })
  const random = stream(SEED, "mix", 0)
  let acknowledged = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const pusher = spawn(process.execPath, [join(import.meta.dirname, "testing/pusher.ts"), folder, `k${kill}`, "49"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    let last = -1
    createInterface(pusher.stdout).on("line", (line) => {
      last = Number(line)
    })
    await once(pusher.stdout, "data") // it pushes
    await new Promise((wake) => setTimeout(wake, 60 * random.uniform(kill)))
    const ended = once(pusher, "close")
    pusher.kill("SIGKILL")
    await ended
    const layout = await openLayout(folder)
    const tags = await layout.tags(`acme/k${kill}`)
    for (let edition = 0; edition <= last; edition++) expect(tags).toContain(`t${edition}`)
    acknowledged += last + 1
    for (const tag of tags) {
      const { digest } = (await layout.resolve(`acme/k${kill}`, tag))!
      const { config, layers } = await layout.facts(digest)
      for (const each of [config!, ...layers]) await layout.blob("", each.digest, each.size)
    }
    await push(layout, "acme/after", moduleOf(`after${kill}`), "edge") // takes the lock over, and heals
    expect(readdirSync(join(folder, INCOMING))).toEqual([])
    expect(readdirSync(folder).filter((name) => name.includes(".index.lock"))).toEqual([])
  }
  expect(acknowledged).toBeGreaterThan(KILLS)
}, 300_000)
