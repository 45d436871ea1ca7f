import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { interpreterEngine } from "@open-brains/core/engine/interpreter.ts"
import { wasmEngine } from "@open-brains/core/engine/wasm.ts"
import type { Program } from "@open-brains/core/ir/program.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { missingProgram, repository, requireOrSkip } from "../../../../scripts/testing.ts"
import { memorySize } from "../scribe/memory.ts"
import { openScribe } from "../scribe/open.ts"
import { brain } from "../testing/command.ts"
import { exportedProgram } from "./program.ts"
import type { Report } from "./report.ts"
import { buildExample } from "./testing/arduino.ts"
import { saidOn } from "./testing/talk.ts"

const MS_MAX = 120_000
const SCRIBE = join(repository, "modules/scribe-mega")
const NAME = "scribe_mega"
/** As it comes, and as one of 16 KB, which has other experts. */
const MEMORIES = ["4KB", "16KB"] as const
/** Of each byte what it cost in 1/256 bit, the likeliest next one and how likely that is; a byte that is not learnt after a line that begins with ?. */
const SAYING = `#include "${NAME}.h"
#include "lines.h"
int main(void) {
  static char line[300];
  lines_begin();
  ${NAME}_begin();
  while (lines_next(line, sizeof line - 1)) {
    const char *at = line;
    for (;;) {
      const uint8_t byte = *at == 0 ? '\\n' : (uint8_t)*at;
      lines_number(line[0] == '?' ? ${NAME}_read(byte) : ${NAME}_learn(byte));
      lines_say(" ");
      lines_number(${NAME}_next());
      lines_say(" ");
      lines_number(${NAME}_likelihood());
      lines_say(" ");
      if (*at++ == 0) break;
    }
    lines_say("\\n");
  }
  return 0;
}
`
const LINES = readFileSync(join(repository, "modules/scribe/README.md"), "utf8")
  .slice(0, 1000)
  .split("\n")
  .flatMap((line) => line.match(/.{1,250}/gs) ?? [""])
const ASKED = ["the cat", "?the"]
/** More than a second of the board's time to learn. */
const LONG = "the cat sat on the mat;"

let folder: string
let own: Program
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "brain-scribe-board-"))
  writeFileSync(join(folder, "saying.c"), SAYING)
  own = (await exportedProgram(SCRIBE, {})).program
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The same lines of numbers by an engine of a PC. */
function expected(lines: readonly string[], program = own, engine = wasmEngine): readonly string[] {
  const { memory, run, entries } = engine.instantiate(program)
  entries["reset"]!()
  return lines.map((line) =>
    [...new TextEncoder().encode(`${line}\n`)]
      .flatMap((byte) => {
        memory["byte"]![0] = byte
        memory["frozen"]![0] = line.startsWith("?") ? 1 : 0
        run()
        entries["foresee"]!()
        return [memory["cost"]![0], memory["likeliest"]![0], memory["likelihood"]![0]]
      })
      .join(" "),
  )
}
const linesOf = (text: string): readonly string[] =>
  text
    .trimEnd()
    .split(/ *\r?\n/)
    .map((line) => line.trimEnd())

async function exported(...words: readonly string[]): Promise<Report> {
  const { code, out, err } = await brain(["export", SCRIBE, "--board", "mega", ...words, "--json"])
  expect([code, err]).toEqual([0, ""])
  return JSON.parse(out) as Report
}

