import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Engine } from "@open-brains/core/engine/engine.ts"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import { afterAll, expect, test } from "vitest"
import { missingProgram, requireOrSkip } from "../../scripts/testing.ts"
import { boardNamed, reportOn, TARGETS } from "./brain.testing.ts"
import { linkedSize, offBy } from "./declared.ts"
import { type Exhibit, netExhibit } from "./exhibit.ts"
import { namesNet } from "./exhibits.ts"
import { LAYERS, layerCalls, writeLayer } from "./layer.ts"
import { cyclesOf, runOn } from "./ran.ts"
import { scribeExhibit } from "./scribe.ts"
import { buildSketch, missingArduino } from "./sketch.ts"

const MS_MAX = 120_000
const folder = mkdtempSync(join(tmpdir(), "bench-boards-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const layer = async (): Promise<Exhibit> => {
  writeLayer(LAYERS[0]!, join(folder, "layer"))
  return netExhibit("layer", join(folder, "layer"), layerCalls(10))
}

/** WebAssembly, but for one bit of what it computes. */
const lying: Engine = {
  name: "lying",
  instantiate(program) {
    const instance = wasmEngine.instantiate(program)
    const lie = (run: () => void) => (): void => {
      run()
      for (const array of Object.values(instance.memory)) if (array.length === 32) array[3]! ^= 1
    }
    const entries = Object.entries(instance.entries).map(([name, run]) => [name, lie(run)] as const)
    return { ...instance, run: lie(instance.run), entries: Object.fromEntries(entries) }
  },
}

test("answers on a PC are counted, and those that differ are not", async () => {
  const exhibit = await layer()
  expect(exhibit.equalOn(interpreterEngine)).toBe(10)
  expect(exhibit.equalOn(wasmEngine)).toBe(10)
  expect(exhibit.equalOn(lying)).toBeLessThan(10)
})

test(
  "answers of C are counted, and those that differ are not",
  async (context) => {
    requireOrSkip(context, TARGETS.host.missing())
    const exhibit = await layer()
    const { answers, ...rest } = (await runOn(exhibit, "host")) as Extract<
      Awaited<ReturnType<typeof runOn>>,
      { readonly equal: number }
    >
    expect([rest, answers.outputs.length]).toEqual([{ equal: 10 }, 10])
    const source = exhibit.probed.source.replace(/void layer_step\(void\) \{/, "$& layer_step_x[5] ^= 128;")
    expect(source).not.toBe(exhibit.probed.source)
    const wrong = await runOn({ ...exhibit, probed: { ...exhibit.probed, source } }, "host")
    expect("equal" in wrong && wrong.equal).toBeLessThan(10)
  },
  MS_MAX,
)

test(
  "the scribe learns on a chip what it learns on a PC, and what is too large for one is told",
  async (context) => {
    requireOrSkip(context, TARGETS.host.missing() ?? TARGETS["atmega2560 on simavr"].missing())
    const exhibit = await scribeExhibit(12)
    expect([exhibit.equalOn(wasmEngine), exhibit.requests.length]).toEqual([13, 13])
    for (const target of ["host", "atmega2560 on simavr"] as const)
      expect(await runOn(exhibit, target)).toMatchObject({ equal: 13 })
    expect(await runOn(exhibit, "atmega328p on simavr")).toMatchObject({ why: expect.stringContaining("RAM") })
  },
  MS_MAX,
)

test(
  "what does not fit a chip is told",
  async (context) => {
    requireOrSkip(context, TARGETS["atmega328p on simavr"].missing())
    const exhibit = await layer()
    expect(await runOn({ ...exhibit, ramBytes: 1900 }, "atmega328p on simavr")).toMatchObject({
      why: expect.stringContaining("RAM"),
    })
    const tables = ["a", "b"].map(
      (name) => `static const char ${name}[20000] __attribute__((section(".progmem.data"))) = {1};`,
    )
    const source = exhibit.probed.source
      .replace('#include "layer.h"', (line) => [line, ...tables].join("\n"))
      .replace(/void layer_step\(void\) \{/, '$& __asm__ volatile("" : : "r"(a), "r"(b));')
    const probed = { ...exhibit.probed, source }
    expect(await runOn({ ...exhibit, probed }, "atmega328p on simavr")).toMatchObject({
      why: expect.stringContaining("does not fit"),
    })
  },
  MS_MAX,
)

test(
  "what is declared of a net with a state is what the linker and simavr say",
  async (context) => {
    requireOrSkip(context, TARGETS["atmega328p on simavr"].missing() ?? missingProgram("avr-size"))
    const exhibit = await namesNet(20)
    const { flash, ram, calls } = await reportOn(exhibit.module, exhibit.sources, boardNamed("uno"))
    expect(linkedSize(exhibit, "atmega328p", join(folder, "linked"))).toEqual({
      flashBytes: flash.bytes,
      ramBytes: ram.bytes,
    })
    const ran = await runOn(exhibit, "atmega328p on simavr")
    if ("why" in ran) throw new Error(ran.why)
    expect(ran.equal).toBe(exhibit.requests.length)
    expect(ram.stackBytes! - ran.answers.stackBytes!).toBeGreaterThanOrEqual(0)
    expect(ram.stackBytes! - ran.answers.stackBytes!).toBeLessThanOrEqual(64)
    for (const [i, entry] of ["begin", "step"].entries()) {
      const { mean } = cyclesOf(exhibit, ran.answers, entry)!
      expect([entry, offBy({ entry, declared: calls[i]!.cycles, mean })! < 5]).toEqual([entry, true])
    }
  },
  MS_MAX,
)

test(
  "a sketch is compiled, and what the compiler says of it is kept",
  async (context) => {
    requireOrSkip(context, missingArduino())
    const exhibit = await layer()
    const good = await buildSketch(exhibit, "uno", folder)
    expect(good).toMatchObject({ warnings: [], flashBytes: expect.any(Number), ramBytes: expect.any(Number) })
    const own = "#include <layer.h>\nvoid setup() { int unused; layer_step(); }\nvoid loop() {}\n"
    const warned = await buildSketch(exhibit, "uno", folder, own)
    expect(warned.warnings.join()).toContain("unused")
    const broken = await buildSketch(exhibit, "uno", folder, `${own}x\n`)
    expect(broken.why).toContain("ended with")
  },
  MS_MAX,
)
