import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"
import { inWorkplace } from "./workplace.ts"

test("a workplace is gone when the work is done, has failed, or the process ends in the middle", async () => {
  let seen = ""
  const see = async (folder: string): Promise<boolean> => {
    seen = folder
    return existsSync(folder)
  }
  expect([await inWorkplace("brain-work-", see), existsSync(seen)]).toEqual([true, false])
  const failing = inWorkplace("brain-work-", async (folder) => {
    await see(folder)
    throw new Error("no")
  })
  await expect(failing).rejects.toThrow("no")
  expect(existsSync(seen)).toBe(false)
  const module = pathToFileURL(join(import.meta.dirname, "workplace.ts")).href
  const program = `const { inWorkplace } = await import(${JSON.stringify(module)})
    await inWorkplace("brain-work-", async (folder) => { console.log(folder); process.exit(130) })`
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
  expect([status, existsSync(stdout.trim())]).toEqual([130, false])
  expect(stdout).toContain("brain-work-")
})
