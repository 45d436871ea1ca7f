import type { Wanted } from "./database.ts"

/** What a database does of a search. */
export interface Ranking {
  /** How many there are that have all words, counted no further than `most`. */
  count(most: number): Promise<number>
  /** Of the newest `most` that have all words, wherever or in their names, those of the best rank: `from` as many as `limit`. */
  best(where: "anywhere" | "name", most: number, from: number, limit: number): Promise<readonly number[]>
}

/**
 * To rank a module takes longer than to find it, and a common word is in nearly all of them. Where at most `rankedMax` modules
 * have all words the order is that of the full ranking, so that a rare word beside a common one loses nothing. Where more have
 * them the order is approximate: first those that have all words in their names, then the others; of both, the newest
 * `rankedMax` alone are looked at, which is a static order that both databases find without a sort.
 */
export async function search({ skip, limit, rankedMax }: Wanted, ranking: Ranking): Promise<readonly number[]> {
  if ((await ranking.count(rankedMax + 1)) <= rankedMax) return ranking.best("anywhere", rankedMax, skip, limit)
  const end = skip + limit
  const named = await ranking.best("name", rankedMax, 0, end)
  if (named.length >= end) return named.slice(skip, end)
  const others = await ranking.best("anywhere", rankedMax, 0, end + named.length)
  return [...new Set([...named, ...others])].slice(skip, end)
}
