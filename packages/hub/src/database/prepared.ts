import type { Compilable, CompiledQuery } from "kysely"
import type { Queries } from "./database.ts"

/** Stands for the value of a field of a row while a query is built. */
interface Place {
  readonly row: number
  readonly field: string
}
type Row = Readonly<Record<string, unknown>>
/** Of lists up to so long the text is kept; longer ones are seldom. */
const KEPT_ROWS = 8

/**
 * A query over rows of values whose text is built once for each database and number of rows: to build one takes Kysely longer than
 * SQLite takes to run it. `build` sees places instead of values, so that it may hand them on, and may not look at them.
 */
export function preparedForAll<V extends object, R>(
  build: (queries: Queries, rows: readonly V[]) => Compilable<R>,
): (queries: Queries, rows: readonly V[]) => Promise<readonly R[]> {
  const kept = new WeakMap<object, Map<number, CompiledQuery<R>>>()
  const places = new WeakSet<object>()
  const placesOf = (row: number): V =>
    new Proxy({} as V, {
      get(_, field): Place {
        const place = { row, field: String(field) }
        places.add(place)
        return place
      },
    })
  const isPlace = (value: unknown): value is Place => typeof value === "object" && value !== null && places.has(value)
  function compile(queries: Queries, count: number): CompiledQuery<R> {
    return build(
      queries,
      Array.from({ length: count }, (_, row) => placesOf(row)),
    ).compile()
  }
  function compiled(queries: Queries, count: number): CompiledQuery<R> {
    if (count > KEPT_ROWS) return compile(queries, count)
    const { adapter } = queries.getExecutor() // one for each database
    const texts = kept.get(adapter) ?? new Map<number, CompiledQuery<R>>()
    kept.set(adapter, texts)
    const found = texts.get(count) ?? compile(queries, count)
    texts.set(count, found)
    return found
  }
  return async (queries, rows) => {
    const query = compiled(queries, rows.length)
    const parameters = query.parameters.map((value) => (isPlace(value) ? (rows[value.row] as Row)[value.field] : value))
    const { rows: found } = await queries.executeQuery<R>({ ...query, parameters })
    return found
  }
}
/** The same of one row. */
export function prepared<V extends object, R>(
  build: (queries: Queries, values: V) => Compilable<R>,
): (queries: Queries, values: V) => Promise<readonly R[]> {
  const run = preparedForAll<V, R>((queries, [values]) => build(queries, values!))
  return (queries, values) => run(queries, [values])
}
