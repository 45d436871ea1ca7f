import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { emitChip } from "@open-brains/core/emit/c99/chip/emit.ts"
import * as op from "@open-brains/core/graph/operations.ts"
import { beforeAll, expect, test, vi } from "vitest"
import { brain, temporary } from "../testing/command.ts"
import { teachDesk } from "../testing/lesson.ts"
import { BOARDS, type Board, boardNamed } from "./boards.ts"
import { facadeOf } from "./facade.ts"
import { libraryFiles } from "./library.ts"
import { netProgram } from "./net_program.ts"
import { type ExportedClassifier, exportedProgram } from "./program.ts"
import { refuseUnfit, reportLines, reportOn } from "./report.ts"
import { sourcesOf } from "./sources.ts"
import { writeSums } from "./testing/net.ts"

const plain = (_: unknown, text: string): string => text
const uno = boardNamed("uno")
vi.mock("./compile.ts", async (original) => ({
  ...(await original<typeof import("./compile.ts")>()),
  findChipCompiler: () => undefined,
}))
let folder: string
let desk: ExportedClassifier
beforeAll(async () => {
  const { mkdtempSync } = await import("node:fs")
  const { tmpdir } = await import("node:os")
  folder = mkdtempSync(join(tmpdir(), "brain-report-"))
  await teachDesk(folder)
  writeSums(join(folder, "sums"))
  desk = (await exportedProgram(join(folder, "desk"), { textBytes: 64 })) as ExportedClassifier
})

test("without a compiler every figure says that it is about so much", async () => {
  const report = await reportOn(desk, sourcesOf(desk, emitChip(desk.program)), uno)
  expect([report.flash.known, report.ram.known, report.calls[0]!.known, report.fits]).toEqual([
    ...["about", "about", "about", true],
  ])
  const lines = reportLines(report, uno, plain).filter((line) => /^ {2}(?:flash|RAM|time) /.test(line))
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toContain("about")
})

for (const board of BOARDS)
  test(`every board has cycles and milliseconds, an answer and a layer each: ${board.name}`, async () => {
    const sources = sourcesOf(desk, emitChip(desk.program))
    const { calls, layers } = await reportOn(desk, sources, board)
    expect(layers).toHaveLength(sources.chip.layers.length)
    for (const { cycles, ms, known } of [...calls, ...layers]) {
      expect(cycles).toBeGreaterThan(0)
      expect(ms).toBe(cycles! / (1000 * board.mhz))
      expect(known).toBe("about")
    }
    const sum = layers.reduce((all, { cycles }) => all + cycles!, 0)
    expect(Math.abs(sum - calls[0]!.cycles)).toBeLessThanOrEqual(layers.length) // rounded each
  })

test("what a figure is worth stands beside it", async () => {
  const sources = sourcesOf(desk, emitChip(desk.program))
  const report = await reportOn(desk, sources, uno)
  for (const [known, word] of [
    ["about", "about "],
    ["modelled", "modelled "],
    ["exact", ""],
  ] as const) {
    const as = <T>(rows: readonly T[]) => rows.map((row) => ({ ...row, known, cycles: 1234567, ms: 1.5 }))
    const untimed = known === "about" ? { untimed: "qemu-system-arm is not installed" } : {}
    const lines = reportLines({ ...report, calls: as(report.calls), layers: as(report.layers), ...untimed }, uno, plain)
    const ms = known === "about" ? "about 1.50 ms" : "1.50 ms"
    expect(lines).toContain(`  time   ${word}1,234,567 cycles, ${ms}: ${report.calls[0]!.about}`)
    expect(lines.find((line) => line.startsWith("  step "))).toMatch(new RegExp(` flash +${word}cycles +ms$`))
    expect(lines.some((line) => line === "         not counted: qemu-system-arm is not installed")).toBe(
      known === "about",
    )
  }
})

test("an estimate of memory is the memory that C declares", async () => {
  const sources = sourcesOf(desk, emitChip(desk.program))
  const { ram } = await reportOn(desk, sources, uno)
  const text = Object.values(sources.files).join("\n")
  expect(ram.bytes).toBe(sources.chip.ramBytes + facadeOf(desk).ramBytes)
  expect(text).toContain(`static char said[${facadeOf(desk).ramBytes}]`)
})

