import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { teachDesk } from "../testing/lesson.ts"
import { exportedProgram } from "./program.ts"
import { sourcesOf } from "./sources.ts"
import { type Work, workOf } from "./work.ts"

/** What a module does in its first call. */
const worked = async (path: string, textBytes?: number) => {
  const module = await exportedProgram(path, textBytes === undefined ? {} : { textBytes })
  const { calls, layers } = workOf(module, sourcesOf(module, emitChip(module.program)))
  const own = calls[0]!.layers.map((at) => layers[at]!)
  const sum = (kind: keyof Work): number => own.reduce((total, { work }) => total + work[kind], 0)
  return { calls, readsText: own.map((each) => each.readsText), sum }
}

test("products are counted as the net has them", async () => {
  const { calls, sum, readsText } = await worked(join(repository, "examples/gestures/net"))
  expect(calls.map(({ about }) => about)).toEqual(["step, mean of 10 samples"])
  expect([sum("products"), sum("sums"), sum("starts")]).toEqual([24 * 32 + 10 * 24, 24 + 10, 2])
  expect(readsText).not.toContain(true)
})

test("a convolution starts its sums at each place", async () => {
  const { sum } = await worked(join(repository, "bench/boards/nets/mnist-tiny"))
  // 13 x 13 places of one sum, 6 x 6 of three, 2 x 2 of six, and ten sums at the end
  expect([sum("products"), sum("sums"), sum("starts")]).toEqual([3201, 311, 169 + 36 + 4 + 1])
})

test("what depends on a text is counted for the text that is asked", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-work-test-"))
  try {
    await teachDesk(folder)
    const [short, long, same] = await Promise.all([64, 512, 512].map((bytes) => worked(join(folder, "desk"), bytes)))
    const ratio = long!.sum("operations") / short!.sum("operations")
    expect(ratio).toBeGreaterThan(6)
    expect(ratio).toBeLessThan(9)
    expect(same!.sum("moves")).toBe(long!.sum("moves"))
    expect(long!.readsText.filter(Boolean)).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
