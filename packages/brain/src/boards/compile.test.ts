import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { expect, onTestFinished, test, vi } from "vitest"
import { requireOrSkip } from "../../../../scripts/testing.ts"
import { CHIPS, type Chip, compileForChip, compilerFolders, findChipCompiler, requireChipCompiler } from "./compile.ts"

function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "boards-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
/** A program in a folder, and the path of it. */
function program(folder: string, name: string): string {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), "#!/bin/sh\n")
  chmodSync(join(folder, name), 0o755)
  return join(folder, name)
}
const missing = (chip: Chip): string | undefined =>
  findChipCompiler(chip) === undefined ? `${CHIPS[chip].compiler} is not installed` : undefined

test("OB848: a compiler that is nowhere is refused with the packages that have it, one on the PATH is taken", () => {
  const home = testFolder()
  const places = { environment: {}, home, platform: "linux" }
  expect(() => requireChipCompiler("cortex-m0", places)).toThrow(/^error\[OB848\]: .*arm-none-eabi-gcc/)
  expect(() => requireChipCompiler("cortex-m0", places)).toThrow("gcc-arm-none-eabi libnewlib-arm-none-eabi")
  const path = program(join(home, "bin"), "arm-none-eabi-gcc")
  mkdirSync(join(home, "decoy", "arm-none-eabi-gcc"), { recursive: true }) // a folder of that name is none
  const environment = { PATH: ["", join(home, "decoy"), join(home, "bin")].join(delimiter) }
  expect(requireChipCompiler("cortex-m0", { ...places, environment })).toBe(path)
})

test.each([
  ["linux", ".arduino15", "avr-gcc"],
  ["darwin", "Library/Arduino15", "avr-gcc"],
  ["win32", "AppData/Local/Arduino15", "avr-gcc.exe"],
])("what the Arduino IDE installed is found on %s, the newest of its versions first", (platform, root, name) => {
  const home = testFolder()
  const of = (version: string): string => join(home, root, "packages/arduino/tools/avr-gcc", version, "bin")
  program(of("5.4.0-atmel3.6.1-arduino2"), name)
  const newest = program(of("11.2.0-arduino1"), name)
  program(of("7.3.0-atmel3.6.1-arduino7"), name)
  expect(findChipCompiler("atmega328p", { environment: {}, home, platform })).toBe(newest)
})

test("the PATH comes first, and the first Arduino IDE's own folders last", () => {
  const environment = { PATH: "/one", "ProgramFiles(x86)": "C:/Programs" }
  const folders = compilerFolders("avr-gcc", { environment, home: "/nobody", platform: "win32" })
  expect(folders).toEqual(["/one", join("C:/Programs", "Arduino/hardware/tools/avr/bin")])
})

const MAIN = "int main(void) { return 0; }\n"
test("OB849: a file that is no C is refused with what the compiler said, a good one is not", async (context) => {
  requireOrSkip(context, missing("atmega328p"))
  const folder = testFolder()
  const [source, output] = [join(folder, "a.c"), join(folder, "a.elf")]
  const compile = (text: string): Promise<string> => {
    writeFileSync(source, text)
    return compileForChip({ chip: "atmega328p", sources: [source], output })
  }
  await expect(compile(MAIN.replace("0;", "0"))).rejects.toThrow(/^error\[OB849\][\s\S]*a\.c:1:[\s\S]*expected/)
  expect(await compile(MAIN)).toBe("")
})

test("OB850: what does not fit is refused, and fits into a bigger chip", async (context) => {
  requireOrSkip(context, missing("atmega328p"))
  const folder = testFolder()
  const [source, output] = [join(folder, "a.c"), join(folder, "a.elf")]
  const table = (name: string): string => `const unsigned char ${name}[24000] PROGMEM = {1};\n`
  const read = MAIN.replace("0;", "pgm_read_byte(a + n) + pgm_read_byte(b + n);")
  writeFileSync(source, `#include <avr/pgmspace.h>\n${table("a")}${table("b")}volatile unsigned n;\n${read}`)
  await expect(compileForChip({ chip: "atmega328p", sources: [source], output })).rejects.toThrow("error[OB850]")
  expect(await compileForChip({ chip: "atmega2560", sources: [source], output })).toBe("")
})

for (const chip of Object.keys(CHIPS) as Chip[])
  test(`${chip}: an object is compiled`, async (context) => {
    requireOrSkip(context, missing(chip))
    const folder = testFolder()
    writeFileSync(join(folder, "a.c"), "#include <stdint.h>\nint32_t f(int32_t x) { return x / 3; }\n")
    const compilation = { chip, sources: [join(folder, "a.c")], output: join(folder, "a.o"), flags: ["-c"] }
    expect(await compileForChip(compilation)).toBe("")
  })

test("OB849: a compiler that cannot be started", async () => {
  const folder = testFolder()
  writeFileSync(join(folder, "avr-gcc"), "#!/nowhere/at/all\n", { mode: 0o755 })
  vi.stubEnv("PATH", folder)
  onTestFinished(() => void vi.unstubAllEnvs())
  const compilation = { chip: "atmega328p", sources: ["a.c"], output: "a.o" } as const
  await expect(compileForChip(compilation)).rejects.toThrow(/^error\[OB849\][\s\S]*did not run/)
})
