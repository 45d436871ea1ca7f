import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { brain, temporary } from "../testing/command.ts"

const SCRIBE = ["write", "none", "--memory", "64KB"]
const [SAVE, LEAVE] = ["\u0013", "\u0003"]

test("what is typed is written and saved, and nothing that was not", async () => {
  const path = join(temporary(), "letter.txt")
  const { code, err } = await brain([...SCRIBE, path], {
    input: `Dear Ann,\rthank you.${SAVE} More${LEAVE}${LEAVE}`,
    isTerminal: true,
  })
  expect([code, err, readFileSync(path, "utf8")]).toEqual([0, "", "Dear Ann,\nthank you."])
})
test("a text that is there is gone on with, and a completion of it is taken by a key", async () => {
  const path = join(temporary(), "letter.txt")
  writeFileSync(path, `${"Sincerely yours, the committee.\n".repeat(8)}Sincerely`)
  await brain([...SCRIBE, path], { input: `\u001b[C${SAVE}${LEAVE}`, isTerminal: true })
  expect(readFileSync(path, "utf8").endsWith("\nSincerely yours, the committee.")).toBe(true)
})
test("without a file the text is printed in the end", async () => {
  const { out } = await brain(SCRIBE, { input: `one\rtwo${LEAVE}`, isTerminal: true })
  expect(out.endsWith("one\ntwo")).toBe(true)
  const json = await brain([...SCRIBE, "--json"], { input: `one\rtwo${LEAVE}`, isTerminal: true })
  expect(JSON.parse(json.out.slice(json.out.lastIndexOf("{")))).toEqual({
    file: null,
    text: "one\ntwo",
    saved: null,
    learntBytes: 4,
  })
})
test("a place that cannot be written loses nothing, and says so", async () => {
  const folder = temporary()
  expect((await brain([...SCRIBE, join(folder, "no", "a.txt")], { isTerminal: true })).err).toContain("OB157")
  writeFileSync(join(folder, "bytes"), Uint8Array.of(0xff, 0xfe))
  expect((await brain([...SCRIBE, join(folder, "bytes")], { isTerminal: true })).err).toContain("OB819")
  expect(existsSync(join(folder, "no"))).toBe(false)
})
test("in a pipe it names what works there", async () => {
  const { code, err } = await brain(SCRIBE)
  expect([code, err]).toEqual([1, expect.stringContaining("OB815")])
  expect(err).toContain("brain generate")
})

test("what was learnt is kept where that is asked, as a lesson that can be taken back", async () => {
  const folder = temporary()
  const [scribe, notes] = [join(folder, "mine"), join(folder, "notes.txt")]
  writeFileSync(notes, "nothing yet\n")
  expect((await brain(["teach", "none", notes, "--into", scribe, "--memory", "64KB"])).err).toBe("")
  const { err } = await brain(["write", scribe, "--keep"], { input: `Zeppelin!\rmore${LEAVE}`, isTerminal: true })
  expect(err).toContain("lesson 2, 10 bytes")
  const { lessons } = JSON.parse((await brain(["lessons", scribe, "--json"])).out)
  expect(lessons).toHaveLength(2)
  await brain(["write", scribe], { input: `not kept\r${LEAVE}`, isTerminal: true })
  expect(JSON.parse((await brain(["lessons", scribe, "--json"])).out).lessons).toHaveLength(2)
  expect((await brain(["write", "none", "--keep"], { isTerminal: true })).err).toContain("OB820")
})
