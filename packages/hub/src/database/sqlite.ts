import { join } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { CompiledQuery, Kysely, SqliteDialect, sql } from "kysely"
import { coalesced, openSyncs, type Syncs } from "../syncs.ts"
import type { CardWords, Database, Findings, Queries } from "./database.ts"
import { migrate, type Words } from "./migrations.ts"
import { prepared } from "./prepared.ts"
import { search } from "./search.ts"
import type { Tables } from "./tables.ts"

const WORDS: Words = {
  bytes: "blob",
  whole: "integer",
  text: "text",
  key: "integer primary key autoincrement",
  rowless: " without rowid",
  // Without the text itself, which the card has.
  finding: [
    `create virtual table finding using fts5 (name, about, ports, kind, content = '', contentless_delete = 1, prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2')`,
  ],
}

/**
 * The hub's tables in one file. A connection writes, another reads what was committed. A commit is a write to the log without a
 * sync, which would hold up the thread; `flush` syncs the log aside, by one call for all that wait. Checkpoints sync log and
 * file by themselves (synchronous = normal), so that what left the log is on the disk. Source: sqlite.org/wal.html.
 */
export async function openSqlite(folder: string, now: number, syncs: Syncs = openSyncs()): Promise<Database> {
  const path = join(folder, "hub.db")
  const write = open(path)
  await migrate(write, WORDS, now)
  const read = open(path)
  await syncs.sync(folder) // the names of the file and its log
  return {
    name: "sqlite",
    read,
    transact: (_, work) =>
      write.connection().execute(async (queries) => {
        await queries.executeQuery(BEGIN)
        try {
          await work(queries)
          await queries.executeQuery(COMMIT)
        } catch (error) {
          await queries.executeQuery(ROLLBACK).catch(() => undefined) // where it is over already, the error says why
          throw error
        }
      }),
    flush: coalesced(() => syncs.syncData(`${path}-wal`)),
    findings: FINDINGS,
    async close() {
      await read.destroy()
      await write.destroy()
      await syncs.close()
    },
  }
}

const BEGIN = CompiledQuery.raw("begin immediate")
const COMMIT = CompiledQuery.raw("commit")
const ROLLBACK = CompiledQuery.raw("rollback")

function open(path: string): Queries {
  const database = new DatabaseSync(path)
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 4000; pragma busy_timeout = 10000; pragma cache_size = -65536; pragma mmap_size = 1073741824",
  )
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: forKysely(database) }) })
}

type Kyselys = Extract<ConstructorParameters<typeof SqliteDialect>[0]["database"], { prepare: unknown }>
type KyselysStatement = ReturnType<Kyselys["prepare"]>
const STATEMENTS_MAX = 512
/** Kysely speaks to better-sqlite3; what it asks of it Node has. Statements are kept: to prepare one takes longer than to run it. */
function forKysely(database: DatabaseSync): Kyselys {
  const kept = new Map<string, KyselysStatement>()
  const valuesOf = (all: readonly unknown[]): SQLInputValue[] => all as SQLInputValue[]
  const make = (text: string): KyselysStatement => {
    const statement = database.prepare(text)
    return {
      reader: statement.columns().length > 0,
      all: (all) => statement.all(...valuesOf(all)),
      run: (all) => statement.run(...valuesOf(all)),
      iterate: (all) => statement.iterate(...valuesOf(all)),
    }
  }
  return {
    close: () => database.close(),
    prepare(text) {
      const found = kept.get(text) ?? make(text)
      if (kept.size < STATEMENTS_MAX) kept.set(text, found)
      return found
    },
  }
}

const putFinding = prepared((queries, found: CardWords & { readonly repository: number }) => {
  const { repository, name, about, ports, kind } = found
  const put = sql`insert or replace into finding (rowid, name, about, ports, kind) values (${repository}, ${name}, ${about}, ${ports}, ${kind})`
  return { compile: () => put.compile(queries) }
})
const FINDINGS: Findings = {
  async put(queries, repository, words) {
    await putFinding(queries, { repository, ...words })
  },
  find(queries, wanted) {
    const { words, kind } = wanted
    const asked = words.map((word, i) => `"${word}"${i === words.length - 1 && word.length > 1 ? "*" : ""}`).join(" ")
    const match = (columns: string): string =>
      `{${columns}} : (${asked})${kind === undefined ? "" : ` AND kind : "${kind}"`}`
    const anywhere = match("name about ports")
    return search(wanted, {
      async count(most) {
        const { rows } = await sql<{ readonly count: number }>`
          select count(*) as count from (select 1 from finding where finding match ${anywhere} limit ${most})`.execute(
          queries,
        )
        return rows[0]!.count
      },
      async best(where, most, from, limit) {
        // The inner query has a limit, so that no more than `most` are ranked.
        const { rows } = await sql<{ readonly id: number }>`
          select id from (select rowid as id, bm25(finding, 8, 2, 1, 0) as score from finding
            where finding match ${where === "name" ? match("name") : anywhere} order by rowid desc limit ${most})
          order by score, id limit ${limit} offset ${from}`.execute(queries)
        return rows.map(({ id }) => id)
      },
    })
  },
}
