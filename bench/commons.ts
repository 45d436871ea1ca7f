/** `./check bench commons`: what strangers share: how the gate decides, and what a hub bears. */
import { measureGate } from "./commons/gate.ts"
import { runBench } from "./shared/part.ts"

const PARTS = {
  gate: measureGate,
}
process.exitCode = await runBench("commons", PARTS, process.argv.slice(2))
