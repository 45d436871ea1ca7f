import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { seal } from "../testing/altered.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"

const ERRORS = join(repository, "docs/errors")
/** OB765 to OB768 are of work for a hub, and tested there. */
const PAGES = readdirSync(ERRORS).filter((page) => /^OB7(?:5|6[0-4])/.test(page))
const HERE = process.cwd()

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-errors-"))
  await teachDesk(folder)
  cpSync(join(folder, "desk"), join(folder, "copy"), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  const place = temporary()
  cpSync(folder, place, { recursive: true })
  process.chdir(place)
})
afterEach(() => {
  process.chdir(HERE)
  vi.unstubAllEnvs()
})

/** The codes that the last command of a script gave; the others give none. Keys and store are its own. */
async function codesOfScript(script: string): Promise<readonly string[]> {
  let codes: readonly string[] = []
  const home = temporary()
  vi.stubEnv("XDG_CONFIG_HOME", join(home, "config"))
  vi.stubEnv("BRAIN_STORE", join(home, "store"))
  for (const line of script.trim().split("\n")) {
    if (line.startsWith("brain ")) {
      const words = line.slice(6).match(/"[^"]*"|\S+/g) ?? []
      const { code, err, out } = await brain(words.map((word) => word.replaceAll('"', "")))
      codes = [...err.matchAll(/^error\[(\w+)\]/gm)].map(([, found]) => found!)
      expect(code, `${line}\n${out}\n${err}`).toBe(codes.length === 0 ? 0 : 1)
    } else if (line.startsWith("seal ")) seal(line.slice(5))
    else expect(spawnSync("sh", ["-euc", line]).status, line).toBe(0)
  }
  return codes
}

test.each(PAGES)("docs/errors/%s: the broken example gives this code alone, the mended one none", async (page) => {
  const text = readFileSync(join(ERRORS, page), "utf8")
  const [broken, mended] = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, source]) => source!)
  const before = process.cwd()
  expect(await codesOfScript(broken!)).toEqual([page.slice(0, -3)])
  process.chdir(HERE)
  rmSync(before, { recursive: true, force: true })
  cpSync(folder, before, { recursive: true })
  process.chdir(before)
  expect(await codesOfScript(mended!)).toEqual([])
  expect(text.startsWith(`# ${page.slice(0, -3)}: `)).toBe(true)
})
