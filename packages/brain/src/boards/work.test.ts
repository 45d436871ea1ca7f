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

const worked = async (path: string, textBytes?: number) => {
  const module = await exportedProgram(path, textBytes === undefined ? {} : { textBytes })
  return workOf(module, sourcesOf(module, emitChip(module.program)))
}
const sum = (all: readonly Work[], kind: keyof Work): number => all.reduce((total, each) => total + each[kind], 0)

test("products are counted as the net has them, and its layers make up its calls", async () => {
  const { calls, layers } = await worked(join(repository, "examples/gestures/net"))
  expect(calls.map(({ about }) => about)).toEqual(["step"])
  const { products, sums, starts, operations } = calls[0]!.work
  expect([products, sums, starts]).toEqual([24 * 32 + 10 * 24, 24 + 10, 2])
  expect([sum(layers, "products"), sum(layers, "operations")]).toEqual([products, operations])
})

test("a convolution starts its sums at each place", async () => {
  const { calls } = await worked(join(repository, "bench/boards/nets/mnist-tiny"))
  expect(calls[0]!.work).toMatchObject({ products: 3201, sums: 311 })
})

test("what depends on a text is counted for the text that is asked", async () => {
  const folder = mkdtempSync(join(tmpdir(), "brain-work-test-"))
  try {
    await teachDesk(folder)
    const [short, long, same] = await Promise.all([64, 512, 512].map((bytes) => worked(join(folder, "desk"), bytes)))
    const ratio = long!.calls[0]!.work.operations / short!.calls[0]!.work.operations
    expect(ratio).toBeGreaterThan(6)
    expect(ratio).toBeLessThan(9)
    expect(same).toEqual(long)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
