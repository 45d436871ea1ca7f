import { type Kysely, sql } from "kysely"
import type { Tables } from "./tables.ts"

/** What the two databases call things. */
export interface Words {
  readonly bytes: "blob" | "bytea"
  readonly whole: "integer" | "bigint"
  /** Text that is compared by its bytes. */
  readonly text: "text" | 'text collate "C"'
  readonly key: "integer primary key autoincrement" | "bigserial primary key"
  readonly rowless: " without rowid" | ""
  /** The index of words of cards. */
  readonly finding: readonly string[]
}

interface Migration {
  readonly name: string
  readonly statements: (words: Words) => readonly string[]
}

/** In their order; one that was released is never edited: another one follows it. */
const MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-hub",
    statements: ({ bytes, whole, text, key, rowless, finding }) => [
      `create table repository (id ${key}, namespace ${text} not null, name ${text} not null, unique (namespace, name))`,
      `create table blob (hash ${bytes} primary key, size ${whole} not null, at ${whole} not null, is_loose ${whole} not null)${rowless}`,
      `create index blob_loose on blob (at) where is_loose = 1`,
      `create table link (repository ${whole} not null, hash ${bytes} not null, primary key (repository, hash))${rowless}`,
      `create index link_hash on link (hash)`,
      `create table document (hash ${bytes} primary key, bytes ${bytes} not null)`,
      `create table small (hash ${bytes} primary key, bytes ${bytes} not null)`,
      `create table manifest (repository ${whole} not null, hash ${bytes} not null, media_type ${text} not null, artifact_type ${text}, subject ${bytes}, subject_size ${whole}, envelope ${bytes}, at ${whole} not null, is_loose ${whole} not null, primary key (repository, hash))${rowless}`,
      `create index manifest_subject on manifest (repository, subject) where subject is not null`,
      `create index manifest_loose on manifest (at) where is_loose = 1`,
      `create index manifest_hash on manifest (hash)`,
      `create table tag (repository ${whole} not null, name ${text} not null, hash ${bytes}, serial ${whole} not null, primary key (repository, name))${rowless}`,
      `create table namespace (name ${text} primary key, keys ${text} not null, threshold ${whole} not null, serial ${whole} not null, envelope ${bytes} not null, claimed_by ${text} not null, at ${whole} not null)`,
      `create index namespace_claimed on namespace (claimed_by)`,
      `create table push (id ${whole} primary key, repository ${whole} not null, tag ${text} not null, artifact ${bytes} not null, envelope ${bytes} not null, at ${whole} not null)`,
      `create unique index push_envelope on push (envelope)`,
      `create index push_repository on push (repository)`,
      `create table log (id ${whole} primary key, size ${whole} not null, peaks ${bytes} not null)`,
      `create table tile (level ${whole} not null, number ${whole} not null, hash ${bytes} not null, primary key (level, number))${rowless}`,
      `create table card (repository ${whole} primary key, artifact ${bytes} not null, kind ${text} not null, json ${text} not null, at ${whole} not null)`,
      `create index card_at on card (at)`,
      `create index card_kind on card (kind, at)`,
      `create table "use" (repository ${whole} not null, tag ${text} not null, target ${whole} not null, artifact ${bytes} not null, primary key (repository, tag, target, artifact))${rowless}`,
      `create index use_target on "use" (target, repository)`,
      `create table quota (who ${text} not null, hour ${whole} not null, pushes ${whole} not null, bytes ${whole} not null, primary key (who, hour))${rowless}`,
      ...finding,
    ],
  },
  {
    name: "0002-gate",
    statements: ({ bytes, whole, text, key, rowless }) => [
      `create table attestation (envelope ${bytes} primary key, candidate ${bytes} not null, baseline ${bytes} not null, benchmark ${bytes} not null, "key" ${text} not null, better ${whole} not null, equal ${whole} not null, worse ${whole} not null, at ${whole} not null)`,
      `create index attestation_candidate on attestation (candidate)`,
      `create index attestation_benchmark on attestation (benchmark)`,
      `create table candidate (id ${whole} primary key, repository ${whole} not null, tag ${text} not null, artifact ${bytes} not null, baseline ${bytes} not null, serial ${whole} not null, is_open ${whole} not null, state ${text} not null, at ${whole} not null)`,
      `create index candidate_repository on candidate (repository)`,
      `create table job (id ${key}, candidate ${whole} not null, kind ${text} not null, payload ${text} not null, state ${text} not null, priority ${whole} not null, lease_until ${whole} not null, worker ${text}, never ${text} not null, result ${bytes})`,
      `create index job_ready on job (priority, id) where state in ('ready', 'leased')`,
      `create index job_candidate on job (candidate)`,
      `create table worker ("key" ${text} primary key, seen_at ${whole} not null, marks ${whole} not null, results ${whole} not null)`,
      `create table nonce ("key" ${text} not null, nonce ${text} not null, at ${whole} not null, primary key ("key", nonce))${rowless}`,
      `create index nonce_at on nonce (at)`,
    ],
  },
  {
    name: "0003-gate-jobs",
    statements: ({ bytes, whole, text, rowless }) => [
      `create table lease (job ${whole} not null, worker ${text} not null, until ${whole} not null, state ${text} not null, code ${text}, result ${bytes}, primary key (job, worker))${rowless}`,
      `create index lease_worker on lease (worker) where state = 'leased'`,
      `alter table job add column parent ${whole}`,
      `create index job_parent on job (parent) where parent is not null`,
      `create index candidate_open on candidate (id) where is_open = 1`,
    ],
  },
  {
    name: "0004-passes",
    statements: ({ whole }) => [
      `alter table attestation add column passes ${whole} not null default 0`,
      `create index attestation_passes on attestation (benchmark) where passes = 1`,
    ],
  },
]

/** Brings the tables to what this version needs; what was done is not done again. */
export async function migrate(database: Kysely<Tables>, words: Words, now: number): Promise<void> {
  await sql`create table if not exists migration (name text primary key, at bigint not null)`.execute(database)
  const done = new Set((await database.selectFrom("migration").select("name").execute()).map(({ name }) => name))
  for (const { name, statements } of MIGRATIONS) {
    if (done.has(name)) continue
    await database.transaction().execute(async (transaction) => {
      for (const statement of statements(words)) await sql.raw(statement).execute(transaction)
      await transaction.insertInto("migration").values({ name, at: now }).execute()
    })
  }
}
