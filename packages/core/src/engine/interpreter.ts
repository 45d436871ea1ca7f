import { mapValues } from "../base/record.ts"
import { interpreter, memoryOf } from "../ir/interpret.ts"
import type { Engine } from "./engine.ts"

export const interpreterEngine: Engine = {
  name: "interpreter",
  instantiate(program, within) {
    const own = memoryOf(program)
    const memory = mapValues(own, (array, name) => within?.memory[name] ?? array)
    const entries = mapValues(program.entries ?? {}, (block) => interpreter(program, memory, block))
    return { memory, run: interpreter(program, memory), entries }
  },
}
