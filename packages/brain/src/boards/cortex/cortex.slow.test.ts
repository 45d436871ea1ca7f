import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { requireOrSkip } from "../../../../../scripts/testing.ts"
import { teachDesk } from "../../testing/lesson.ts"
import { boardNamed } from "../boards.ts"
import { callsOf, TEXTS } from "../probe.ts"
import { type Exported, exportedProgram } from "../program.ts"
import { type Report, reportOn } from "../report.ts"
import { sourcesOf } from "../sources.ts"
import { buildProbe, portsOf, requestBytes } from "../testing/probe.ts"
import { TARGETS, type Target } from "../testing/targets.ts"

const MS_MAX = 300_000
const BOARDS = {
  microbit: "cortex-m0 on QEMU",
  rp2040: "cortex-m0plus on QEMU",
  nano33ble: "cortex-m4 on QEMU",
} as const satisfies Readonly<Record<string, Target>>
const GESTURES = resolve(import.meta.dirname, "../../../../../examples/gestures/net")
const TEXT_BYTES = 64
let folder: string
let modules: Readonly<Record<"classifier" | "net", Exported>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-cortex-test-"))
  await teachDesk(folder)
  modules = {
    classifier: await exportedProgram(join(folder, "desk"), { textBytes: TEXT_BYTES }),
    net: await exportedProgram(GESTURES, {}),
  }
}, MS_MAX)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const reportFor = (module: Exported, board: string): Promise<Report> =>
  reportOn(module, sourcesOf(module, emitChip(module.program)), boardNamed(board))

/** What the probe of the tests, another program around the same module, counts for the same input. */
async function probed(module: Exported, target: Target): Promise<number> {
  const { name, header, source } = emitChip(module.program)
  const ports = portsOf(name, module.program)
  const text = new TextEncoder().encode(TEXTS.slice(0, TEXT_BYTES))
  const memory = module.kind === "classifier" ? { text, length: Int32Array.of(TEXT_BYTES) } : {}
  const first = callsOf(module)[0]!.symbol
  const entry = module.kind === "classifier" ? 0 : 1 + ports.entries.indexOf(first)
  using probe = await buildProbe({ name, header, source }, ports, target)
  const reset = module.kind === "net" && module.reset ? 1 + ports.entries.indexOf(`${name}_${module.reset}`) : undefined
  const input = requestBytes(module.program, memory)
  const { cycles } = await probe.run([...(reset ? [{ entry: reset, input }] : []), { entry, input }])
  return cycles!.at(-1)!
}

for (const [board, target] of Object.entries(BOARDS))
  for (const kind of ["classifier", "net"] as const)
    test(
      `the cycles of a ${kind} are modelled as they are measured elsewhere, and its layers make them up: ${board}`,
      async (context) => {
        requireOrSkip(context, TARGETS[target].missing())
        const { calls, layers, untimed } = await reportFor(modules[kind], board)
        expect(untimed).toBeUndefined()
        const [{ cycles, ms, known }] = calls as [Report["calls"][0]]
        expect(known).toBe("modelled")
        expect(ms).toBeCloseTo(cycles / (1000 * boardNamed(board).mhz))
        const wanted = await probed(modules[kind], target)
        expect(Math.abs(cycles / wanted - 1)).toBeLessThan(0.05)
        const sum = layers.reduce((all, layer) => all + layer.cycles!, 0)
        expect(sum).toBeLessThanOrEqual(cycles)
        expect(sum).toBeGreaterThan(0.95 * cycles)
        expect(await reportFor(modules[kind], board)).toEqual(await reportFor(modules[kind], board))
      },
      MS_MAX,
    )
