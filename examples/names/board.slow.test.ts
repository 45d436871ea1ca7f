import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../scripts/testing.ts"
import { begin, openFolder, sayName } from "./say.ts"

const here = import.meta.dirname
const BRAIN = join(here, "../../packages/brain/src/main.ts")

test("an Uno says the names that this machine says, letter by letter", (context) => {
  requireOrSkip(context, missingProgram("avr-gcc"))
  const words = ["flash", "--virtual", "uno", join(here, "net"), "--main", join(here, "board.c"), "--seconds", "1"]
  const { stdout, stderr, status } = spawnSync(process.execPath, [BRAIN, ...words], { encoding: "utf8" })
  expect([status, stderr]).toEqual([0, expect.stringMatching(/Arduino Uno: 16,000,000 cycles/)])
  const said = stdout.split("\n").slice(0, -1) // the last name was not said to its end
  const net = openFolder(join(here, "net"))
  begin(net, 7)
  expect(said).toEqual(said.map(() => sayName(net)))
  expect(stdout.length).toBeGreaterThan(300)
}, 60_000)
