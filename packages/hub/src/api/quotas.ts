import type { Queries } from "../database/database.ts"
import { preparedForAll } from "../database/prepared.ts"
import type { Tables } from "../database/tables.ts"
import { refuseWith } from "./errors.ts"

const HOUR_MS = 3_600_000
export interface Allowance {
  readonly pushes: number // an hour
  readonly bytes: number
}
/** Headers that tell what is left. Source: IETF draft-ietf-httpapi-ratelimit-headers-07, in its older form of three headers. */
export type RateHeaders = Readonly<Record<string, string>>

const addQuotas = preparedForAll((queries, rows: readonly Tables["quota"][]) =>
  queries
    .insertInto("quota")
    .values(rows.map(({ who, hour, pushes, bytes }) => ({ who, hour, pushes, bytes })))
    .onConflict((conflict) =>
      conflict.columns(["who", "hour"]).doUpdateSet(({ eb, ref }) => ({
        pushes: eb(ref("quota.pushes"), "+", ref("excluded.pushes")),
        bytes: eb(ref("quota.bytes"), "+", ref("excluded.bytes")),
      })),
    )
    .returning(["who", "pushes", "bytes"]),
)
/** Counts a push of somebody, or of several who differ; of these the one who has least left is told. Errors: OB736. */
export async function spend(
  queries: Queries,
  all: readonly { readonly who: string; readonly allowance: Allowance }[],
  bytes: number,
  now: number,
): Promise<RateHeaders> {
  const hour = Math.floor(now / HOUR_MS)
  const seconds = Math.ceil(((hour + 1) * HOUR_MS - now) / 1000)
  let tightest: RateHeaders = {}
  let least = Number.POSITIVE_INFINITY
  // Where it is refused, the transaction goes back, and nothing was spent.
  const rows = all.map(({ who }) => ({ who, hour, pushes: 1, bytes }))
  const spentBy = new Map((await addQuotas(queries, rows)).map((each) => [each.who, each]))
  for (const { who, allowance } of all) {
    const spent = spentBy.get(who)!
    const left = Math.max(0, allowance.pushes - spent.pushes)
    const headers = {
      "ratelimit-limit": `${allowance.pushes}`,
      "ratelimit-remaining": `${left}`,
      "ratelimit-reset": `${seconds}`,
    }
    if (spent.pushes > allowance.pushes || spent.bytes > allowance.bytes) {
      const what = spent.pushes > allowance.pushes ? `${allowance.pushes} pushes` : `${allowance.bytes} bytes`
      refuseWith(
        {
          code: "OB736",
          seen: `${who.slice(0, 100)} has pushed what is taken within an hour: ${what}.`,
          hint: `Push again in ${Math.ceil(seconds / 60)} minutes.`,
        },
        { headers: { ...headers, "retry-after": `${seconds}` } },
      )
    }
    if (left < least) [least, tightest] = [left, headers]
  }
  return tightest
}
