import type { Context } from "../context.ts"
import { bundleOf, printCheckpoint, readLog, TILE, tileOf } from "../log.ts"
import type { Api } from "./api.ts"
import { nothingThere } from "./errors.ts"

const LEVEL_MAX = 6 // 256^6 leaves are more than numbers count exactly

/** Source: C2SP tlog-tiles: /tile/LEVEL/NUMBER[.p/WIDTH], numbers in parts of three digits, all but the last with an x before. */
export function logRoutes(app: Api, { database, key }: Context): void {
  app.get(
    "/log/checkpoint",
    { schema: { summary: "What the log is now, signed by the hub (C2SP tlog-checkpoint)" } },
    async (_, reply) => {
      const state = await readLog(database.read)
      await database.flush() // what is signed must stay: after a loss of power the log would grow into another one
      return reply
        .type("text/plain; charset=utf-8")
        .header("cache-control", "no-cache")
        .send(printCheckpoint(state, key))
    },
  )
  app.get(
    "/log/tile/:level/*",
    { schema: { summary: "A tile of hashes, or of entries (C2SP tlog-tiles)" } },
    async ({ params }, reply) => {
      const { level, "*": path } = params as { readonly level: string; readonly "*": string }
      const { number, width } = tileIn(path) ?? nothingThere("tile of the log")
      const bytes =
        level === "entries"
          ? await bundleOf(database.read, number, width)
          : /^\d$/.test(level) && Number(level) <= LEVEL_MAX
            ? await tileOf(database.read, Number(level), number, width)
            : undefined
      if (bytes === undefined) return nothingThere("tile of the log")
      return reply
        .type("application/octet-stream")
        .header("cache-control", "public, max-age=31536000, immutable")
        .send(bytes)
    },
  )
}

function tileIn(path: string): { readonly number: number; readonly width: number } | undefined {
  const [, high = "", low = "", partial] = /^((?:x\d{3}\/){0,4})(\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? []
  if (low === "") return undefined
  const width = partial === undefined ? TILE : Number(partial)
  if (width < 1 || (partial !== undefined && width >= TILE)) return undefined
  return { number: Number(high.replaceAll(/[x/]/g, "") + low), width }
}
