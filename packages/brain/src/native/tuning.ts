import { createHash } from "node:crypto"
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { TILES_TO_TRY, type Tile, type Tiles } from "@open-brains/core/base/tiles.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { tune } from "@open-brains/core/run/tune.ts"
import { areVectorsWide } from "../wide.ts"
import { openCache } from "./cache.ts"
import { processor } from "./compiler.ts"

/**
 * The engine with its products cut as this machine likes them. That is measured once for a processor, an engine and a
 * version of Node, when `measure` allows it the time, and then remembered; what is remembered is only which of the known
 * ways it was, so a damaged file counts as none. All ways give the same bits.
 */
export function tunedHere<E extends Engine>(engine: E, measure: boolean): E {
  const known = remembered(engine)
  if (known) return { ...engine, tiles: known }
  if (!measure) return engine
  const tiles = tune(engine, () => performance.now(), MEASURED_MS)
  remember(engine, tiles)
  return { ...engine, tiles }
}
/** Engines that tier up in the background want some hundred milliseconds. */
const MEASURED_MS = 300

/** Where the choice for an engine is kept. Errors: an Error when the folder cannot be used. */
function placeOf({ name }: Engine): string {
  const key = JSON.stringify([name, process.version, areVectorsWide(), processor(), TILES_TO_TRY])
  return join(openCache(), `tiles-${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`)
}
function remembered(engine: Engine): Tiles | undefined {
  try {
    const places = JSON.parse(readFileSync(placeOf(engine), "utf8")) as Partial<Record<"float" | "integer", unknown>>
    const at = (kind: "float" | "integer"): Tile | undefined =>
      typeof places[kind] === "number" ? TILES_TO_TRY[kind][places[kind]] : undefined
    const [float, integer] = [at("float"), at("integer")]
    return float && integer && { float, integer }
  } catch {
    return undefined
  }
}
function remember(engine: Engine, { float, integer }: Tiles): void {
  try {
    const path = placeOf(engine)
    const beside = `${path}.${process.pid}.tmp`
    const places = { float: TILES_TO_TRY.float.indexOf(float), integer: TILES_TO_TRY.integer.indexOf(integer) }
    try {
      writeFileSync(beside, JSON.stringify(places))
      renameSync(beside, path)
    } finally {
      rmSync(beside, { force: true })
    }
  } catch {} // a folder that cannot be written costs the next one the same moment
}