test("what does not fit says by how much, and what would", async () => {
  const sources = sourcesOf(desk, emitChip(desk.program))
  const report = await reportOn(desk, sources, uno)
  const needed = report.flash.bytes + uno.core!.flashBytes
  const small = (flashBytes: number, ramBytes: number): Board => ({ ...uno, flashBytes, ramBytes })
  const on = async (board: Board): Promise<string> => {
    try {
      refuseUnfit(await reportOn(desk, sources, board), board)
      return "fits"
    } catch (error) {
      return (error as Error).message
    }
  }
  expect(await on(small(needed, 2048))).toBe("fits")
  const flash = await on(small(needed - 1000, 2048))
  expect(flash).toContain("error[OB853]: `desk` needs 1 KB more flash than an Arduino Uno has.")
  expect(flash).toContain(`or teach it with --max-size ${Math.floor((desk.weightBytes - 1000) / 1000)}KB`)
  const ram = report.ram.bytes + uno.core!.ramBytes + uno.core!.stackBytes + 66 + 100
  expect(await on(small(needed, ram))).toBe("fits")
  expect(await on(small(needed, ram - 20))).toContain("needs 20 bytes more RAM than an Arduino Uno has")
  expect(await on(small(needed, ram - 20))).toContain("or let it read less: --text-bytes 54")
})

test("a name like a header, a label full of C and a text beyond the buffer do no harm", () => {
  const { source, header, ramBytes } = facadeOf({
    ...desk,
    labels: ['"; int x = "', "über\0", "*/ c"],
    about: "*/ int y;",
  })
  expect(source).toContain('"\\"; int x = \\"\\000"')
  expect(source).toContain('"\\303\\274ber\\000\\000"')
  expect(header.startsWith("/* * / int y;\n")).toBe(true)
  expect(ramBytes).toBe(13)
})

test("a net of integers is exported with its ports, its state and where that begins", async () => {
  const module = await exportedProgram(join(folder, "sums"), {})
  const sources = sourcesOf(module, emitChip(module.program))
  expect(sources.files["sums.h"]).toContain(
    " *   fill before: sample, int8_t sums_step_sample[1*4], rows one after another",
  )
  expect(sources.files["sums.h"]).toContain("void sums_reset(void);")
  expect(Object.keys(module.program.entries ?? {}).sort()).toEqual(["peek", "reset", "step"])
  const sketch = libraryFiles(module, sources, [])["sums/examples/Run/Run.ino"]!
  const [setup, loop] = sketch.split("void loop()")
  expect([setup!.includes("sums_reset();"), loop!.includes("sums_step();"), loop!.includes("sums_peek();")]).toEqual([
    ...[true, true, true],
  ])
})

test("OB855: a state that C would call as it calls a function is refused, and one called reset is not", () => {
  const named = (state: string, name = "sums") => {
    const total = op.weight(state, "i32", [1, 3])
    const value = op.add(total, op.input("more", "i32", [1, 3]))
    const at = () => ({ step: { outputs: { now: value }, updates: [{ weight: total, value }] } })
    const begin = { dtype: "i32", shape: [1, 3], data: Int32Array.of(1, 2, 3) } as const
    return netProgram(name, { maxima: {}, state: { [state]: 1 }, at }, { [state]: begin })
  }
  for (const state of ["step", "run", "step_0"]) expect(() => named(state)).toThrow("error[OB855]: In C two things")
  expect(() => named("RAM_BYTES", "S")).toThrow("S_RAM_BYTES")
  expect(() => named("t", "uint8")).toThrow("uint8_t")
  expect(named("reset").reset).toBe("reset_1")
})

test("an export is written again in its place, and never over something else", async () => {
  const place = temporary()
  const run = (output: string) => brain(["export", join(folder, "desk"), "--to", "c", "--output", join(place, output)])
  expect(await run("mine")).toMatchObject({ code: 0, err: "" })
  expect(await run("mine")).toMatchObject({ code: 0, err: "" })
  mkdirSync(join(place, "other"))
  writeFileSync(join(place, "other", "notes.txt"), "")
  expect((await run("other")).err).toContain("error[OB859]")
  expect((await run("mine/README.md")).err).toContain("error[OB859]")
})

test("--json gives the report as data, and --force writes what does not fit", async () => {
  const output = join(temporary(), "x.zip")
  const words = [
    "export",
    join(folder, "desk"),
    "--to",
    "arduino",
    "--text-bytes",
    "1000",
    "--output",
    output,
    "--json",
  ]
  const refused = await brain(words)
  expect(JSON.parse(refused.out)).toMatchObject({ problems: [{ code: "OB853" }] })
  const { code, out } = await brain([...words, "--force"])
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ output, name: "desk", fits: false, textBytes: 1000, ram: { known: "about" } })
})
