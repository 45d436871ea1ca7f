import { join } from "node:path"
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite"
import { Kysely, SqliteDialect, sql } from "kysely"
import type { Database, Findings, Queries } from "./database.ts"
import { migrate, type Words } from "./migrations.ts"
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

/** The hub's tables in one file. A connection writes, another reads what was committed. */
export async function openSqlite(folder: string, now: number): Promise<Database> {
  const path = join(folder, "hub.db")
  const write = open(path)
  await migrate(write, WORDS, now)
  const read = open(path)
  let wasDurable = true
  return {
    name: "sqlite",
    read,
    transact: (isDurable, work) =>
      write.connection().execute(async (queries) => {
        // In a write-ahead log a sync brings all to the disk that was written before.
        if (isDurable !== wasDurable)
          await sql.raw(`pragma synchronous = ${isDurable ? "full" : "normal"}`).execute(queries)
        wasDurable = isDurable
        await sql`begin immediate`.execute(queries)
        try {
          await work(queries)
          await sql`commit`.execute(queries)
        } catch (error) {
          await sql`rollback`.execute(queries).catch(() => undefined) // where it is over already, the error says why
          throw error
        }
      }),
    findings: FINDINGS,
    async close() {
      await read.destroy()
      await write.destroy()
    },
  }
}

function open(path: string): Queries {
  const database = new DatabaseSync(path)
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000; pragma cache_size = -65536; pragma mmap_size = 1073741824",
  )
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: forKysely(database) }) })
}

type Kyselys = Extract<ConstructorParameters<typeof SqliteDialect>[0]["database"], { prepare: unknown }>
const STATEMENTS_MAX = 512
/** Kysely speaks to better-sqlite3; what it asks of it Node has. Statements are kept: to prepare one takes longer than to run it. */
function forKysely(database: DatabaseSync): Kyselys {
  const kept = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const found = kept.get(text) ?? database.prepare(text)
    if (kept.size < STATEMENTS_MAX) kept.set(text, found)
    return found
  }
  return {
    close: () => database.close(),
    prepare(text) {
      const statement = prepare(text)
      const values = (all: readonly unknown[]): SQLInputValue[] => [...all] as SQLInputValue[]
      return {
        reader: statement.columns().length > 0,
        all: (all) => statement.all(...values(all)),
        run: (all) => statement.run(...values(all)),
        iterate: (all) => statement.iterate(...values(all)),
      }
    },
  }
}

const FINDINGS: Findings = {
  async put(queries, repository, { name, about, ports, kind }) {
    await sql`insert or replace into finding (rowid, name, about, ports, kind) values (${repository}, ${name}, ${about}, ${ports}, ${kind})`.execute(
      queries,
    )
  },
  async find(queries, { words, kind, skip, limit }) {
    const asked = words.map((word, i) => `"${word}"${i === words.length - 1 && word.length > 1 ? "*" : ""}`).join(" ")
    const match = `{name about ports} : (${asked})${kind === undefined ? "" : ` AND kind : "${kind}"`}`
    const { rows } = await sql<{ readonly id: number }>`
      select rowid as id from finding where finding match ${match} and rank match 'bm25(8, 2, 1, 0)'
      order by rank limit ${limit} offset ${skip}`.execute(queries)
    return rows.map(({ id }) => id)
  },
}
