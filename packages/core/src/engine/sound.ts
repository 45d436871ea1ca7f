import { messageOf, refuse } from "../base/problem.ts"
import { SELF_TEST_DIGEST, selfTest, selfTestProgram } from "../ir/self_test.ts"
import type { Engine } from "./engine.ts"
import { interpreterEngine } from "./interpreter.ts"
import { wasmEngine } from "./wasm.ts"

/** Why an engine must not be used on this machine, or nothing when it has proved itself. Runs once an engine. */
export function faultOf(engine: Engine): string | undefined {
  if (!faults.has(engine)) faults.set(engine, findFault(engine))
  return faults.get(engine)
}
const faults = new WeakMap<Engine, string | undefined>()
function findFault(engine: Engine): string | undefined {
  try {
    const found = selfTest(engine.instantiate(selfTestProgram()))
    return found === SELF_TEST_DIGEST ? undefined : `${engine.name} gives other bits in the self-test: ${found}`
  } catch (error) {
    return `${engine.name} does not run here: ${messageOf(error)}`
  }
}

/** The first of these that proves itself, and why each before it steps aside. Errors: OB240 when none does. */
export function soundEngine(engines: readonly Engine[] = [wasmEngine, interpreterEngine]): {
  readonly engine: Engine
  readonly asides: readonly string[]
} {
  const asides: string[] = []
  for (const engine of engines) {
    const fault = faultOf(engine)
    if (fault === undefined) return { engine, asides }
    asides.push(fault)
  }
  return refuse({
    code: "OB240",
    seen: `No engine is sound on this machine: ${asides.join("; ")}.`,
    hint: "Update Node or the browser, and report this machine.",
  })
}
