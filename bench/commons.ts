/** `./check bench commons`: what strangers share: how the gate decides, and what a hub bears. */
import { measureGate } from "./commons/gate.ts"
import { measureHostile } from "./commons/hostile.ts"
import { measureHub, measureHubAtSize } from "./commons/hub.ts"
import { measureKills } from "./commons/kills.ts"
import { runBench } from "./shared/part.ts"

const PARTS = {
  gate: measureGate,
  hub: measureHub,
  "hub-at-size": measureHubAtSize,
  hostile: measureHostile,
  kills: measureKills,
}
process.exitCode = await runBench("commons", PARTS, process.argv.slice(2))
