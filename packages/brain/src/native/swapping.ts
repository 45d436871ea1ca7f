import { messageOf } from "@open-brains/core/base/problem.ts"
import { TILES } from "@open-brains/core/base/tiles.ts"
import type { Engine, Instance } from "@open-brains/core/engine/engine.ts"
import { faultOf, soundEngine } from "@open-brains/core/engine/sound.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { type BackgroundBuild, startBuild } from "./background.ts"
import { findLibrary } from "./cache.ts"
import { findCompiler, keyOf, requireCompiler } from "./compiler.ts"
import { atop, beneath, compiledEngine, inNative, sharedBy, sourceOf } from "./engine.ts"
import { TILE_BETWEEN } from "./tiles.ts"

export interface SwappingEngine extends Engine {
  /** Why programs that have run for long are not native. Grows as reasons are found. */
  readonly asides: readonly string[]
  instantiate(program: Program, within?: Instance): SwappingInstance
}
export interface SwappingInstance extends Instance {
  /** Who runs it now: `native`, or the engine that it began on. */
  engine(): string
}

/** Work that has taken so long goes on for long enough to be worth a compiler's second on another core. */
const LONG_MS = 300
/** Looking whether a build is done takes some microseconds. */
const LOOK_MS = 5

/**
 * Begins on an engine at once and goes on in C between two runs, when a compiler has made it in the background; what was
 * compiled before is taken as soon as the work proves long. Memory stays where it is, so state and views do.
 */
export function swappingEngine(
  base: Engine = soundEngine().engine,
  { longMs = LONG_MS }: { readonly longMs?: number } = {},
): SwappingEngine {
  const asides: string[] = []
  const { tiles = TILES } = base
  return {
    name: "auto",
    asides,
    tiles: findCompiler() ? { ...tiles, float: TILE_BETWEEN } : tiles,
    instantiate(program, within) {
      const instance = base.instantiate(program, beneath(within))
      const nativeOnceBuilt = buildOf(program, instance)
      let current: Instance = instance
      let isDecided = sharedBy(instance.memory) === undefined
      let spent = 0
      let looked = 0
      const advance = (): void => {
        try {
          current = nativeOnceBuilt() ?? current
        } catch (error) {
          const reason = messageOf(error)
          if (!asides.includes(reason)) asides.push(reason)
          isDecided = true
        }
        isDecided ||= current !== instance
      }
      const through = (call: (by: Instance) => void) => (): void => {
        if (isDecided) return call(current)
        const start = performance.now()
        call(current)
        const now = performance.now()
        spent += now - start
        if (spent < longMs || now - looked < LOOK_MS) return
        looked = now
        advance()
      }
      const entries = Object.keys(instance.entries).map((name) => [name, through((by) => by.entries[name]!())] as const)
      return atop(instance, {
        memory: instance.memory,
        run: through((by) => by.run()),
        entries: Object.fromEntries(entries),
        engine: () => (current === instance ? base.name : "native"),
      })
    },
  }
}

/** One compiler at a time: the others' cores are for those who compute. */
let running: BackgroundBuild | undefined

/** Called now and then: begins to build, and gives the native instance once it is there. Errors: why there is none. */
function buildOf(program: Program, instance: Instance): () => Instance | undefined {
  let build: BackgroundBuild | undefined
  return () => {
    if (build) {
      const outcome = build.outcome()
      if (!outcome) return undefined
      if ("reason" in outcome) throw new Error(outcome.reason)
      const fault = unproved()
      if (fault !== undefined) throw new Error(fault)
      return inNative(instance, outcome.path)
    }
    if (running && !running.outcome()) return undefined
    const source = sourceOf(program, instance)
    const path = findLibrary(keyOf(source, requireCompiler()))
    if (path !== undefined && unproved() === undefined) return inNative(instance, path)
    running = build = startBuild(source)
    return undefined
  }
}

/** Why compiled libraries must not be used in this process, asked until they have proved themselves. */
function unproved(): string | undefined {
  if (isProved) return undefined
  const fault = faultOf({ ...compiledEngine }) // not remembered: what is not compiled yet may be so in a moment
  isProved = fault === undefined
  return fault
}
let isProved = false
