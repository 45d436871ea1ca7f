import { join } from "node:path"
import { expect, test } from "vitest"
import { temporary } from "../testing/command.ts"
import { killPushes } from "./testing/kills.ts"

const ROUNDS = 8
test(`\`brain push\`, where it or the hub is killed at any moment, ${ROUNDS} times: what was acknowledged is there, whole, and it can be run again`, async () => {
  const { faults, acknowledged } = await killPushes(join(temporary(), "kills"), { rounds: ROUNDS })
  expect(faults).toEqual([])
  expect(acknowledged).toBeGreaterThan(ROUNDS)
}, 300_000)
