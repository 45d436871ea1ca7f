import { messageOf } from "@open-brains/core/base/problem.ts"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { soundEngine } from "@open-brains/core/engine/sound.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { threadedEngine } from "../threads/engine.ts"
import { beneath, nativeEngine } from "./engine.ts"
import type { EngineName } from "./engines.ts"
import { swappingEngine } from "./swapping.ts"
import { tunedHere } from "./tuning.ts"

/** An engine, and why faster ones stepped aside; what a single program cannot have is added when it is compiled. */
export interface Choice {
  readonly engine: Engine
  readonly asides: readonly string[]
}

/**
 * The engine of a name, or the one given. All give the same bits: `auto` begins in WebAssembly and goes on in C when the
 * work is long, `native` compiles C first, `threads` is WebAssembly on every core, where that is faster. Whatever cannot
 * run here makes way for the next with a reason. `isLong` work is worth a moment of finding out, once a machine, how it
 * likes its products cut. Errors: OB240 when none runs.
 */
export function chooseEngine(name: EngineName | Engine = "auto", isLong = false): Choice {
  if (typeof name !== "string") return { engine: name, asides: [] }
  switch (name) {
    case "auto": {
      const { engine, asides } = soundEngine()
      return { engine: swappingEngine(tunedHere(engine, isLong)), asides }
    }
    case "wasm": {
      const { engine, asides } = soundEngine()
      return { engine: tunedHere(engine, isLong), asides }
    }
    case "threads": {
      const { tiles } = tunedHere(wasmEngine, isLong)
      const threads: Engine = Object.assign(threadedEngine(), tiles && { tiles })
      return soundEngine([threads, wasmEngine, interpreterEngine])
    }
    case "native": {
      const { engine, asides } = soundEngine([nativeEngine, wasmEngine, interpreterEngine])
      return engine === nativeEngine ? nativeWherePossible() : { engine, asides }
    }
    case "interpreter":
      return soundEngine([interpreterEngine])
    default:
      return name satisfies never
  }
}

/** A compiler may yet fail at one program. */
function nativeWherePossible(): Choice {
  const asides: string[] = []
  const engine: Engine = {
    ...nativeEngine,
    instantiate(program, within) {
      try {
        return nativeEngine.instantiate(program, within)
      } catch (error) {
        asides.push(messageOf(error))
        return wasmEngine.instantiate(program, beneath(within))
      }
    },
  }
  return { engine, asides }
}
