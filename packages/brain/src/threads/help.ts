import { CONTROL } from "@open-brains/core/emit/wasm/threads.ts"
import type { Crew } from "./crew.ts"
import type { Call } from "./trial.ts"

/** A program and those who may help with it. */
export interface Help {
  /** For the program to call when it shares something out. */
  readonly wake: Call
  /** A call during which others take shares. Errors: an Error when one of them fails within a share. */
  call(alone: Call): Call
  /** `ready` once somebody is there to help, `alone` until then; asks for help when that has taken long. */
  whenReady(alone: Call, ready: Call): Call
}

const WORD = Int32Array.BYTES_PER_ELEMENT
/** Programs that nobody runs any more are forgotten by their helpers, too. */
const forgotten = new FinalizationRegistry<{ crew?: Crew; program?: number }>(({ crew, program }) => {
  if (crew && program !== undefined) crew.forget(program)
})

export function helpedBy(
  crewOf: () => Crew,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  longMs: number,
): Help {
  const words = new Int32Array(memory.buffer, 0, CONTROL.mailbox / WORD)
  const [help, failed] = [CONTROL.help / WORD, CONTROL.failed / WORD]
  const known: { crew?: Crew; program?: number } = {}
  forgotten.register(words, known) // which every call holds
  let spent = 0
  return {
    wake: () => known.crew?.wake(),
    call: (alone) => () => {
      known.crew!.present(known.program!)
      words[help] = 1
      try {
        alone()
      } catch (error) {
        if (!words[failed]) throw error
        throw new Error(`bug: a thread failed within its share: ${known.crew!.asides.at(-1) ?? "it is gone"}`)
      } finally {
        words[help] = 0
      }
    },
    whenReady: (alone, ready) => () => {
      if (known.crew?.isReady()) return ready()
      const start = performance.now()
      alone()
      spent += performance.now() - start
      if (known.crew || spent < longMs) return
      known.crew = crewOf()
      known.program = known.crew.add(module, memory)
    },
  }
}
