import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { TILES_TO_TRY } from "@open-brains/core/base/tiles.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { tunedHere } from "./tuning.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "brain-tiles-"))
  vi.stubEnv("XDG_CACHE_HOME", folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})
/** Counts what is made of it. */
function counted(): { readonly engine: Engine; readonly made: () => number } {
  let made = 0
  const engine: Engine = {
    name: "counted",
    instantiate(program, within) {
      made++
      return wasmEngine.instantiate(program, within)
    },
  }
  return { engine, made: () => made }
}
const files = (): readonly string[] => readdirSync(join(folder, "open-brains", "native"))

test("measured once, then remembered by whoever asks, and never when there is no time", () => {
  const { engine, made } = counted()
  expect(tunedHere(engine, false)).toBe(engine)
  expect(made()).toBe(0)
  const { tiles } = tunedHere(engine, true)
  const tries = made()
  expect(tries).toBe(TILES_TO_TRY.float.length + TILES_TO_TRY.integer.length)
  expect(files()).toEqual([expect.stringMatching(/^tiles-[0-9a-f]{32}\.json$/)])
  for (const measure of [false, true]) expect(tunedHere(engine, measure).tiles).toEqual(tiles)
  expect(made()).toBe(tries)
})
test("a damaged file, or one with other ways than there are, counts as none", () => {
  const { engine, made } = counted()
  tunedHere(engine, true)
  const path = join(folder, "open-brains", "native", files()[0]!)
  for (const damaged of ["", "{", "null", '{"float":0}', '{"float":99,"integer":0}', '{"float":"0","integer":[0]}']) {
    writeFileSync(path, damaged)
    expect([damaged, tunedHere(engine, false).tiles]).toEqual([damaged, undefined])
  }
  const before = made()
  tunedHere(engine, true)
  expect(made()).toBeGreaterThan(before)
})
