import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../scripts/testing.ts"

const here = import.meta.dirname
const BRAIN = join(here, "../../packages/brain/src/main.ts")

test("an Uno reads ten strokes that come over its serial port", (context) => {
  requireOrSkip(context, missingProgram("avr-gcc"))
  const words = ["flash", "--virtual", "uno", join(here, "net"), "--main", join(here, "board.c"), "--json"]
  const input = readFileSync(join(here, "strokes.txt"))
  const { stdout, status } = spawnSync(process.execPath, [BRAIN, ...words], { input, encoding: "utf8" })
  expect(status).toBe(0)
  const { output } = JSON.parse(stdout) as { readonly output: string }
  expect(
    output
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => Number(line.split(" ")[0])),
  ).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
}, 60_000)
