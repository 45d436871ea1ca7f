import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { openTestDatabase } from "../testing/hub.ts"
import type { Database, Wanted } from "./database.ts"

const MODULES = 400
describe("a search", () => {
  let folder: string
  let database: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "hub-search-"))
    database = await openTestDatabase(folder)
    await database.transact(false, async (queries) => {
      for (let id = 1; id <= MODULES; id++)
        await database.findings.put(queries, id, {
          kind: "net",
          name: id % 50 === 7 ? `helpdesk number${id}` : `number${id}`,
          about: `common ${"words ".repeat(1 + ((id * 7) % 11))}${id % 40 === 0 ? "rare" : ""}${id % 3 === 0 ? " helpdesk" : ""}`,
          ports: "text",
        })
    })
  })
  afterEach(async () => {
    await database.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const find = (rest: Partial<Wanted>): Promise<readonly number[]> =>
    database.findings.find(database.read, {
      ...{ words: ["common"], kind: undefined, skip: 0, limit: 20, rankedMax: 60 },
      ...rest,
    })
  const everything = { limit: 1000, rankedMax: 100_000 }

  test("a rare word beside common ones gives the order of the full ranking", async () => {
    for (const words of [["rare", "common"], ["words", "rare"], ["number77"]]) {
      const full = await find({ words, ...everything })
      expect(full.length).toBeGreaterThan(0)
      expect(await find({ words, limit: 100 })).toEqual(full)
    }
  })

  test("of more than are ranked, those with all words in their names come first, old or new; then the newest", async () => {
    const named = [7, 57, 107, 157, 207, 257, 307, 357]
    const found = await find({ words: ["helpdesk"], limit: 30 })
    expect(found.slice(0, named.length).toSorted((a, b) => a - b)).toEqual(named)
    const others = found.slice(named.length)
    expect(Math.min(...others)).toBeGreaterThan(MODULES - 3 * 60) // one in three has the word
    expect(new Set(await find({ words: ["helpdesk"], limit: 30, rankedMax: 1000 }))).toContain(7)
  })

  test("pages of an approximate order follow one another without a gap and without a double", async () => {
    const whole = await find({ words: ["helpdesk"], limit: 50 })
    expect(new Set(whole).size).toBe(50)
    const pages = [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]
    const parts = await Promise.all(pages.map((skip) => find({ words: ["helpdesk"], skip, limit: 5 })))
    expect(parts.flat()).toEqual(whole)
  })
})
