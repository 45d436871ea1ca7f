import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { brain, temporary } from "../testing/command.ts"

test("a lock keeps a brain to its nets and its code, until it is locked again", async () => {
  const folder = join(temporary(), "forum")
  cpSync(join(repository, "examples/moderation"), folder, { recursive: true })
  const asked = async (): Promise<string> => (await brain(["ask", folder, "thank you for the tip"])).err
  expect((await brain(["lock", folder])).code).toBe(0)
  expect(await asked()).toBe("")
  const code = join(folder, "marks.js")
  const source = readFileSync(code, "utf8")
  writeFileSync(code, `${source}\n// changed\n`)
  expect(await asked()).toMatch(/^error\[OB617\]: .*marks\.js is not the code that is locked/)
  writeFileSync(code, source)
  expect(await asked()).toBe("")
  await brain(["correct", join(folder, "tone"), "thank you for the tip", "advert"])
  expect(await asked()).toMatch(/^error\[OB617\]: \.\/tone is not the module that is locked/)
  const { out } = await brain(["lock", folder])
  expect(out).toContain("2 uses locked in")
  expect(out).toContain("1 of them anew")
  expect(await asked()).toBe("")
})

test("brain check opens code: what would fail when it is asked fails there", async () => {
  const folder = join(temporary(), "forum")
  cpSync(join(repository, "examples/moderation"), folder, { recursive: true })
  expect((await brain(["check", folder])).code).toBe(0)
  writeFileSync(join(folder, "marks.js"), "function answr(message) { return 1 }")
  expect((await brain(["check", folder])).err).toContain("error[OB662]")
})
