import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sql } from "kysely"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Database, Queries } from "./database.ts"
import { openSqlite } from "./sqlite.ts"
import { writerOf } from "./writer.ts"

let folder: string
let database: Database
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-writer-"))
  database = await openSqlite(folder, 0)
})
afterEach(async () => {
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})
const count = async (): Promise<number> => (await database.read.selectFrom("repository").select("id").execute()).length
const add = (queries: Queries, name: string): Promise<unknown> =>
  queries.insertInto("repository").values({ namespace: "acme", name }).execute()

test("what waits together is one transaction; one that is refused takes nothing along", async () => {
  let transactions = 0
  const counted: Database = {
    ...database,
    transact(isDurable, work) {
      transactions++
      return database.transact(isDurable, work)
    },
  }
  const writer = writerOf(counted, async () => undefined)
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      writer.write(async ({ queries }) => {
        await add(queries, `module-${i}`)
        if (i % 10 === 3) throw new Error("refused")
        return i
      }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(5)
  expect(await count()).toBe(45)
  expect(transactions).toBeLessThan(5)
})

test("nobody is told that it is written before folders are on the disk and the transaction is", async () => {
  const events: string[] = []
  const seen: Database = {
    ...database,
    async transact(isDurable, work) {
      await database.transact(isDurable, work)
      events.push("committed")
    },
  }
  const writer = writerOf(seen, async (which) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await count()).toBe(0) // readers see nothing yet
    events.push(`settled ${which}`)
  })
  await writer.write(async ({ queries, settle }) => {
    await add(queries, "one")
    settle("blobs")
  })
  events.push("told")
  expect(events).toEqual(["settled blobs", "committed", "told"])
})

test("where a folder cannot be brought to the disk, all are told so and nothing is written", async () => {
  const writer = writerOf(database, () => Promise.reject(new Error("the disk is full")))
  const write = writer.write(async ({ queries, settle }) => {
    await add(queries, "one")
    settle("blobs")
  })
  await expect(write).rejects.toThrow("the disk is full")
  expect(await count()).toBe(0)
})

test("what is written soon settles nothing by itself; the next write settles for both", async () => {
  const settled: string[] = []
  const writer = writerOf(database, async (which) => void settled.push(which))
  await writer.writeSoon(async ({ queries, settle }) => {
    await add(queries, "one")
    settle("blobs")
  })
  expect([await count(), settled]).toEqual([1, []])
  await writer.write(async ({ queries }) => void (await add(queries, "two")))
  expect([await count(), settled]).toEqual([2, ["blobs"]])
})

test("the file is synced with each durable transaction", async () => {
  const level = async (isDurable: boolean): Promise<unknown> => {
    let found: unknown
    await database.transact(isDurable, async (queries) => {
      found = (await sql<{ synchronous: number }>`pragma synchronous`.execute(queries)).rows[0]?.synchronous
    })
    return found
  }
  expect([await level(true), await level(false), await level(true)]).toEqual([2, 1, 2]) // full, normal, full
})
