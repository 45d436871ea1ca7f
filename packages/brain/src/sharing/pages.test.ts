import { execFile, spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { endHubs, startHub } from "../../../hub/src/testing/hub.ts"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"

/** Pages of codes that a hub gives, or a command that speaks with one. */
const ERRORS = join(repository, "docs/errors")
const PAGES = readdirSync(ERRORS).filter((page) => /^OB(?:73[0-57]|740|77[456])/.test(page))
const HERE = process.cwd()

let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-pages-"))
  await teachDesk(folder)
  await teachDesk(folder, "other")
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let hubs: ReadonlyMap<string, string>
beforeEach(async () => {
  const place = temporary()
  cpSync(folder, place, { recursive: true })
  process.chdir(place)
  for (const home of ["XDG_CONFIG_HOME", "XDG_DATA_HOME"]) vi.stubEnv(home, join(place, home))
  hubs = new Map([
    ["7464", `${(await startHub()).port}`],
    ["7465", `${(await startHub()).port}`],
  ])
})
afterEach(async () => {
  process.chdir(HERE)
  vi.unstubAllEnvs()
  await endHubs()
})

/** The codes that the last command of a script gave; the others give none. */
async function codesOfScript(script: string): Promise<readonly string[]> {
  let codes: readonly string[] = []
  for (const written of script.trim().split("\n")) {
    expect(codes, script).toEqual([])
    const line = written.replaceAll(/\b746[45]\b/g, (port) => hubs.get(port)!)
    const [, store, words] = /^(?:BRAIN_STORE=(\S+) )?brain (.*)$/.exec(line) ?? []
    const [, address] = /^curl -s "?([^"]+)"?$/.exec(line) ?? []
    vi.stubEnv("BRAIN_STORE", store ?? "")
    if (words !== undefined) {
      const { code, err } = await brain(words.split(" "))
      codes = [...err.matchAll(/^error\[(\w+)\]/gm)].map(([, found]) => found!)
      expect(code, err).toBe(codes.length === 0 ? 0 : 1)
    } else if (address !== undefined) {
      const { stdout } = await promisify(execFile)("curl", ["-s", address]) // the hub answers in this process
      codes = [...stdout.matchAll(/^{"code":"(OB\d{3})"/g)].map(([, found]) => found!)
    } else expect(spawnSync("sh", ["-euc", line]).status, line).toBe(0)
  }
  return codes
}

test.each(PAGES)("docs/errors/%s: the broken example gives this code alone, the mended one none", async (page) => {
  const text = readFileSync(join(ERRORS, page), "utf8")
  const [broken, mended] = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, source]) => source!)
  expect(await codesOfScript(broken!)).toEqual([page.slice(0, -3)])
  if (mended === undefined)
    expect(text).toContain("Mended: `brain hub ") // what runs until it is ended
  else expect(await codesOfScript(mended)).toEqual([])
  expect(text.startsWith(`# ${page.slice(0, -3)}: `)).toBe(true)
})
