import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { findProgram, missingProgram, repository, requireOrSkip } from "../../../../../scripts/testing.ts"
import { teachDesk } from "../../testing/lesson.ts"
import { boardNamed } from "../boards.ts"
import { compileForChip } from "../compile.ts"
import { readElf } from "../elf.ts"
import { estimatedCycles } from "../estimate.ts"
import { callsOf, emptyProbeOf, TEXTS } from "../probe.ts"
import { type Exported, exportedProgram } from "../program.ts"
import { type Report, reportOn } from "../report.ts"
import { sourcesOf } from "../sources.ts"
import { buildProbe, portsOf, requestBytes } from "../testing/probe.ts"
import { TARGETS, type Target } from "../testing/targets.ts"
import { linkFlags } from "./qemu.ts"

const MS_MAX = 300_000
const BOARDS = {
  microbit: "cortex-m0 on QEMU",
  rp2040: "cortex-m0plus on QEMU",
  nano33ble: "cortex-m4 on QEMU",
} as const satisfies Readonly<Record<string, Target>>
const GESTURES = join(repository, "examples/gestures/net")
const NETS = [
  "examples/names/net",
  ...["digits-int4", "digits-int8", "mnist-tiny"].map((net) => `bench/boards/nets/${net}`),
].map((net) => join(repository, net))
const TEXT_BYTES = 64
let folder: string
let modules: Readonly<Record<"classifier" | "net", Exported>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-cortex-test-"))
  await teachDesk(folder)
  const net = await exportedProgram(GESTURES, {})
  if (net.kind !== "net") throw new Error("bug: gestures are a net")
  modules = {
    classifier: await exportedProgram(join(folder, "desk"), { textBytes: TEXT_BYTES }),
    net: { ...net, samples: { ...net.samples, about: "one sample", runs: net.samples.runs.slice(0, 1) } },
  }
}, MS_MAX)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

afterEach(() => vi.unstubAllEnvs())

const reportFor = (module: Exported, board: string): Promise<Report> =>
  reportOn(module, sourcesOf(module, emitChip(module.program)), boardNamed(board))

/** What the probe of the tests, another program around the same module, counts for the same input. */
async function probed(module: Exported, target: Target): Promise<number> {
  const { name, header, source } = emitChip(module.program)
  const ports = portsOf(name, module.program)
  const text = new TextEncoder().encode(TEXTS.slice(0, TEXT_BYTES))
  const memory =
    module.kind === "classifier"
      ? { text, length: Int32Array.of(TEXT_BYTES) }
      : module.kind === "net"
        ? module.samples.runs[0]!
        : {}
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

test(
  "what a program starts with takes nothing of a library that a module would be spared for",
  async (context) => {
    const [chip, elf, source] = ["cortex-m0", join(folder, "empty.elf"), join(folder, "empty.c")] as const
    requireOrSkip(context, TARGETS["cortex-m0 on QEMU"].missing())
    const net = await exportedProgram(join(repository, "examples/names/net"), { name: "names" })
    writeFileSync(source, emptyProbeOf(net))
    await compileForChip({ chip, sources: [source], output: elf, flags: linkFlags(262_144, 16_384) })
    const functions = readElf(readFileSync(elf), elf).symbols.filter(({ kind }) => kind === "function")
    expect(functions.map(({ name }) => name).sort()).toEqual(["fault", "main", "reset"])
  },
  MS_MAX,
)

/** Three pages of instructions of two bytes and a cycle each: the second mark is where QEMU looks beyond the third's end. */
const PAGES = `#include "${join(import.meta.dirname, "start.h")}"
int main(void) {
  __asm__ volatile(".balign 1024\\n mov r10, r10\\n .rept 1533\\n mov r0, r0\\n .endr\\n mov r11, r11\\n mov r0, r0");
  leave(STOPPED_APPLICATION_EXIT);
}
`
for (const target of Object.values(BOARDS))
  test(
    `instructions at the ends of pages are counted as what they are: ${target}`,
    async (context) => {
      const { missing, build, run } = TARGETS[target]
      requireOrSkip(context, missing())
      const [source, elf] = [join(folder, "pages.c"), join(folder, "pages.elf")]
      writeFileSync(source, PAGES)
      await build([source], elf, [])
      const { marks } = await run(elf, { requests: [], answerBytes: 0, timeoutMs: MS_MAX })
      expect(marks).toEqual([{ mark: 1, cycles: 1533 }])
    },
    MS_MAX,
  )

/** What a report is worth that has nothing on its PATH but these programs, and a script for one of them. */
async function reportWith(programs: readonly string[], script?: string): Promise<Report> {
  const path = mkdtempSync(join(folder, "path-"))
  for (const each of programs) symlinkSync(findProgram(each)!, join(path, each))
  if (script !== undefined) {
    writeFileSync(join(path, "qemu-system-arm"), `#!/bin/sh\n${script}\n`)
    chmodSync(join(path, "qemu-system-arm"), 0o755)
  }
  vi.stubEnv("PATH", path)
  return reportFor(modules.net, "microbit")
}
const COMPILERS = ["arm-none-eabi-gcc", "gcc"]
for (const [how, programs, script, why] of [
  ["without QEMU", COMPILERS, undefined, "qemu-system-arm is not installed"],
  [
    "with a QEMU that refuses the plugin",
    COMPILERS,
    "echo 'qemu-system-arm: Could not load plugin x.so' >&2; exit 1",
    "this QEMU does not take the plugin that counts",
  ],
  ["with a QEMU that counts nothing", COMPILERS, "exit 0", "QEMU did not run it to its end"],
  ["without a compiler for this computer", ["arm-none-eabi-gcc"], "exit 0", "no C compiler is on the PATH"],
] as const)
  test(
    `${how} the time is about so much, with a word why, and sizes stay exact`,
    async (context) => {
      requireOrSkip(context, missingProgram(...COMPILERS))
      const exact = await reportFor(modules.net, "microbit")
      const report = await reportWith(programs, script)
      expect(report.untimed).toContain(why)
      expect(report.calls.map(({ about }) => about)).toEqual(["step, one sample"])
      for (const { known, cycles } of [...report.calls, ...report.layers])
        expect([known, cycles! > 0]).toEqual(["about", true])
      expect([report.flash, report.ram]).toEqual([exact.flash, exact.ram])
    },
    MS_MAX,
  )

for (const [board, target] of Object.entries(BOARDS))
  test(
    `an estimate of cycles is within a factor of 2 of what is modelled: ${board}`,
    async (context) => {
      requireOrSkip(context, TARGETS[target].missing())
      for (const module of [
        ...Object.values(modules),
        ...(await Promise.all(NETS.map((net) => exportedProgram(net, {})))),
      ]) {
        const sources = sourcesOf(module, emitChip(module.program))
        const { calls } = await reportOn(module, sources, boardNamed(board))
        for (const [i, { cycles, about }] of estimatedCycles(module, sources, boardNamed(board)).calls.entries()) {
          if (calls[i]!.cycles < 1000) continue
          const ratio = cycles / calls[i]!.cycles
          expect(ratio, `${module.name} ${about}`).toBeGreaterThan(0.5)
          expect(ratio, `${module.name} ${about}`).toBeLessThan(2)
        }
      }
    },
    MS_MAX,
  )
