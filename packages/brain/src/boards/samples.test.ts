import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import type { Ports } from "@open-brains/core/run/net_program.ts"
import { afterAll, expect, test } from "vitest"
import { repository } from "../../../../scripts/testing.ts"
import { libraryFiles } from "./library.ts"
import { exportedProgram } from "./program.ts"
import { samplesOf } from "./samples.ts"
import { sourcesOf } from "./sources.ts"

const folder = mkdtempSync(join(tmpdir(), "brain-samples-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const PORTS: Readonly<Record<string, Ports>> = {
  begin: { inputs: { seed: { buffer: "begin_seed", dtype: "i32", shape: [1] } }, outputs: {} },
  step: { inputs: { x: { buffer: "step_x", dtype: "u8", shape: [1, 2] } }, outputs: {} },
}
const seeds = { "begin.seed": { dtype: "i32", shape: [3, 1], data: Int32Array.of(7, 8, 9) } } as const

test("inputs without samples are drawn, the same each time and over the whole of their range", () => {
  const drawn = samplesOf(PORTS)
  expect(samplesOf(PORTS)).toEqual(drawn)
  if (typeof drawn === "string") throw new Error(drawn)
  expect([drawn.about, drawn.areGiven, drawn.runs.length]).toEqual(["mean of 8 drawn inputs", false, 8])
  const bytes = drawn.runs.flatMap((run) => [...run["step_x"]!])
  expect([Math.min(...bytes) < 64, Math.max(...bytes) > 191]).toEqual([true, true])
  expect(new Set(drawn.runs.map((run) => run["begin_seed"]![0])).size).toBe(8)
})

test("samples are taken one a run, and the rest is drawn", () => {
  const given = samplesOf(PORTS, seeds)
  if (typeof given === "string") throw new Error(given)
  expect([given.about, given.areGiven]).toEqual(["mean of 3 samples", true])
  expect(given.runs.map((run) => [...run["begin_seed"]!])).toEqual([[7], [8], [9]])
  expect(given.runs.map((run) => run["step_x"]!.length)).toEqual([2, 2, 2])
})

test("samples that fit no input are told", () => {
  const x = { dtype: "u8", shape: [2, 1, 2], data: new Uint8Array(4) } as const
  expect(samplesOf(PORTS, { ...seeds, "step.x": x })).toBe("its samples have 3 and 2 runs")
  expect(samplesOf(PORTS, { "step.y": x })).toContain("`step.y`, which is no input")
  expect(samplesOf(PORTS, { "step.x": { ...x, shape: [2, 2, 1] } })).toBe(
    "its samples for `step.x` are u8[2,2,1], not u8[2,1,2]",
  )
  expect(samplesOf(PORTS, { "step.x": { ...x, shape: [0, 1, 2], data: new Uint8Array(0) } })).toContain("0 runs")
})

test("the example of a library makes a beginning by the first sample, where there is one", async () => {
  const net = join(folder, "names")
  cpSync(join(repository, "examples/names/net"), net, { recursive: true })
  const sketch = async (): Promise<string> => {
    const module = await exportedProgram(net, {})
    return libraryFiles(module, sourcesOf(module, emitChip(module.program)), [])["names/examples/Run/Run.ino"]!
  }
  const [setUp, loop] = (await sketch()).split("void loop")
  expect(setUp).toMatch(/names_begin_seed\[0\] = 1;.*\n {2}names_begin_temperature\[0\] = 16;.*\n {2}names_begin\(\);/)
  expect(loop).toMatch(/names_step_given\[0\] = 0;.*\n {2}names_step\(\);/)
  rmSync(join(net, "samples.safetensors"))
  expect(await sketch()).toContain("names_begin_seed[0] = 0;")
})
