import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Refusal } from "@open-brains/core/base/problem.ts"
import type { Descriptor } from "@open-brains/core/commons/artifact.ts"
import { expect, onTestFinished, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"
import { artifactOf } from "./artifact.ts"
import { openLayout } from "./layout.ts"
import { INDEX_LIMITS, REF_NAME } from "./layout_index.ts"
import { codesOf, moduleOf, push } from "./testing/artifacts.ts"
import { putArtifact } from "./unpack.ts"

const ERRORS = join(repository, "docs/errors")
const PAGES = readdirSync(ERRORS).filter((page) => /^OB71/.test(page))
const HERE = process.cwd()
const ECHO = `brain echo {
  about "Says what a message is about"
  licence "CC0-1.0"
  takes message: text up to 1024 bytes
  gives reply: text up to 99 bytes
  use mood from "acme/mood"
  kind is mood of message
  reply is "{kind}"
}
`

/** A push without a signature: what a place gets, and what is refused before anything is sent. */
async function pushInto(path: string, name: string, folder: string): Promise<readonly string[]> {
  try {
    await putArtifact(await openLayout(folder, { create: true }), name, await artifactOf(path), "edge")
    return []
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ code }) => code)
    throw error
  }
}
async function codesOfScript(script: string): Promise<readonly string[]> {
  let codes: readonly string[] = []
  for (const line of script.trim().split("\n")) {
    const [, store, words] = /^(?:BRAIN_STORE=(\S+) )?brain (.*)$/.exec(line) ?? []
    vi.stubEnv("BRAIN_STORE", store ?? "none")
    const [, path, name, folder] = /^push (\S+) (\S+) --to (\S+)$/.exec(words ?? "") ?? []
    if (path !== undefined) codes = await pushInto(path, name!, folder!)
    else if (words !== undefined)
      codes = [...(await brain(words.split(" "))).err.matchAll(/^error\[(\w+)\]/gm)].map(([, found]) => found!)
    else expect(spawnSync("sh", ["-euc", line]).status, line).toBe(0)
  }
  return codes
}

test.each(PAGES)("docs/errors/%s: the broken example gives this code alone, the mended one none", async (page) => {
  const place = temporary()
  vi.stubEnv("XDG_CACHE_HOME", join(place, "cache"))
  process.chdir(place)
  onTestFinished(() => {
    process.chdir(HERE)
    vi.unstubAllEnvs()
  })
  cpSync(join(repository, "examples/helpdesk/desk"), "desk", { recursive: true })
  mkdirSync("echo")
  writeFileSync("echo/module.brain", ECHO)
  await pushInto("desk", "acme/mood", "store")
  const text = readFileSync(join(ERRORS, page), "utf8")
  const codes: (readonly string[])[] = []
  for (const [, script] of text.matchAll(/```sh\n([\s\S]*?)```/g)) codes.push(await codesOfScript(script!))
  expect(codes).toEqual(page === "OB716.md" ? [] : [[page.slice(0, -3)], []])
  expect(text.startsWith(`# ${page.slice(0, -3)}: `)).toBe(true)
})

test("docs/errors/OB716.md: as it is described", async () => {
  const layout = await openLayout(temporary(), { create: true })
  const one = await push(layout, "acme/mood", moduleOf("one"), "edge")
  const entries = Array.from(
    { length: INDEX_LIMITS.entries - 1 },
    (_, i): Descriptor => ({ ...one, annotations: { [REF_NAME]: `acme/m${i}:edge` } }),
  )
  const fill = (count: number): Promise<void> =>
    layout.change(async () => ({ entries: entries.slice(0, count), result: undefined }))
  await fill(INDEX_LIMITS.entries - 1)
  await push(layout, "acme/mood", moduleOf("one"), "edge")
  expect(await codesOf(push(layout, "acme/more", moduleOf("one"), "edge"))).toBe("OB716")
  expect(await layout.tags("acme/mood")).toEqual(["edge"])
  await fill(9)
  expect(await codesOf(push(layout, "acme/more", moduleOf("one"), "edge"))).toBe("none")
}, 30_000)
