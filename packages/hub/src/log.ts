import type { Queries } from "./database/database.ts"
import { prepared } from "./database/prepared.ts"
import type { Tables } from "./database/tables.ts"
import { type Hash, sha256 } from "./hash.ts"
import type { HubKey } from "./keys.ts"
import { unpack } from "./packing.ts"

/**
 * The log of pushes: a Merkle tree of RFC 9162 over envelopes, to which they are only added. Of the tree stand in the database
 * its size, the roots of the full trees that it is made of (its peaks, the largest first), and of each full tile
 * the root; what else a tile needs is hashed from the envelopes. Tiles as in C2SP tlog-tiles: 256 hashes.
 */
export const TILE = 256
const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)
export const leafOf = (entry: Uint8Array): Hash => sha256(LEAF, entry)
const nodeOf = (left: Hash, right: Hash): Hash => sha256(NODE, left, right)

export interface LogState {
  readonly size: number
  readonly peaks: readonly Hash[]
}
const selectLog = prepared((queries, { id }: Pick<Tables["log"], "id">) =>
  queries.selectFrom("log").select(["size", "peaks"]).where("id", "=", id),
)
const putLog = prepared((queries, { id, size, peaks }: Tables["log"]) =>
  queries
    .insertInto("log")
    .values({ id, size, peaks })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ size, peaks })),
)
export async function readLog(queries: Queries): Promise<LogState> {
  const [found] = await selectLog(queries, { id: 1 })
  if (found === undefined) return { size: 0, peaks: [] }
  const peaks: Hash[] = []
  for (let at = 0; at < found.peaks.length; at += 32) peaks.push(found.peaks.slice(at, at + 32))
  return { size: found.size, peaks }
}

/** A subtree of 256^level leaves that is full now. */
export interface FullTile {
  readonly level: number
  readonly number: number
  readonly hash: Hash
}
export function grow(
  { size, peaks }: LogState,
  leaf: Hash,
): { readonly state: LogState; readonly tiles: readonly FullTile[] } {
  const left = [...peaks]
  const tiles: FullTile[] = []
  let hash = leaf
  let height = 0
  // As adding one carries in binary: two trees of one height are one of the next.
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    hash = nodeOf(left.pop()!, hash)
    height++
    if (height % 8 === 0) tiles.push({ level: height / 8, number: (size + 1) / 2 ** height - 1, hash })
  }
  return { state: { size: size + 1, peaks: [...left, hash] }, tiles }
}
export async function writeLog(queries: Queries, state: LogState, tiles: readonly FullTile[]): Promise<void> {
  await putLog(queries, { id: 1, size: state.size, peaks: Buffer.concat(state.peaks) })
  for (const tile of tiles) await queries.insertInto("tile").values(tile).execute()
}
/** Adds an entry; its index. */
export async function appendLog(queries: Queries, entry: Uint8Array): Promise<number> {
  const before = await readLog(queries)
  const { state, tiles } = grow(before, leafOf(entry))
  await writeLog(queries, state, tiles)
  return before.size
}

export function rootOf({ peaks }: LogState): Hash {
  const last = peaks.at(-1)
  if (last === undefined) return sha256(new Uint8Array())
  return peaks.slice(0, -1).reduceRight((right, left) => nodeOf(left, right), last)
}

/** The hashes of a tile, or nothing where the log has not so many. `width` is 256, or less of the last one of a level. */
export async function tileOf(
  queries: Queries,
  level: number,
  number: number,
  width: number,
): Promise<Uint8Array | undefined> {
  const from = number * TILE
  const { size } = await readLog(queries)
  if ((from + width) * TILE ** level > size) return undefined
  if (level === 0) return Buffer.concat((await entriesOf(queries, from, width)).map(leafOf))
  const found = await queries
    .selectFrom("tile")
    .select("hash")
    .where("level", "=", level)
    .where("number", ">=", from)
    .where("number", "<", from + width)
    .orderBy("number")
    .execute()
  return Buffer.concat(found.map(({ hash }) => hash))
}
async function entriesOf(queries: Queries, from: number, count: number): Promise<readonly Uint8Array[]> {
  const found = await queries
    .selectFrom("push")
    .innerJoin("document", "document.hash", "push.envelope")
    .select("document.bytes")
    .where("push.id", ">=", from)
    .where("push.id", "<", from + count)
    .orderBy("push.id")
    .execute()
  return found.map(({ bytes }) => unpack(bytes))
}
/** Each with its length before it, in two bytes. */
export async function bundleOf(queries: Queries, number: number, width: number): Promise<Uint8Array | undefined> {
  const { size } = await readLog(queries)
  if (number * TILE + width > size) return undefined
  const entries = await entriesOf(queries, number * TILE, width)
  return Buffer.concat(entries.flatMap((entry) => [Uint8Array.of(entry.length >> 8, entry.length & 255), entry]))
}

export const ORIGIN = "open-brains/log"
/** A signed note of what the log is: C2SP tlog-checkpoint and signed-note, ed25519. */
export function printCheckpoint(state: LogState, key: HubKey): string {
  const text = `${ORIGIN}\n${state.size}\n${Buffer.from(rootOf(state)).toString("base64")}\n`
  const type = Uint8Array.of(1) // ed25519
  const id = sha256(Buffer.from(`${ORIGIN}\n`), type, key.raw).slice(0, 4)
  const signature = Buffer.concat([id, key.sign(Buffer.from(text))]).toString("base64")
  return `${text}\n— ${ORIGIN} ${signature}\n`
}
