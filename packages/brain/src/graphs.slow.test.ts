import { setTimeout as sleep } from "node:timers/promises"
import type { Instance } from "@open-brains/core/engine/engine.ts"
import { RUNS, SEED } from "@open-brains/core/ir/testing/hostile.ts"
import { validate } from "@open-brains/core/ir/validate.ts"
import { mismatch, programOf, roundsOf, wayOf } from "@open-brains/core/lower/testing/compare.ts"
import { graphFrom } from "@open-brains/core/lower/testing/graphs.ts"
import { expect, test } from "vitest"
import { requireOrSkip } from "../../../scripts/testing.ts"
import { missingCompiler } from "./native/c99.ts"
import { nativeEngine } from "./native/engine.ts"
import { nameIn, programOfBatch, type Trial } from "./native/testing/batch.ts"
import { tilesOf } from "./native/tiles.ts"
import { threadedEngine } from "./threads/engine.ts"

const TILES = ([4, 8, 16] as const).map(tilesOf)

test(`random graphs have the bits of their nodes alone on two threads (SEED=${SEED})`, {
  timeout: 120_000,
}, async () => {
  using engine = threadedEngine({ threads: 2, grain: { phase: 0, share: 1, vector: 1 }, longMs: 0, always: true })
  let helped = 0
  for (let seed = SEED; seed < SEED + RUNS; seed++) {
    const graph = graphFrom(seed)
    const [rounds, way, before] = [roundsOf(graph), wayOf(seed, TILES), engine.shares()]
    const program = programOf(graph, way)
    expect(validate(program)).toEqual([])
    const instance = engine.instantiate(program)
    for (let tries = 0; tries < 20 && engine.shares() === before; tries++) {
      expect([seed, way, mismatch(instance, rounds)]).toEqual([seed, way, undefined])
      await sleep(0) // others start
    }
    if (engine.shares() > before) helped++
  }
  expect(helped).toBeGreaterThan(RUNS / 2)
})

/** Graphs as entries of one program: a C compiler takes longer to start than to compile them. */
const BATCH = 10
test(`random graphs have the bits of their nodes alone in C (SEED=${SEED})`, { timeout: 600_000 }, (context) => {
  requireOrSkip(context, missingCompiler())
  for (let first = SEED; first < SEED + RUNS / 2; first += BATCH) {
    const drawn = Array.from({ length: BATCH }, (_, n) => {
      const [graph, way] = [graphFrom(first + n), wayOf(first + n, TILES)]
      return { title: `seed ${first + n} ${JSON.stringify(way)}`, graph, program: programOf(graph, way) }
    })
    const trials = drawn.map(({ title, program }): Trial => ({ title, program, start: {}, records: [] }))
    const whole = programOfBatch(trials)
    expect(validate(whole)).toEqual([])
    const instance = nativeEngine.instantiate(whole)
    const found = trials.map(({ title }, n) => [title, mismatch(partOf(instance, n), roundsOf(drawn[n]!.graph))])
    expect(found).toEqual(trials.map(({ title }) => [title, undefined]))
  }
})

/** One graph of a batch, as if it were a program of its own. */
function partOf({ memory, entries }: Instance, n: number): Instance {
  const own = <T>(all: Readonly<Record<string, T>>): Readonly<Record<string, T>> => {
    const prefix = nameIn(n, "")
    const named = Object.entries(all).filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value]))
  }
  const { body, ...others } = own(entries)
  return { memory: own(memory), run: body!, entries: others }
}
