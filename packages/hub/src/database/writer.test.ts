import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
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
  const writer = writerOf(counted)
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

test("nobody is told that it is written before it is on the disk; the next transaction does not wait for that", async () => {
  const events: string[] = []
  let arrive = (): void => undefined
  const seen: Database = {
    ...database,
    async transact(isDurable, work) {
      await database.transact(isDurable, work)
      events.push("committed")
    },
    flush: () =>
      new Promise((resolve) => {
        arrive = () => resolve(void events.push("on the disk"))
      }),
  }
  const writer = writerOf(seen)
  const told = writer.write(({ queries }) => add(queries, "one")).then(() => events.push("told"))
  await writer.writeSoon(({ queries }) => add(queries, "with it")) // in one transaction, of which it waits for no disk
  await writer.writeSoon(({ queries }) => add(queries, "after it"))
  expect([await count(), events]).toEqual([3, ["committed", "committed"]])
  arrive()
  await told
  expect(events).toEqual(["committed", "committed", "on the disk", "told"])
})

test("one that is refused alone leaves nothing behind, and the next one is written", async () => {
  const writer = writerOf(database)
  const refused = writer.write(async ({ queries }) => {
    await add(queries, "half")
    throw new Error("refused")
  })
  await expect(refused).rejects.toThrow("refused")
  expect(await count()).toBe(0)
  await writer.write(({ queries }) => add(queries, "whole"))
  expect(await count()).toBe(1)
})

test("where the log cannot be brought to the disk, all are told so, and from then on everybody is", async () => {
  await database.close()
  let failures = 1
  database = await openSqlite(folder, 0, {
    sync: async () => undefined,
    async syncData(path) {
      if (path.endsWith("-wal") && failures-- > 0) throw new Error("the disk is broken")
    },
    close: async () => undefined,
  })
  const writer = writerOf(database)
  const write = (name: string): Promise<unknown> => writer.write(({ queries }) => add(queries, name))
  await expect(write("one")).rejects.toThrow("the disk is broken")
  // The system forgets what it could not write: a second sync that succeeds proves nothing.
  await expect(write("two")).rejects.toThrow("the disk is broken")
})

test("what is durable syncs the log of the database, after it was committed, once for all that wait", async () => {
  await database.close()
  const synced: string[] = []
  database = await openSqlite(folder, 0, {
    sync: async () => undefined,
    async syncData(path) {
      synced.push(`${path.slice(folder.length)} ${await count()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    },
    close: async () => undefined,
  })
  const writer = writerOf(database)
  await writer.writeSoon(({ queries }) => add(queries, "soon"))
  expect(synced).toEqual([])
  await writer.write(({ queries }) => add(queries, "first"))
  expect(synced).toEqual(["/hub.db-wal 2"])
  const one = writer.write(({ queries }) => add(queries, "one"))
  await writer.writeSoon(({ queries }) => add(queries, "any")) // its sync has begun
  await Promise.all([one, ...["two", "three"].map((name) => writer.write(({ queries }) => add(queries, name)))])
  expect(synced).toHaveLength(3)
  expect(synced.at(-1)).toBe("/hub.db-wal 6")
})
