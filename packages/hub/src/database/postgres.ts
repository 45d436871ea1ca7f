import { Kysely, PostgresDialect, sql } from "kysely"
import pg from "pg"
import type { Database, Findings } from "./database.ts"
import { migrate, type Words } from "./migrations.ts"
import { search } from "./search.ts"
import type { Tables } from "./tables.ts"

const WORDS: Words = {
  bytes: "bytea",
  whole: "bigint",
  text: 'text collate "C"',
  key: "bigserial primary key",
  rowless: "",
  finding: [
    `create table finding (repository bigint primary key, kind text not null, words tsvector not null)`,
    `create index finding_words on finding using gin (words)`,
  ],
}
const INT8 = 20
/** Holders of this lock write; the number is any. */
const LOCK = 7_309_501

/** The same tables on a server, which several hubs may share. */
export async function openPostgres(url: string, now: number): Promise<Database> {
  const getTypeParser = ((id: number, format?: "text" | "binary") =>
    id === INT8 ? Number : pg.types.getTypeParser(id, format as "text")) as typeof pg.types.getTypeParser
  const pool = new pg.Pool({ connectionString: url, max: 16, types: { getTypeParser } })
  pool.on("error", () => undefined) // of a connection that idles: the next query tells
  const queries = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  await queries.connection().execute(async (one) => {
    await sql`select pg_advisory_lock(${LOCK})`.execute(one) // two hubs may start at once
    try {
      await migrate(one, WORDS, now)
    } finally {
      await sql`select pg_advisory_unlock(${LOCK})`.execute(one)
    }
  })
  return {
    name: "postgres",
    read: queries,
    transact: (isDurable, work) =>
      queries.transaction().execute(async (transaction) => {
        if (!isDurable) await sql`set local synchronous_commit = off`.execute(transaction)
        await sql`select pg_advisory_xact_lock(${LOCK})`.execute(transaction)
        await work(transaction)
      }),
    flush: async () => undefined, // its server has done so when it said that a durable one was committed
    findings: FINDINGS,
    close: () => queries.destroy(),
  }
}

const FINDINGS: Findings = {
  async put(queries, repository, { name, about, ports, kind }) {
    await sql`
      insert into finding (repository, kind, words)
      values (${repository}, ${kind}, setweight(to_tsvector('simple', ${name}), 'A') || setweight(to_tsvector('simple', ${about}), 'B')
        || setweight(to_tsvector('simple', ${ports}), 'C'))
      on conflict (repository) do update set kind = excluded.kind, words = excluded.words`.execute(queries)
  },
  find(queries, wanted) {
    const { words, kind } = wanted
    const asked = (label: "" | "A"): string =>
      words
        .map((word, i) => {
          const labels = `${i === words.length - 1 && word.length > 1 ? "*" : ""}${label}`
          return `'${word}'${labels === "" ? "" : `:${labels}`}`
        })
        .join(" & ")
    const ofKind = kind === undefined ? sql`` : sql`and kind = ${kind}`
    return search(wanted, {
      async count(most) {
        const { rows } = await sql<{ readonly count: number }>`
          select count(*) as count from (select 1 from finding
            where words @@ to_tsquery('simple', ${asked("")}) ${ofKind} limit ${most}) found`.execute(queries)
        return rows[0]!.count
      },
      async best(where, most, from, limit) {
        const query = sql`to_tsquery('simple', ${asked(where === "name" ? "A" : "")})`
        const { rows } = await sql<{ readonly id: number }>`
          select repository as id from (select repository, words from finding where words @@ ${query} ${ofKind}
            order by repository desc limit ${most}) found
          order by ts_rank(words, ${query}) desc, repository limit ${limit} offset ${from}`.execute(queries)
        return rows.map(({ id }) => id)
      },
    })
  },
}