test.for(MEMORIES)(
  "in C a scribe of %s says of a thousand bytes to the bit what it says on a PC",
  { timeout: MS_MAX },
  async (memory, context) => {
    requireOrSkip(context, missingProgram("make", "cc"))
    const path = join(folder, `c-${memory}`)
    await exported("--to", "c", "--output", path, "--board", "esp32s3", "--memory", memory) // the same files for each, and none is measured for this one
    expect(spawnSync("make", ["-C", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
    writeFileSync(join(path, "main.c"), SAYING)
    expect(spawnSync("make", ["-C", path], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" })
    const say = (lines: readonly string[]): readonly string[] =>
      linesOf(
        spawnSync(join(path, NAME), { input: lines.map((each) => `${each}\n`).join(""), encoding: "utf8" }).stdout,
      )
    const memoryBytes = memorySize(memory)
    const { program } = await exportedProgram(SCRIBE, { memoryBytes })
    const wanted = expected(LINES, program)
    expect(say(LINES)).toEqual(wanted)
    if (memory === "4KB") expect(say(ASKED)).toEqual(expected(ASKED, program, interpreterEngine))
    // And the scribe itself, as `brain teach` opens it.
    const text = new TextEncoder().encode(LINES.map((line) => `${line}\n`).join(""))
    const { predictor } = await openScribe(SCRIBE, { engine: wasmEngine, memoryBytes })
    const each = new Float64Array(text.length)
    predictor.read(text, { learns: true, each })
    const numbers = wanted.flatMap((line) => line.split(" ").map(Number))
    expect(text.length).toBeGreaterThan(990)
    for (const [i, bits] of each.entries()) expect(Math.abs(numbers[3 * i]! / 256 - bits)).toBeLessThan(0.01)
    const chances = predictor.distribution()
    expect(chances[numbers.at(-2)!]).toBe(Math.max(...chances))
  },
)

test(
  "the virtual Mega says the same numbers, and what was learnt costs less",
  async (context) => {
    requireOrSkip(context, missingProgram("avr-gcc"))
    const flashed = async (lines: readonly string[], ...words: readonly string[]) => {
      const { code, out } = await brain(["flash", SCRIBE, "--virtual", "mega", "--cycles", "--json", ...words], {
        input: lines.map((line) => `${line}\n`).join(""),
      })
      expect(code).toBe(0)
      return JSON.parse(out) as { readonly output: string; readonly answers: readonly { readonly cycles: number }[] }
    }
    const said = await flashed(ASKED, "--main", join(folder, "saying.c"))
    expect(linesOf(said.output)).toEqual(expected(ASKED))
    const { output, answers } = await flashed([LONG, LONG])
    const bits = [...output.matchAll(/^(\d+\.\d\d) bits a byte, next .+ \(\d+ %\)$/gm)].map(([, number]) =>
      Number(number),
    )
    const sums = expected([LONG, LONG]).map((line) =>
      line.split(" ").reduce((sum, number, i) => sum + (i % 3 === 0 ? Number(number) : 0), 0),
    )
    expect(bits).toEqual(sums.map((sum) => Number((Math.round(sum / (LONG.length + 1) / 2.56) / 100).toFixed(2))))
    expect(bits[1]!).toBeLessThan(bits[0]! / 2)
    expect(answers.every(({ cycles }) => cycles > 16e6)).toBe(true)
  },
  MS_MAX,
)

test(
  "the library compiles for the Mega without a warning, takes what the report says, and its example learns",
  async (context) => {
    requireOrSkip(context, missingProgram("arduino-builder", "avr-gcc"))
    const place = join(folder, "arduino")
    mkdirSync(place)
    const zip = join(place, `${NAME}.zip`)
    const { flash, ram, calls, layers, fits } = await exported("--to", "arduino", "--output", zip)
    expect([fits, ram.isStackProved]).toEqual([true, true])
    expect(calls.map(({ about }) => about)).toEqual([
      "to forget all, and begin",
      "a byte that it learns",
      "a byte that it reads and does not learn",
      "the likeliest next byte, mean of 16",
    ])
    // What a byte takes is what its layers take, within a tenth: the mean of several bytes, and one.
    const body = layers.slice(0, -2).reduce((sum, { cycles }) => sum + cycles!, 0)
    expect(Math.abs(body / calls[1]!.cycles - 1)).toBeLessThan(0.1)
    const built = buildExample(place, zip, NAME, "Learn", "mega")
    expect(built.status, built.stderr).toBe(0)
    expect(built.warnings).toEqual([])
    expect(Math.abs(flash.bytes + flash.sketchBytes! - built.flashBytes)).toBeLessThan(500)
    expect(Math.abs(ram.bytes + ram.sketchBytes! - built.ramBytes)).toBeLessThan(100)
    const said = saidOn("mega", built.hex(), ["the cat sat", "the cat sat"])
    const bits = expected(["the cat sat", "the cat sat"]).map((line) =>
      line.split(" ").reduce((sum, number, i) => sum + (i % 3 === 0 ? Number(number) : 0), 0),
    )
    expect(said).toEqual(bits.map((sum) => `${Math.floor(sum / 256)} bits; next: t`))
  },
  MS_MAX,
)
